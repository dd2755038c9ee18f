"""A small fleet in real time: threads with the real client and policy against the real ingest, which goes away for a
while. For benchmarks/recorder_fleet.py."""

import asyncio
import hashlib
import os
import random
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID, uuid4

import asyncpg

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from db import embedded, migrate  # noqa: E402
from db.engine import Database  # noqa: E402
from db.shops.devices import NewDevice, register_device  # noqa: E402
from db.shops.points import NewPoint, NewRegister  # noqa: E402
from domain.ids import DeviceId, PointId, RegisterId  # noqa: E402
from recorder.chunk import Chunk, Identity, Moment  # noqa: E402
from recorder.timing.clock import SystemClock  # noqa: E402
from recorder.upload.api_client import ApiClient  # noqa: E402
from recorder.upload.credentials import Credentials  # noqa: E402
from recorder.upload.retry import Answer, Backoff, Verdict, judge  # noqa: E402
from recorder.upload.upload_form import form  # noqa: E402
from recorder.upload.upload_policy import Send, UploadPolicy, Waiting  # noqa: E402

AUDIO = ROOT / "samples" / "shop_day" / "chunks" / "dev_ru_20260302T090000Z.ogg"
SHA256 = hashlib.sha256(AUDIO.read_bytes()).hexdigest()
TOKEN = "a-token-for-the-benchmark-"


@dataclass(frozen=True)
class Trial:
    """Times in seconds. The waits are scaled as the chunks are: a twelfth of the usual."""

    recorders: int = 60
    chunk_s: float = 5.0
    up_s: float = 10.0
    down_s: float = 60.0
    after_s: float = 60.0
    in_flight: int = 8
    backoff: Backoff = field(default_factory=lambda: Backoff(2.0 / 12, 300.0 / 12))


@dataclass
class RealFigures:
    """Of all recorders together; written by their threads under `lock`."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    requests: Counter[int] = field(default_factory=Counter)
    busy: int = 0
    cut_s: dict[str, float] = field(default_factory=dict)
    acknowledged_s: dict[str, float] = field(default_factory=dict)
    back_s: float = 0.0
    stored: int = 0
    distinct: int = 0

    @property
    def recorded(self) -> int:
        return len(self.cut_s)

    @property
    def lost(self) -> int:
        return self.recorded - self.distinct

    @property
    def doubled(self) -> int:
        return self.stored - self.distinct

    @property
    def drained_s(self) -> float:
        return max(self.acknowledged_s[key] for key, s in self.cut_s.items() if s <= self.back_s) - self.back_s

    @property
    def latest_live_s(self) -> float:
        return max(self.acknowledged_s[key] - s for key, s in self.cut_s.items() if s > self.back_s)

    @property
    def latest_device_s(self) -> float:
        first: dict[str, float] = {}
        for key, at_s in self.acknowledged_s.items():
            if self.cut_s[key] > self.back_s:
                device = key.partition("/")[0]
                first[device] = min(first.get(device, at_s), at_s)
        return max(first.values()) - self.back_s

    def peak_to_mean(self) -> tuple[float, int, float]:
        counts = [self.requests[s] for s in range(int(self.back_s), int(self.back_s + self.drained_s) + 1)]
        mean = sum(counts) / len(counts)
        return max(counts) / mean, max(counts), mean


def run_trial(trial: Trial) -> RealFigures:
    """Raises AssertionError where an upload is refused."""
    home = Path(tempfile.mkdtemp(prefix="bench-fleet-", dir="/tmp"))
    figures = RealFigures()
    try:
        database_url = embedded.start(home)
        migrate.upgrade(database_url)
        identities = [Identity(str(uuid4()), str(uuid4()), str(uuid4())) for _ in range(trial.recorders)]
        asyncio.run(_register(database_url, identities))
        _live(trial, figures, database_url, home, identities)
        figures.stored, figures.distinct = asyncio.run(_count(database_url))
    finally:
        embedded.stop(home)
        shutil.rmtree(home)
    return figures


def _live(trial: Trial, figures: RealFigures, database_url: str, home: Path, identities: list[Identity]) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    begun_s = time.monotonic()
    until_s = begun_s + trial.up_s + trial.down_s + trial.after_s
    threads: list[threading.Thread] = []
    with _server(database_url, home, port, trial.in_flight):
        for identity in identities:
            threads.append(threading.Thread(target=_record, args=(trial, figures, identity, port, until_s)))
            threads[-1].start()
        time.sleep(max(begun_s + trial.up_s - time.monotonic(), 0.0))
    time.sleep(max(begun_s + trial.up_s + trial.down_s - time.monotonic(), 0.0))
    with _server(database_url, home, port, trial.in_flight):
        figures.back_s = time.monotonic()
        for thread in threads:
            thread.join()


def _record(trial: Trial, figures: RealFigures, identity: Identity, port: int, until_s: float) -> None:
    """One recorder: cuts a chunk every `chunk_s`, in step with all the others, and sends them."""
    clock, session_id = SystemClock(), str(uuid4())
    client = ApiClient(clock, version="bench")
    credentials = Credentials(identity, f"http://127.0.0.1:{port}", TOKEN + identity.device_id)
    policy = UploadPolicy(trial.backoff, trial.chunk_s, random.random)
    waiting: list[Waiting] = []
    seq, next_cut_s = 0, (time.monotonic() // trial.chunk_s + 1) * trial.chunk_s
    while True:
        now_s = time.monotonic()
        if now_s >= next_cut_s and next_cut_s < until_s:
            waiting.append(Waiting(str(seq), identity.device_id, next_cut_s))
            with figures.lock:
                figures.cut_s[f"{identity.device_id}/{seq}"] = next_cut_s
            seq, next_cut_s = seq + 1, next_cut_s + trial.chunk_s
        if now_s >= until_s and not waiting:
            break
        decision = policy.next(now_s, waiting)
        if not isinstance(decision, Send):
            time.sleep(max(min(decision.seconds, next_cut_s - now_s if next_cut_s < until_s else 1.0), 0.001))
            continue
        chunk = decision.chunk
        with figures.lock:
            figures.requests[int(now_s)] += 1
        start_ms = 1_772_442_000_000 + int(chunk.key) * 60_000
        described = Chunk(
            session_id, int(chunk.key), identity, Moment(clock.boot_id, 0, 0), 60_000, 48_000, 1, 0, SHA256
        )
        exchange = client.upload(credentials, form(described, start_ms, start_ms + 60_000), AUDIO)
        judgement = judge(exchange.answer, SHA256, policy.history(chunk.key))
        assert judgement.verdict not in (Verdict.QUARANTINE, Verdict.PAUSE), judgement
        then_s = time.monotonic()
        policy.answered(then_s, chunk, judgement)
        with figures.lock:
            figures.busy += isinstance(exchange.answer, Answer) and exchange.answer.status == 503
            if judgement.verdict is Verdict.DELIVERED:
                waiting.remove(chunk)
                figures.acknowledged_s[f"{identity.device_id}/{chunk.key}"] = then_s
    client.close()


@contextmanager
def _server(database_url: str, home: Path, port: int, in_flight: int) -> Iterator[None]:
    command = [sys.executable, __file__, database_url, str(home / "store"), str(port), str(in_flight)]
    process = subprocess.Popen(command, env={**os.environ, "PYTHONWARNINGS": "ignore"})
    try:
        for _ in range(600):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.1)
        yield
    finally:
        process.terminate()
        process.wait()


async def _register(database_url: str, identities: list[Identity]) -> None:
    db = Database(database_url)
    async with db.begin() as tx:
        for identity in identities:
            point = NewPoint(PointId(UUID(identity.point_id)))
            register = NewRegister(RegisterId(UUID(identity.register_id)), point.point_id)
            device_id = DeviceId(UUID(identity.device_id))
            await register_device(tx, NewDevice(device_id, point, register, token=TOKEN + identity.device_id))
    await db.dispose()


async def _count(database_url: str) -> tuple[int, int]:
    """Rows, and distinct identities among them."""
    connection = await asyncpg.connect(database_url)
    try:
        query = "SELECT count(*), count(DISTINCT (device_id, session_id, seq)) FROM audio_chunks"
        stored, distinct = await connection.fetchrow(query)
        return stored, distinct
    finally:
        await connection.close()


def _serve(database_url: str, root: Path, port: int, in_flight: int) -> None:
    """The server's process."""
    import uvicorn

    from audio.store import FileStore
    from configs.settings import load
    from serve_apps.application import Deps
    from serve_apps.ingest.app import create_app

    settings = load({"SALESCONTROL_STORAGE__FREE_FLOOR_MB": "0"})
    app = create_app(Deps(Database(database_url), FileStore(root), settings), in_flight)
    uvicorn.run(app, port=port, log_level="error", access_log=False)


if __name__ == "__main__":
    _serve(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]))
