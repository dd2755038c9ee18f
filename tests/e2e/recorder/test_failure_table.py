"""The original's table of failures, row by row, in whole recorders."""

import json
import signal
import time
from concurrent.futures import Future
from itertools import pairwise
from pathlib import Path

import pytest

from recorder.chunk import Chunk
from tests.e2e.recorder.cells import SECONDS, Place
from tests.e2e.recorder.conftest import Scenario
from tests.e2e.recorder.rig import Rig, key_of

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]

SLOW_S = 4.0
"""By so much anything may be late on a busy machine."""
STOP_S = 10.0


def microphone_unplugged(place: Place, folder: Path) -> None:
    """`Микрофон отключён`: ffmpeg ends, and the recorder tries again after 2, 4, 8 … s."""
    with Rig(folder, place.server, SECONDS) as rig:
        rig.start()
        rig.wait_until("recording")
        waits_s = waits_until_tries(rig, 3)
        assert rig.health()["condition"] == "no_microphone"
        assert rig.health()["status"] == "failing"
        for wait_s, meant_s in zip(waits_s, (2, 4, 8), strict=True):
            assert meant_s <= wait_s <= meant_s + SLOW_S, waits_s
        events = [json.loads(line)["event"] for line in rig.log().splitlines() if line.startswith("{")]
        assert events.count("capture_failed") <= 2  # a lasting fault: once for "it went", once for "there is none"


def microphone_back(place: Place, folder: Path) -> None:
    """`Микрофон вернулся`: it records again by itself, and the next fault is met with 2 s again."""
    with Rig(folder, place.server, SECONDS) as rig:
        rig.start()
        rig.wait_until("recording")
        waits_until_tries(rig, 2)
        rig.microphone.plug()
        rig.wait_until("recording")
        rig.wait_for_chunks(len(rig.delivered()) + 1)
        [wait_s] = waits_until_tries(rig, 1)
        assert 2 <= wait_s <= 2 + SLOW_S


def network_away(place: Place, folder: Path) -> None:
    """`Сеть недоступна`: chunks pile up in the outbox, and the uploader goes on trying."""
    with Rig(folder, place.server, SECONDS) as rig:
        rig.door.away = True
        rig.start()
        rig.wait_for(lambda: len(rig.outbox()) >= 2, "chunks to wait")
        page = rig.wait_for(lambda: (page := rig.health()) and page["upload_errors_total"] >= 2 and page, "tries")
        assert page["recording"]
        assert page["queue_size"] >= 2
        assert page["uploaded_total"] == 0
        assert page["uploads"]["last_error"].startswith("connection_broke_off")


def network_back(place: Place, folder: Path) -> None:
    """`Сеть вернулась`: the first success resets the back-off: the backlog comes at once, though its turn after so many
    failures would have been minutes away."""
    with Rig(folder, place.server, SECONDS, retry_min_s=2, retry_max_s=300) as rig:
        rig.door.away = True
        rig.start()
        rig.wait_for(lambda: len(rig.outbox()) >= 4, "a backlog")
        backlog = rig.outbox()
        rig.door.away = False
        rig.wait_for_chunks(1)
        first_s = time.monotonic()
        rig.wait_for(lambda: backlog <= {key_of(row) for row in rig.delivered()}, "the backlog to come")
        assert time.monotonic() - first_s < 30
        assert rig.wait_for(lambda: (page := rig.health()) and page["uploads"]["last_error"] is None, "no error")


def disk_full(place: Place, folder: Path) -> None:
    """`Диск заполнен`: the oldest goes until there is less than `max_spool_gb`: what the server has before what it
    lacks, and the oldest that it lacks only then."""
    with Rig(folder, place.server, SECONDS) as rig:
        delivered = rig.fill_outbox(days=1, chunk_s=600)
        rig.start()
        rig.wait_for(lambda: delivered <= {key_of(row) for row in rig.delivered()}, "the first lot to be delivered")
        rig.wait_until_drained()
        rig.terminate()
        unsent = rig.fill_outbox(days=1, chunk_s=600)
        rig.door.away = True
        rig.configure(max_spool_gb=0.02)
        rig.start()
        rig.wait_for(lambda: len(copies(rig)) < len(delivered), "delivered copies to go")
        rig.wait_until("recording")
        assert unsent <= rig.outbox()
        rig.terminate()

        oldest_first = in_order(rig)
        rig.configure(max_spool_gb=0.01)
        rig.start()
        rig.wait_for(lambda: not copies(rig) and len(rig.outbox()) < len(oldest_first), "unsent ones to go")
        rig.wait_until("recording")
        rig.wait_for(lambda: rig.health()["spool_bytes"] < 10_000_000, "the spool to be small enough")
        went = set(oldest_first) - rig.outbox()
        assert went == set(oldest_first[: len(went)]), "not the oldest went"
        assert rig.health()["uploads"]["evicted_unsent_total"] >= len(went) > 0


def sigterm(place: Place, folder: Path) -> None:
    """`SIGTERM`: the chunk under way is finalised and the recorder ends within 10 s."""
    stopped(place, folder, signal.SIGTERM)


def sigint(place: Place, folder: Path) -> None:
    """`SIGINT`: the same."""
    stopped(place, folder, signal.SIGINT)


def stopped(place: Place, folder: Path, number: signal.Signals) -> None:
    with Rig(folder, place.server, SECONDS, chunk_seconds=600) as rig:
        rig.door.away = True
        rig.start()
        rig.wait_until("recording")
        time.sleep(3)
        place_s = rig.place_now()
        assert rig.outbox() == set()
        assert rig.terminate(number) < STOP_S
        [key] = rig.outbox()
        start_s, end_s = place.source.place_of(rig.spool / "outbox" / f"{key}.ogg")
        assert abs(end_s - place_s) < 2, (start_s, end_s, place_s)
        assert not Chunk.from_json((rig.spool / "outbox" / f"{key}.json").read_text()).salvaged
        assert not list((rig.spool / "recording").glob("*/*.ogg"))


@pytest.mark.parametrize(
    "scenario",
    [microphone_unplugged, microphone_back, network_away, network_back, disk_full, sigterm, sigint],
    ids=lambda scenario: scenario.__name__.replace("_", " "),
)
def test_every_row_of_the_failure_table_is_lived_through(
    scenario: Scenario, lived: dict[Scenario, Future[None]]
) -> None:
    lived[scenario].result()


def waits_until_tries(rig: Rig, count: int) -> list[float]:
    """Pulls the microphone out. Seconds from then to the next try to open it, and from each to the one after it."""
    earlier = len(rig.microphone.refused_at())
    pulled = time.time()
    rig.microphone.unplug()
    rig.wait_for(lambda: len(rig.microphone.refused_at()) >= earlier + count, f"{count} tries")
    return [later - sooner for sooner, later in pairwise([pulled, *rig.microphone.refused_at()[earlier:]][: count + 1])]


def copies(rig: Rig) -> list[Path]:
    """Of what was delivered."""
    return list((rig.spool / "acked").glob("*.ogg"))


def in_order(rig: Rig) -> list[str]:
    """Keys of the chunks that wait, by the time of their sound. The agent must not run."""
    chunks = [Chunk.from_json(path.read_text()) for path in (rig.spool / "outbox").glob("*.json")]
    return [chunk.key for chunk in sorted(chunks, key=lambda chunk: chunk.start.boot_ms)]
