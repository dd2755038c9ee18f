"""One minute of speech on a device of its own, undisturbed or with something killed on its way; and what is left."""

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import httpx
import psutil

from cluster import ray_head
from cluster.serving import ServeApi
from cluster.steps import Step
from tests.e2e.system import ROOT, System, wait_until

CHUNK = ROOT / "samples" / "shop_day" / "chunks" / "dev_en_20260302T091600Z.ogg"
START = datetime.fromisoformat("2026-03-02T09:16:00+00:00")
SETTLE_S = 150
DELIVER_S = 600
"""Longer than whatever was killed takes to come back on a busy machine: a recorder goes on for days."""
COMPARABLE = {"SALESCONTROL_ASR__FAST__PACK": "false"}
"""Packed windows hold whoever waits, so words may differ with the neighbours; unpacked, they are equal to the byte."""
LEFT_OVER = """
    SELECT (SELECT count(*) FROM audio_chunks WHERE device_id = $1) AS chunks,
           (SELECT count(*) FROM speech_segments WHERE device_id = $1) AS segments,
           (SELECT count(*) FROM dialogues WHERE device_id = $1) AS dialogues,
           (SELECT count(*) FROM dialogue_segments s JOIN dialogues USING (dialogue_id) WHERE device_id = $1) AS parts,
           (SELECT count(*) FROM dialogue_transcripts JOIN dialogues USING (dialogue_id) WHERE device_id = $1) AS texts,
           (SELECT count(*) FROM dialogue_upsell_analysis JOIN dialogues USING (dialogue_id)
            WHERE device_id = $1) AS verdicts
"""


SWEEP = """
import asyncio
from datetime import UTC, datetime, timedelta
from audio.open import open_store
from cluster.wiring import database_url
from configs.settings import load
from db.engine import Database
from db.sweep import sweep_orphans

settings = load()
store = open_store(settings)
asyncio.run(sweep_orphans(Database(database_url(settings)), store, timedelta(0), datetime.now(UTC)))
"""


@dataclass(frozen=True)
class Outcome:
    """What the system says about one device, without the ids that differ from device to device."""

    dialogues: list[dict[str, Any]]
    rows: dict[str, int]


@dataclass(frozen=True)
class Cell:
    """One cell of the matrix."""

    stage: str
    killed_pid: int
    is_equal: bool
    difference: str
    dialogues: int
    orphans: int
    seconds: float


class Scene:
    """Plays the minute on a running system."""

    def __init__(self, system: System) -> None:
        self.system = system

    def undisturbed(self) -> Outcome:
        """The minute as it should be."""
        device = self.register()
        self.upload(device)
        return self.settled(device)

    def seconds_to_verdict(self) -> float:
        """From the receipt of a minute that nothing follows to its verdicts."""
        device = self.register()
        self.upload(device)
        begun = time.monotonic()
        wait_until(lambda: self._is_quiet(UUID(device["device_id"])), "the verdict", SETTLE_S)
        return time.monotonic() - begun

    def disturbed(self, victim: str, step: Step, expected: Outcome) -> Cell:
        """The minute with `victim` killed while a worker stands at `step`."""
        begun = time.monotonic()
        stage = victim.removeprefix("worker:") if victim.startswith("worker:") else "asr"
        device = self.register()
        mark = self.system.pause_dir / f"{stage}.{step}"
        mark.touch()
        sending = threading.Thread(target=self.upload, args=(device,))
        sending.start()
        stopped = self.system.pause_dir / f"{stage}.{step}.stopped"
        wait_until(stopped.exists, f"{stage} to reach {step}")
        worker_pid = int(stopped.read_text() or wait_until(stopped.read_text, "the pid"))
        pid = worker_pid if victim.startswith("worker:") else self._kill_target(victim)
        for doomed in [*(_descendants(pid) if victim == "ray" else []), psutil.Process(pid)]:
            _kill(doomed)
        if pid != worker_pid:
            with contextlib.suppress(ProcessLookupError):
                os.kill(worker_pid, signal.SIGCONT)
        stopped.unlink(missing_ok=True)
        self.system.cli("up")
        sending.join()
        found = self.settled(device)
        orphans = self._orphans()
        amiss = difference(expected, found) or (f"{orphans} orphan file(s)" if orphans else "")
        seconds = time.monotonic() - begun
        return Cell(stage, pid, not amiss, amiss, len(found.dialogues), orphans, seconds)

    def register(self) -> dict[str, str]:
        """A new device, as its recorder knows it."""
        body = {name: str(uuid4()) for name in ("point_id", "register_id", "device_id")}
        body["token_plain"] = uuid4().hex + uuid4().hex
        with self.system.admin() as http:
            answer = http.post("/api/v1/admin/devices", json={**body, "language": "en"})
            assert answer.status_code == 201, answer.text
        return body

    def upload(self, device: dict[str, str], refused: Counter[str] | None = None) -> None:
        """As a recorder does: again until a receipt comes; then the word that nothing more is owed. `refused` counts
        the answers that were none, by status or kind of error."""
        refused = Counter() if refused is None else refused
        headers = {"Authorization": f"Bearer {device['token_plain']}"}
        fields = {name: device[name] for name in ("point_id", "register_id", "device_id")}
        fields |= {"start_ts": START.isoformat(), "end_ts": (START + timedelta(seconds=60)).isoformat()}
        fields |= {"codec": "opus", "sample_rate": "48000", "channels": "1", "session_id": str(uuid4()), "seq": "0"}
        audio = CHUNK.read_bytes()
        self._until_taken(
            lambda http: http.post(
                "/api/v1/chunks", headers=headers, data=fields, files={"chunk_file": ("c.ogg", audio, "audio/ogg")}
            ),
            refused,
        )
        until = {"delivered_until": (START + timedelta(minutes=10)).isoformat()}
        self._until_taken(lambda http: http.post("/api/v1/devices/heartbeat", headers=headers, json=until), refused)

    def _until_taken(self, send: Any, refused: Counter[str]) -> None:
        deadline = time.monotonic() + DELIVER_S
        while time.monotonic() < deadline:
            try:
                with self._http() as http:
                    answer = send(http)
            except httpx.TransportError as error:
                refused[type(error).__name__] += 1
            else:
                if answer.status_code == 200:
                    return
                # Serve's proxy says 404, in plain text, until it knows the routes again: a recorder pauses then.
                is_plain_404 = answer.status_code == 404 and "json" not in answer.headers["content-type"]
                assert is_plain_404 or answer.status_code >= 429, answer.text
                refused[str(answer.status_code)] += 1
            time.sleep(0.3)
        raise AssertionError(f"no receipt, but {refused}")

    def _http(self) -> httpx.Client:
        return httpx.Client(base_url=self.system.api_url, timeout=20)

    def _kill_target(self, victim: str) -> int:
        home = self.system.home
        if victim == "postgres":
            return int((home / "postgres" / "postmaster.pid").read_text().splitlines()[0])
        head = ray_head.running(home)
        assert head is not None
        if victim == "ray":
            return head.pid
        if victim == "supervisor":
            return next(p.pid for p in _descendants(head.pid) if "SupervisorActor" in " ".join(p.cmdline()))
        token = (home / "run" / "ray_token").read_text().strip()
        application, deployment = {"whisper": ("whisper", "Fast"), "ingest": ("ingest", "Ingest")}[victim]
        found = ServeApi(head.dashboard_url, token).applications()[application]["deployments"][deployment]
        return int(found["replicas"][0]["pid"])

    def settled(self, device: dict[str, str]) -> Outcome:
        """The device's outcome once nothing is under way any more."""
        device_id = UUID(device["device_id"])
        wait_until(lambda: self._is_quiet(device_id), "the dialogues to be judged", SETTLE_S)
        mine = [d for d in self.system.export() if d["device_id"] == str(device_id)]
        rows = asyncio.run(self._query(LEFT_OVER, device_id))
        return Outcome([_plain(dialogue) for dialogue in mine], dict(rows[0]))

    def _is_quiet(self, device_id: UUID) -> bool:
        query = """
            SELECT (SELECT count(*) FROM dialogues WHERE device_id = $1 AND state = 'closed') AS closed,
                   (SELECT count(*) FROM dialogues WHERE device_id = $1 AND state <> 'superseded'
                    AND NOT (state = 'closed' AND asr_status IN ('DONE', 'SKIPPED', 'ERROR')
                             AND analysis_status IN ('DONE', 'SKIPPED', 'ERROR'))) AS unfinished,
                   (SELECT count(*) FROM jobs WHERE fair_key = $2 AND state IN ('queued', 'running')
                    AND run_after <= now()) AS jobs
        """
        try:
            row = asyncio.run(self._query(query, device_id, str(device_id)))[0]
        except (OSError, asyncpg.PostgresError):
            return False
        return bool(row["closed"] and not row["unfinished"] and not row["jobs"])

    async def _query(self, query: str, *values: Any) -> list[Any]:
        connection = await asyncpg.connect(self.system.database_url())
        try:
            return list(await connection.fetch(query, *values))
        finally:
            await connection.close()

    def _orphans(self) -> int:
        """Files without a row, once the sweep has run with no grace."""
        stored = {row["stored_path"] for row in asyncio.run(self._query("SELECT stored_path FROM audio_chunks"))}
        root = self.system.home / "audio"
        files = {str(path.relative_to(root)) for path in root.rglob("*.ogg")}
        orphans = files - stored
        if orphans:
            subprocess.run([sys.executable, "-c", SWEEP], env=self.system.env, check=True, timeout=60)
            files = {str(path.relative_to(root)) for path in root.rglob("*.ogg")}
        return len(files - stored)


def _plain(dialogue: dict[str, Any]) -> dict[str, Any]:
    ids = ("dialogue_id", "point", "register", "device_id")
    return {key: value for key, value in dialogue.items() if key not in ids}


def difference(expected: Outcome, found: Outcome) -> str:
    """The first thing that is not as it should be; empty where all is."""
    for name, count in expected.rows.items():
        if found.rows[name] != count:
            return f"{name}: {found.rows[name]} instead of {count}"
    for one, other in zip(expected.dialogues, found.dialogues, strict=True):
        for key, value in one.items():
            if other[key] != value:
                return f"{key} differs"
    return ""


def _kill(process: psutil.Process) -> None:
    with contextlib.suppress(psutil.TimeoutExpired, psutil.NoSuchProcess):
        process.kill()
        process.wait(5)


def _descendants(pid: int) -> list[psutil.Process]:
    return psutil.Process(pid).children(recursive=True)
