"""What the recorder tells every minute, and what it does with the answer."""

import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from time import monotonic, sleep
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from stub_server import Reply, StubServer, running
from till import LostClock, Till

from recorder.fate import ChunkState, Condition, Fate
from recorder.ledger.accounting import Interval
from recorder.timing.clock import moment
from recorder.timing.hours import Hours
from recorder.timing.schedule import Schedule
from recorder.timing.timekeeping import Standing
from recorder.upload.heartbeat import EVERY_S, HOURLY_S, MOST_INTERVALS, SOON_S, Heartbeat
from recorder.upload.upload_form import utc

MINUTE_MS = 60_000
DAY_AND_NIGHT = Schedule(Hours.between("00:00", "24:00"), ZoneInfo("UTC"))


def heard(coverage_from_ms: int | None = None) -> Reply:
    wants = {"coverage_from": None if coverage_from_ms is None else utc(coverage_from_ms)}
    return Reply(200, {"status": "ok", "server_time": utc(now_ms()), "wants": wants})


def now_ms() -> int:
    return round(datetime.now(UTC).timestamp() * 1000)


def ms(text: str) -> int:
    return round(datetime.fromisoformat(text).timestamp() * 1000)


@pytest.fixture
def server() -> Iterator[StubServer]:
    with running(StubServer()) as server:
        server.heartbeat = heard
        yield server


@pytest.fixture
def till(server: StubServer, tmp_path: Path) -> Iterator[Till]:
    till = Till(tmp_path / "spool", server.url)
    yield till
    till.close()


def heart(till: Till, recording_from_ms: Callable[[], int | None] = lambda: None, **health: Any) -> Heartbeat:
    return Heartbeat(
        till.ledger,
        till.timekeeper,
        till.client,
        till.credentials.current,
        DAY_AND_NIGHT,
        till.clock,
        version="1.0",
        health=lambda: {"status": "ok", **health},
        recording_from_ms=recording_from_ms,
        chance=lambda: 0.0,
    )


def last(server: StubServer) -> dict[str, Any]:
    return dict(server.heartbeats[-1].document)


def test_it_tells_version_health_ledger_and_what_became_of_the_time(server: StubServer, till: Till) -> None:
    chunk = till.record(minutes_ago=3.0)
    assert heart(till, queue_size=1).beat() == EVERY_S
    told = last(server)
    assert server.heartbeats[-1].token == till.token
    assert (told["version"], told["health"]) == ("1.0", {"status": "ok", "queue_size": 1})
    assert told["ledger_id"] == till.ledger.ledger_id
    assert 0 < told["revision"] <= till.ledger.revision
    assert abs(ms(told["sent_at"]) - now_ms()) < MINUTE_MS
    start_ms = till.timekeeper.stamp(chunk)[0]
    assert told["delivered_until"] == utc(start_ms)
    assert {i["fate"] for i in told["coverage"]["intervals"]} <= set(Fate)


def test_intervals_are_in_order_inside_the_report_and_without_overlaps(server: StubServer, till: Till) -> None:
    till.ledger.enter(Condition.NO_MICROPHONE, moment(till.clock))
    heart(till).beat()
    sleep(0.01)
    heart(till).beat()
    coverage = last(server)["coverage"]
    edges = [coverage["from"], *(e for i in coverage["intervals"] for e in (i["start"], i["end"])), coverage["until"]]
    assert all(ms(one) <= ms(other) for one, other in pairwise(edges))


def test_the_next_report_begins_where_something_changed_or_the_last_one_ended(server: StubServer, till: Till) -> None:
    beats = heart(till)
    chunk = till.record(minutes_ago=0.0)
    beats.beat()
    beats.beat()
    first, second = (dict(a.document)["coverage"] for a in server.heartbeats[-2:])
    assert abs(ms(second["from"]) - ms(first["until"])) < 500  # the server's clock may have corrected ours a little
    till.spool.acknowledge(chunk, till.timekeeper.stamp(chunk)[0])
    beats.beat()
    changed = last(server)["coverage"]
    assert ms(changed["from"]) <= till.timekeeper.stamp(chunk)[0]
    assert [i["fate"] for i in changed["intervals"]][-1] == "recorded"


def test_what_was_not_accepted_is_told_again(server: StubServer, till: Till) -> None:
    beats = heart(till)
    beats.beat()
    until = last(server)["coverage"]["until"]
    for fault in (Reply(503, {"detail": "busy"}), Reply(manner="close"), Reply(200, b"<html>portal</html>")):
        good, server.heartbeat = server.heartbeat, fault
        beats.beat()
        server.heartbeat = good
    beats.beat()
    assert ms(last(server)["coverage"]["from"]) <= ms(until)


def test_it_tells_from_where_the_server_asks(server: StubServer, till: Till) -> None:
    beats, long_ago_ms = heart(till), now_ms() - 20 * 24 * 60 * MINUTE_MS
    server.heartbeat = lambda: heard(long_ago_ms)
    beats.beat()
    server.heartbeat = heard
    beats.beat()
    asked = last(server)["coverage"]
    assert asked["from"] == utc(long_ago_ms)
    before = [i for i in asked["intervals"] if ms(i["end"]) <= till.ledger.known_from_ms]
    assert {(i["fate"], i.get("reason")) for i in before} <= {("lost", "off")}, "before its ledger it did not run"
    beats.beat()
    assert ms(last(server)["coverage"]["from"]) > long_ago_ms


def test_after_a_restart_it_goes_on_where_it_was(server: StubServer, till: Till) -> None:
    beats = heart(till)
    beats.beat()
    until = last(server)["coverage"]["until"]
    beats._save()
    heart(till).beat()
    assert abs(ms(last(server)["coverage"]["from"]) - ms(until)) < 500


def test_everything_is_delivered_until_now_or_until_what_waits_or_is_being_recorded(
    server: StubServer, till: Till
) -> None:
    heart(till).beat()
    assert now_ms() - ms(last(server)["delivered_until"]) < MINUTE_MS
    recording_ms = till.timekeeper.now_ms() - 30_000
    heart(till, lambda: recording_ms).beat()
    assert last(server)["delivered_until"] == utc(recording_ms)
    chunk = till.record(minutes_ago=40.0)
    heart(till, lambda: recording_ms).beat()
    assert last(server)["delivered_until"] == utc(till.timekeeper.stamp(chunk)[0])
    till.ledger.set_state(chunk.key, ChunkState.QUARANTINED)
    heart(till, lambda: recording_ms).beat()
    assert last(server)["delivered_until"] == utc(recording_ms)


def test_an_original_server_without_the_route_is_asked_once_an_hour(server: StubServer, till: Till) -> None:
    server.heartbeat = Reply(404, {"detail": "Not Found"})
    assert heart(till).beat() == HOURLY_S
    server.heartbeat = Reply(404, b"<html>proxy</html>")
    assert heart(till).beat() == EVERY_S


def test_retry_after_makes_it_rest_longer_but_never_shorter(server: StubServer, till: Till) -> None:
    for asked, rest_s in (("5", EVERY_S), ("120", 120.0)):
        server.heartbeat = Reply(503, {"detail": "busy"}, {"Retry-After": asked})
        assert heart(till).beat() == rest_s


def test_a_server_that_does_not_understand_the_whole_hears_at_least_that_it_lives(
    server: StubServer, till: Till
) -> None:
    beats = heart(till)
    server.heartbeat = Reply(422, {"code": "field_invalid", "detail": "health is over 32768 bytes"})
    beats.beat()
    server.heartbeat = heard
    beats.beat()
    assert set(last(server)) == {"version", "sent_at"}
    beats.beat()
    assert "health" in last(server)


def test_without_a_clock_it_learns_the_time_first_and_tells_of_times_afterwards(
    server: StubServer, tmp_path: Path
) -> None:
    till = Till(tmp_path / "lost", server.url, clock=LostClock())
    server.heartbeat = heard
    assert heart(till).beat() == SOON_S
    assert set(last(server)) == {"version", "health"}
    assert abs(till.timekeeper.now_ms() - now_ms()) < MINUTE_MS
    assert till.timekeeper.state.state is Standing.WRONG
    assert heart(till).beat() == EVERY_S
    assert "coverage" in last(server)
    till.close()


def test_a_long_account_is_told_in_parts(server: StubServer, till: Till, monkeypatch: pytest.MonkeyPatch) -> None:
    begin_ms = till.timekeeper.now_ms() - 100 * MOST_INTERVALS
    account = [Interval(begin_ms + 10 * i, begin_ms + 10 * i + 10, Fate.RECORDED) for i in range(MOST_INTERVALS + 5)]
    monkeypatch.setattr(till.ledger, "account", lambda windows, until: [i for i in account if i.start_ms >= from_ms()])

    def from_ms() -> int:
        return ms(last(server)["coverage"]["until"]) if server.heartbeats else 0

    beats = heart(till)
    assert beats.beat() == SOON_S
    part = last(server)["coverage"]
    assert (len(part["intervals"]), part["until"]) == (MOST_INTERVALS, utc(account[MOST_INTERVALS - 1].end_ms))
    assert beats.beat() == EVERY_S
    rest = last(server)["coverage"]
    assert (rest["from"], len(rest["intervals"])) == (part["until"], 5)


def test_its_thread_beats_at_the_start_when_told_and_at_the_end(server: StubServer, till: Till) -> None:
    beats, lives = heart(till), []
    thread = threading.Thread(target=beats.run, args=(lambda: lives.append(1),))
    thread.start()
    _eventually(lambda: len(server.heartbeats) == 1)
    beats.soon()
    _eventually(lambda: len(server.heartbeats) == 2)
    beats.stop()
    thread.join(10.0)
    assert not thread.is_alive()
    assert len(server.heartbeats) == 3
    assert lives


def test_a_server_that_hangs_holds_the_end_up_for_seconds_only(server: StubServer, till: Till) -> None:
    server.heartbeat = Reply(manner="hang")
    till.client._deadline_s = 60.0
    beats = heart(till)
    thread = threading.Thread(target=beats.run)
    thread.start()
    _eventually(lambda: server.heartbeats)
    beats.stop()
    thread.join(15.0)
    assert not thread.is_alive()


def _eventually(is_so: Callable[[], object], within_s: float = 20.0) -> None:
    deadline_s = monotonic() + within_s
    while not is_so():
        assert monotonic() < deadline_s
        sleep(0.01)
