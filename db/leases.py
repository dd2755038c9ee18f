"""Keeps the leases of running jobs alive, whatever the work does to its own thread."""

import asyncio
import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

import asyncpg
from sqlalchemy.engine import URL, make_url

from configs.sections import JobSettings
from db.engine import is_database_down
from db.job import Job
from db.queue_sql import CHANNEL

log = logging.getLogger(__name__)

RENEW = """
    UPDATE jobs SET lease_until = statement_timestamp() + make_interval(secs => $3)
    FROM unnest($1::bigint[], $2::uuid[]) AS held (job_id, lease_token)
    WHERE jobs.job_id = held.job_id AND jobs.lease_token = held.lease_token AND state = 'running'
    RETURNING jobs.lease_token
"""
RETRY_S = 2.0
"""Between attempts to reach a database that is down; a lease bears dozens of them."""
COMMAND_S = 10.0
"""Longest wait for the server's answer before the connection counts as dead."""


@dataclass(frozen=True, slots=True)
class _Held:
    job: Job
    until: float
    """Monotonic seconds; past it the job is not renewed any more."""


class LeaseRenewer:
    """Renews every registered lease each `renew_s`, by the database's clock, up to each job's own time limit.

    It has its own thread, event loop and single connection, so neither a blocked worker loop nor a pool used up by
    work delays it. The connection also listens for new jobs. A database that is down is asked again until it is back.
    """

    def __init__(self, url: URL | str, settings: JobSettings) -> None:
        self._dsn = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
        self._settings = settings
        self._held: dict[UUID, _Held] = {}
        self._lost: set[UUID] = set()
        self._guard = threading.Lock()
        self._loop = asyncio.new_event_loop()
        self._is_stopping = False
        self._wake = asyncio.Event()
        self._on_hint: Callable[[str], None] | None = None
        self._thread: threading.Thread | None = None

    def start(self, on_hint: Callable[[str], None] | None = None) -> None:
        """Starts the thread.

        `on_hint` is called with a stage's name when jobs of it were queued. Where `start` is called inside a running
        event loop, that loop calls it, else the thread does.
        """
        self._on_hint = _on_current_loop(on_hint)
        self._thread = threading.Thread(target=self._run, name="lease-renewer", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Ends the thread and its connection; blocks until both are gone."""
        if self._thread is None:
            self._loop.close()
            return
        if self._thread.is_alive():
            self._is_stopping = True
            self._loop.call_soon_threadsafe(self._wake.set)
            self._thread.join()
        self._thread = None

    def register(self, job: Job, timeout_s: float) -> None:
        """Renews the job's lease from now on, for at most `timeout_s`."""
        with self._guard:
            self._held[job.lease_token] = _Held(job, time.monotonic() + timeout_s)

    def unregister(self, job: Job) -> None:
        """The job has ended. Unknown jobs are ignored."""
        with self._guard:
            self._held.pop(job.lease_token, None)
            self._lost.discard(job.lease_token)

    def _run(self) -> None:
        try:
            self._loop.run_until_complete(self._serve())
        finally:
            self._loop.close()

    async def _serve(self) -> None:
        while not self._is_stopping:
            try:
                await self._renew_while_connected()
            except Exception as error:
                level = logging.WARNING if is_database_down(error) else logging.ERROR
                log.log(level, "lease_renewal_waits", extra={"reason": f"{type(error).__name__}: {error}"})
                await self._sleep(min(RETRY_S, self._settings.renew_s))

    async def _renew_while_connected(self) -> None:
        """Returns when told to stop. Raises where the connection fails or ends."""
        names = {"application_name": "salescontrol-leases"}
        connection = await asyncpg.connect(
            self._dsn, timeout=COMMAND_S, command_timeout=COMMAND_S, server_settings=names
        )
        try:
            connection.add_termination_listener(lambda _: self._wake.set())
            await connection.add_listener(CHANNEL, self._hear)
            while not self._is_stopping:
                if connection.is_closed():
                    raise ConnectionError("the server closed the connection")
                await self._renew(connection)
                await self._sleep(self._settings.renew_s)
        finally:
            await connection.close(timeout=COMMAND_S)

    async def _renew(self, connection: "asyncpg.Connection[asyncpg.Record]") -> None:
        held = self._due()
        if not held:
            return
        job_ids, tokens = [one.job.job_id for one in held], [one.job.lease_token for one in held]
        rows = await connection.fetch(RENEW, job_ids, tokens, self._settings.lease_s)
        renewed = {row["lease_token"] for row in rows}
        for one in held:
            if one.job.lease_token not in renewed:
                self._report_lost(one.job)

    def _due(self) -> list[_Held]:
        now = time.monotonic()
        with self._guard:
            self._held = {token: one for token, one in self._held.items() if one.until > now}
            return [one for token, one in self._held.items() if token not in self._lost]

    def _report_lost(self, job: Job) -> None:
        with self._guard:
            if job.lease_token not in self._held:
                return  # it ended while we asked
            self._lost.add(job.lease_token)
        log.warning("lease_lost", extra={"job_id": job.job_id, "stage": job.stage})

    def _hear(self, _connection: object, _pid: int, _channel: str, stage: object) -> None:
        if self._on_hint is not None:
            self._on_hint(str(stage))

    async def _sleep(self, seconds: float) -> None:
        """Less where we are told to stop, or the connection ends."""
        self._wake.clear()
        if self._is_stopping:
            return
        try:
            await asyncio.wait_for(self._wake.wait(), seconds)
        except TimeoutError:
            return


def _on_current_loop(call: Callable[[str], None] | None) -> Callable[[str], None] | None:
    """The same call, made by the event loop that runs here now, where one does."""
    try:
        loop = asyncio.get_running_loop()
    except RuntimeError:
        return call
    if call is None:
        return None

    def hand_over(stage: str) -> None:
        loop.call_soon_threadsafe(call, stage)

    return hand_over
