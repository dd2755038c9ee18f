"""The agent: its parts put together, started, watched and ended."""

import fcntl
import logging
import os
import random
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from recorder import __version__
from recorder.capture.capture import Capture, Captured, CaptureSpec
from recorder.capture.capture_loop import CaptureLoop
from recorder.capture.doubt import Doubts
from recorder.chunk import Identity
from recorder.config.config import RecorderConfig
from recorder.health.agent_health import HealthPage, Parts
from recorder.health.health_server import HealthServer
from recorder.ledger.ledger import Ledger, LedgerError
from recorder.microphone import microphone
from recorder.microphone.microphone import Microphone
from recorder.service.notify import Loop, Notifier, Watchdog
from recorder.spool.housekeeping import Housekeeping
from recorder.spool.janitor import Janitor
from recorder.spool.retention import Limits
from recorder.spool.spool import Spool, SpoolError
from recorder.spool.spool_files import Folders
from recorder.steps import from_environment
from recorder.timing.clock import Clock, SystemClock
from recorder.timing.pause import FILE_NAME as PAUSE
from recorder.timing.pause import PauseStore
from recorder.timing.schedule import Schedule
from recorder.timing.timekeeping import TimeKeeper
from recorder.upload.api_client import ApiClient
from recorder.upload.credentials import Credentials, CredentialStore
from recorder.upload.heartbeat import Heartbeat
from recorder.upload.retry import Backoff
from recorder.upload.upload_policy import UploadPolicy
from recorder.upload.uploader import Uploader

log = logging.getLogger(__name__)

_MAIN, _UPLOAD, _HEARTBEAT = Loop("capture", 45.0), Loop("upload", 1020.0), Loop("heartbeat", 300.0)
"""The capture loop's longest step is to stop an ffmpeg that does not answer; an upload over a slow line, 15 minutes."""
_TRY_AGAIN_S = 15.0
_JOIN_S = 4.0
_GB, _MB = 1_000_000_000, 1_000_000
_LOCK = "agent.lock"


class AlreadyRunning(Exception):
    """Another agent works with this spool."""


def run(config: RecorderConfig, notifier: Notifier) -> int:
    """Until SIGTERM or SIGINT. Returns the exit status: 0, or 1 where the service should be started anew.

    A spool that cannot be used does not end the agent: it says so in health and in the log, and tries again.
    """
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    page = HealthPage(config)
    server = HealthServer(config.health_port, page)
    server.start()
    try:
        while not stop.is_set():
            try:
                with _only_one(config.spool_dir):
                    return Agent(config, notifier, page, stop).run()
            except (SpoolError, LedgerError, OSError) as error:
                log.error("spool_unusable", extra={"reason": str(error)})
                page.say_unusable(str(error))
                notifier.ready()
                notifier.status(str(error))
                _wait_fed(stop, notifier)
            except AlreadyRunning as error:
                log.error("already_running", extra={"reason": str(error)})
                return 1
        return 0
    finally:
        notifier.stopping()
        server.stop()


class Agent:
    """A usable spool and everything that works with it. Making it raises SpoolError, LedgerError and OSError."""

    def __init__(self, config: RecorderConfig, notifier: Notifier, page: HealthPage, stop: threading.Event) -> None:
        self._stop, self._page, self._notifier = stop, page, notifier
        self._clock: Clock = SystemClock()
        self._reached = from_environment()
        self._config = config
        self._identity = Identity(config.point_id, config.register_id, config.device_id)
        self._schedule = Schedule.from_config(config)
        folders = Folders(config.spool_dir)
        folders.make()
        self._ledger = Ledger(folders.ledger, self._clock, self._reached)
        self._keeper = TimeKeeper(self._clock, self._ledger)
        self._spool = Spool(config.spool_dir, self._ledger, self._clock, self._reached)
        self._credentials = CredentialStore(
            config.spool_dir / "credentials", Credentials(self._identity, config.ingest_base_url, config.ingest_token)
        )
        self._uploader = self._make_uploader()
        self._heartbeat = self._make_heartbeat()
        self._loop = self._make_capture_loop()
        self._housekeeping = Housekeeping(self._make_janitor(), self._ledger, self._keeper, self._credentials)
        self._watchdog = Watchdog((_MAIN, _UPLOAD, _HEARTBEAT), notifier, self._clock)
        self._status = 0

    def run(self) -> int:
        """Until told to stop, or until a part breaks: 1 then."""
        with closing(self._ledger):
            self._prepare()
            self._work()
        log.info("stopped", extra={"status": self._status})
        return self._status

    def _prepare(self) -> None:
        self._loop.begin()
        self._credentials.remember_current()
        parts = Parts(self._loop, self._keeper, self._ledger, self._spool, self._uploader, self._schedule)
        self._page.attach(parts)

    def _work(self) -> None:
        threads = [
            self._thread("upload", lambda: self._uploader.run(lambda: self._watchdog.stamp(_UPLOAD.name))),
            self._thread("heartbeat", lambda: self._heartbeat.run(lambda: self._watchdog.stamp(_HEARTBEAT.name))),
            self._thread("housekeeping", self._housekeeping.run),
        ]
        for thread in threads:
            thread.start()
        self._watchdog.start()
        log.info("started", extra={"version": __version__, "device_id": self._config.device_id})
        try:
            self._record()
        finally:
            self._notifier.stopping()
            self._loop.finish()
            self._heartbeat.stop()
            self._housekeeping.stop()
            for thread in threads[1:]:
                thread.join(_JOIN_S)
            self._uploader.stop()
            threads[0].join(_JOIN_S)
            self._watchdog.stop()

    def _record(self) -> None:
        is_ready = False
        while not self._stop.is_set():
            self._keeper.poll()
            self._loop.step()
            self._watchdog.stamp(_MAIN.name)
            if not is_ready:
                self._notifier.ready()
                is_ready = True
            self._stop.wait(self._loop.wait_s())

    def _thread(self, name: str, work: Callable[[], None]) -> threading.Thread:
        """One that ends the agent if it breaks: systemd starts a new one, which mends what can be mended."""

        def run() -> None:
            try:
                work()
            except BaseException:
                log.critical("part_broke", extra={"part": name}, exc_info=True)
                self._status = 1
                self._stop.set()

        return threading.Thread(target=run, name=name, daemon=True)

    def _make_uploader(self) -> Uploader:
        config = self._config
        policy = UploadPolicy(Backoff(config.retry_min_s, config.retry_max_s), config.chunk_seconds, random.random)
        return Uploader(
            self._spool,
            self._ledger,
            self._keeper,
            self._make_client(config.max_upload_kbps),
            self._credentials,
            policy,
            self._clock,
            may_send=Doubts(self._ledger, self._spool, self._schedule).may_send,
            reached=self._reached,
        )

    def _make_heartbeat(self) -> Heartbeat:
        return Heartbeat(
            self._ledger,
            self._keeper,
            self._make_client(None),
            self._credentials.current,
            self._schedule,
            self._clock,
            version=__version__,
            health=self._page,
            recording_from_ms=self._recording_from_ms,
            chance=random.random,
        )

    def _make_client(self, max_kbps: int | None) -> ApiClient:
        return ApiClient(self._clock, version=__version__, ca_file=self._config.ca_file, max_upload_kbps=max_kbps)

    def _make_janitor(self) -> Janitor:
        config = self._config
        limits = Limits(config.max_spool_days, int(config.max_spool_gb * _GB), config.min_free_mb * _MB)
        return Janitor(self._spool, self._ledger, limits, self._keeper.now_ms)

    def _make_capture_loop(self) -> CaptureLoop:
        return CaptureLoop(
            clock=self._clock,
            keeper=self._keeper,
            schedule=self._schedule,
            pauses=PauseStore(self._config.spool_dir / PAUSE),
            ledger=self._ledger,
            spool=self._spool,
            find_microphone=self._find_microphone,
            open_capture=self._open_capture,
            on_chunk=self._on_chunk,
            on_change=self._on_change,
            on_doubt=Doubts(self._ledger, self._spool, self._schedule).note,
        )

    def _on_chunk(self) -> None:
        self._uploader.wake()
        self._housekeeping.look()

    def _on_change(self) -> None:
        now = self._loop.now
        self._notifier.status(f"{now.condition}: {now.detail}" if now.detail else now.condition)
        self._heartbeat.soon()
        self._housekeeping.look()

    def _find_microphone(self) -> Microphone:
        found = microphone.find_free(self._config.audio_device, self._ledger.recall(microphone.MEMORY))
        self._ledger.remember(microphone.MEMORY, found.memory)
        return found

    def _open_capture(self, found: Microphone, on_chunk: Callable[[Captured], None]) -> Capture:
        config = self._config
        spec = CaptureSpec(
            found.pcm, config.sample_rate, config.chunk_seconds, config.opus_bitrate_kbps, self._identity
        )
        return Capture(spec, self._spool.folders.recording, self._clock, on_chunk, self._reached)

    def _recording_from_ms(self) -> int | None:
        boot_ms = self._loop.now.unfinished_from_boot_ms
        return None if boot_ms is None else self._keeper.now_ms() - (self._clock.boot_ms() - boot_ms)


@contextmanager
def _only_one(spool_dir: Path) -> Iterator[None]:
    """Raises AlreadyRunning; OSError where the spool cannot be made."""
    spool_dir.mkdir(parents=True, exist_ok=True)
    lock = os.open(spool_dir / _LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o640)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError:
        raise AlreadyRunning(f"another recorder-agent works with {spool_dir}; stop it first") from None
    finally:
        os.close(lock)


def _wait_fed(stop: threading.Event, notifier: Notifier) -> None:
    """Rests before the next try; systemd's watchdog is content meanwhile."""
    notifier.watchdog()
    stop.wait(_TRY_AGAIN_S)
