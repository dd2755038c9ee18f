"""What a whole recorder is and does: as its own process, with a microphone, before a server or without one."""

import time
from collections import Counter
from concurrent.futures import Future
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import psutil
import pytest

from recorder.chunk import Chunk
from tests.e2e.recorder.cells import SECONDS, Place
from tests.e2e.recorder.conftest import Scenario
from tests.e2e.recorder.rig import CHUNK_S, Rig, key_of
from tests.integration.recorder.stub_server import Receipt, StubServer, running

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]

SAMPLE = {
    "status": "ok",
    "recording": True,
    "in_schedule": True,
    "queue_size": 2,
    "uploaded_total": 147,
    "upload_errors_total": 3,
    "last_upload_ts": 1705312345.6,
    "spool_files": 42,
    "spool_bytes": 8372224,
    "point_id": "00000000-0000-0000-0000-000000000001",
}
"""The health page in the original's README."""
ORIGINAL_FIELDS = {"point_id", "register_id", "device_id", "start_ts", "end_ts", "codec", "sample_rate", "channels"}
BEFORE_END_S = 25
MOST_RSS_BYTES = 60_000_000
MOST_CPU = 0.05
"""Of one core, beside ffmpeg; generous, for the machine is shared."""


def schedule_end(place: Place, folder: Path) -> None:
    """The clock of a machine without network is set to shortly before 22:00: nothing after it is recorded, and what
    was recorded is a chunk."""
    with Rig(folder, place.server, SECONDS, place.clock_library, schedule_start="08:00", schedule_end="22:00") as rig:
        rig.door.away = True
        now = datetime.now(UTC)
        end = now.replace(hour=22, minute=0, second=0, microsecond=0)
        end += timedelta(days=1) if end - now < timedelta(seconds=BEFORE_END_S) else timedelta()
        step = end - timedelta(seconds=BEFORE_END_S) - now
        rig.step_clock(round(step.total_seconds() * 1000))
        rig.start()
        rig.wait_until("recording")
        page = rig.wait_until("out_of_hours")
        assert (page["recording"], page["in_schedule"], page["status"]) == (False, False, "ok")
        chunks = chunks_of(rig)
        ended_s = max(chunk.start.wall_ms + chunk.length_ms for chunk in chunks) / 1000 - end.timestamp()
        assert -1.5 <= ended_s <= 1.5, ended_s  # half a second of them for a busy machine
        assert chunks[-1].length_ms < CHUNK_S * 1000
        assert not list((rig.spool / "recording").glob("*/*.ogg"))
        time.sleep(2)
        assert len(chunks_of(rig)) == len(chunks)


def health(place: Place, folder: Path) -> None:
    """All fields of the original's page, by name and type, while it records."""
    with Rig(folder, place.server, SECONDS) as rig:
        rig.start()
        rig.wait_for_chunks(1)
        page = rig.wait_for(lambda: (page := rig.health()) and page["last_upload_ts"] and page, "an upload")
        assert {name: type(page.get(name)) for name in SAMPLE} == {name: type(v) for name, v in SAMPLE.items()}
        assert (page["recording"], page["in_schedule"]) == (True, True)
        assert page["point_id"] == str(rig.device.point_id)
        assert page["spool_files"] >= page["uploaded_total"] >= 1
        assert page["spool_bytes"] > 0
        assert abs(page["last_upload_ts"] - time.time()) < 60


def original_server(place: Place, folder: Path) -> None:
    """One that knows eight fields, answers without sha256 and has no heartbeat gets everything."""
    stub = StubServer(then=Receipt(sha256=""))
    with running(stub), Rig(folder, place.server, SECONDS, ingest_base_url=stub.url) as rig:
        rig.start()
        rig.wait_for(lambda: len(stub.uploads) >= 3, "uploads")
        rig.command("pause", "1h")
        rig.wait_until("paused")
        rig.wait_until_drained()
        recorded = chunks_in(rig, "acked")
        assert {upload.token for upload in stub.uploads} == {rig.device.token}
        assert all(upload.fields.keys() >= ORIGINAL_FIELDS for upload in stub.uploads)
        arrived = sorted(sha256(upload.file).hexdigest() for upload in stub.uploads)
        assert arrived == sorted(chunk.sha256 for chunk in recorded)
        assert len(recorded) >= 3
        assert not rig.outbox() | {path.stem for path in (rig.spool / "quarantine").glob("*.ogg")}
        assert stub.heartbeats, "it did not even ask"


def second_agent(place: Place, folder: Path) -> None:
    """It is refused, told why in one sentence, and the first goes on."""
    with Rig(folder, place.server, SECONDS) as rig:
        rig.start()
        rig.wait_until("recording")
        refused = rig.command(check=False)
        assert refused.returncode == 1
        assert f"another recorder-agent works with {rig.spool}; stop it first" in refused.stderr
        before = len(rig.delivered())
        rig.wait_for_chunks(before + 1)


def moved_till(place: Place, folder: Path) -> None:
    """What was recorded as one till arrives as that till's, whatever the recorder has become since."""
    with Rig(folder, place.server, SECONDS) as rig:
        rig.door.away = True
        rig.start()
        rig.wait_for(lambda: len(rig.outbox()) >= 2, "chunks to wait")
        rig.terminate()
        yesterday = rig.outbox()
        other, _ = rig.server.register()
        rig.configure(**{k: v for k, v in other.body.items() if k != "token_plain"}, ingest_token=other.token)
        rig.start()
        rig.wait_for(lambda: rig.server.chunks(other.device_id), "a chunk of the new till")
        rig.door.away = False
        rig.wait_for(lambda: len(rig.delivered()) >= len(yesterday), "the old till's chunks")
        assert {key_of(row) for row in rig.delivered()} == yesterday
        assert {row["point_id"] for row in rig.delivered()} == {rig.device.point_id}
        today = rig.server.chunks(other.device_id)
        assert not {key_of(row) for row in today} & yesterday
        assert {row["point_id"] for row in today} == {other.point_id}


def coverage(place: Place, folder: Path) -> None:
    """What the ledger says of the time is what the server has of it, interval by interval."""
    with Rig(folder, place.server, SECONDS) as rig:
        rig.start()
        rig.wait_for_chunks(2)
        rig.command("pause", "1h")
        rig.wait_until("paused")
        rig.wait_until_drained()
        time.sleep(1)
        rig.terminate()  # with a last heartbeat
        told = spans(rig.server.coverage(rig.device.device_id), "start_ts", "end_ts")
        kept = spans(rig.ledger()["intervals"], "start", "end")
        # The server may have "closed" for an instant before the ledger began: as long as the time was known roughly.
        from_ts, until_ts = kept[0][0], told[-1][1]
        told_s, kept_s = sums(told, from_ts, until_ts), sums(kept, from_ts, until_ts)
        assert told_s == pytest.approx(kept_s, abs=0.01)
        assert sum(told_s.values()) == pytest.approx((until_ts - from_ts).total_seconds(), abs=0.01)
        delivered_s = sum((row["end_ts"] - row["start_ts"]).total_seconds() for row in rig.delivered())
        assert told_s["recorded", None] == pytest.approx(delivered_s, abs=0.1 * len(rig.delivered()))
        assert told_s["paused", None] >= 1


def footprint(place: Place, folder: Path) -> None:
    """Of Python beside ffmpeg: little memory, hardly any processor."""
    with Rig(folder, place.server, SECONDS) as rig:
        rig.start()
        rig.wait_for_chunks(1)
        agent = psutil.Process(rig.pid)
        before, begun = agent.cpu_times(), time.monotonic()
        time.sleep(10)
        after, passed_s = agent.cpu_times(), time.monotonic() - begun
        cpu = (after.user + after.system - before.user - before.system) / passed_s
        rss_bytes = agent.memory_info().rss
        print(f"agent: {rss_bytes / 1e6:.1f} MB RSS, {cpu:.1%} of one core")  # noqa: T201
        assert rss_bytes <= MOST_RSS_BYTES
        assert cpu <= MOST_CPU


SCENARIOS = {
    schedule_end: "stops within a second of the end of the schedule and finalises the chunk",
    health: "answers all the fields of the original on its health page",
    original_server: "delivers everything to a server that speaks only the original protocol",
    second_agent: "refuses to work beside another on the same spool",
    moved_till: "does not relabel what it recorded as another till",
    coverage: "tells the server of the same time as its ledger",
    footprint: "is light",
}


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: SCENARIOS[scenario])
def test_a_whole_recorder(scenario: Scenario, lived: dict[Scenario, Future[None]]) -> None:
    lived[scenario].result()


def chunks_of(rig: Rig) -> list[Chunk]:
    """That wait, by the time of their sound."""
    return chunks_in(rig, "outbox")


def chunks_in(rig: Rig, folder: str) -> list[Chunk]:
    chunks = [Chunk.from_json(path.read_text()) for path in (rig.spool / folder).glob("*.json")]
    return sorted(chunks, key=lambda chunk: chunk.start.boot_ms)


def spans(intervals: list[dict[str, Any]], start: str, end: str) -> list[tuple[datetime, datetime, str, str | None]]:
    """(start, end, fate, reason) of the server's rows or the ledger's document."""
    return [(*(instant(i[name]) for name in (start, end)), i["fate"], i.get("reason")) for i in intervals]


def instant(value: datetime | str) -> datetime:
    return datetime.fromisoformat(value) if isinstance(value, str) else value


def sums(
    intervals: list[tuple[datetime, datetime, str, str | None]], from_ts: datetime, until_ts: datetime
) -> dict[tuple[str, str | None], float]:
    """Seconds by fate and reason of what lies between."""
    found: Counter[tuple[str, str | None]] = Counter()
    for start, end, fate, reason in intervals:
        if (length_s := (min(end, until_ts) - max(start, from_ts)).total_seconds()) > 0:
            found[fate, reason] += length_s
    return dict(found)
