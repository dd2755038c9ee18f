"""What becomes of sound that was recorded while nobody knew the hour."""

from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

import pytest

from recorder.capture.doubt import Doubts
from recorder.chunk import Chunk
from recorder.timing.hours import Hours
from recorder.timing.schedule import Schedule
from tests.unit.recorder.loop_parts import EIGHT_MS, NINE_MS, TEN_PM_MS, HandClock, recorded

MINUTE_MS = 60_000
SCHEDULE = Schedule(Hours.between("08:00", "22:00"), ZoneInfo("UTC"))
OUT_MS = (TEN_PM_MS, TEN_PM_MS + MINUTE_MS)


@dataclass
class Notes:
    """Of the ledger; they outlive whoever wrote them."""

    notes: dict[str, str] = field(default_factory=dict)
    unknown: bool = False

    def remember(self, key: str, value: str) -> None:
        self.notes[key] = value

    def recall(self, key: str) -> str | None:
        return self.notes.get(key)

    def entry(self, key: str) -> str | None:
        return None if self.unknown else key


@dataclass
class Bin:
    """Of the spool."""

    discarded: list[str] = field(default_factory=list)

    def discard(self, entries: list[str], detail: str) -> None:
        self.discarded += entries


@dataclass
class Doubted:
    ledger: Notes = field(default_factory=Notes)
    spool: Bin = field(default_factory=Bin)

    @property
    def doubts(self) -> Doubts:
        """Of a newly started agent."""
        return Doubts(self.ledger, self.spool, SCHEDULE)

    def may_send(self, session_id: str, times: tuple[int, int]) -> bool:
        return self.doubts.may_send(chunk_of(session_id), *times)


def chunk_of(session_id: str) -> Chunk:
    return recorded(session_id, 0, HandClock()).chunk


@pytest.fixture
def doubted() -> Doubted:
    made = Doubted()
    made.doubts.note("doubtful")
    return made


def test_a_doubtful_session_outside_the_schedule_is_discarded_unsent(doubted: Doubted) -> None:
    assert not doubted.may_send("doubtful", OUT_MS)
    assert doubted.spool.discarded == ["doubtful-000000"]


@pytest.mark.parametrize(
    "times",
    [
        (NINE_MS, NINE_MS + MINUTE_MS),
        (EIGHT_MS - MINUTE_MS, EIGHT_MS + 1),
        (TEN_PM_MS - 1, TEN_PM_MS + MINUTE_MS),
    ],
)
def test_a_doubtful_session_is_sent_where_any_of_it_lies_in_the_schedule(
    doubted: Doubted, times: tuple[int, int]
) -> None:
    assert doubted.may_send("doubtful", times)
    assert doubted.spool.discarded == []


def test_a_session_that_was_never_in_doubt_is_sent_whatever_its_hour(doubted: Doubted) -> None:
    assert doubted.may_send("sure", OUT_MS)
    assert doubted.spool.discarded == []


def test_sessions_are_remembered_beside_each_other_and_the_oldest_of_very_many_is_forgotten(doubted: Doubted) -> None:
    for number in range(99):
        doubted.doubts.note(f"later-{number}")
    assert not doubted.may_send("doubtful", OUT_MS)
    assert not doubted.may_send("later-98", OUT_MS)
    doubted.doubts.note("one too many")
    assert doubted.may_send("doubtful", OUT_MS)


def test_a_chunk_that_the_ledger_no_longer_knows_is_not_sent_either(doubted: Doubted) -> None:
    doubted.ledger.unknown = True
    assert not doubted.may_send("doubtful", OUT_MS)
    assert doubted.spool.discarded == []
