"""The thread that makes room and forgets."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from time import monotonic, sleep

import pytest

from recorder.ledger.ledger import LedgerCorrupt, LedgerUnwritable
from recorder.spool.housekeeping import Housekeeping
from recorder.spool.spool import SpoolUnwritable
from recorder.timing.timekeeping import Standing
from tests.unit.recorder.loop_parts import HandClock, PlayedKeeper


@dataclass
class PlayedJanitor:
    """`needed`: what looking says, or raises. `trouble`: what a round raises."""

    needed: bool | Exception = False
    trouble: Exception | None = None
    rounds: int = 0

    @property
    def is_needed(self) -> bool:
        if isinstance(self.needed, Exception):
            raise self.needed
        return self.needed

    def run_once(self) -> None:
        self.rounds += 1
        if self.trouble:
            raise self.trouble


@dataclass
class Memory:
    """Of ledger and credentials: what was forgotten."""

    pruned: int = 0
    kept: list[list[str]] = field(default_factory=list)

    def prune(self, now_ms: int) -> None:
        self.pruned += 1

    def waiting_devices(self) -> list[str]:
        return ["an earlier till"]

    def forget_all_but(self, needed: list[str]) -> None:
        self.kept.append(needed)


class Kept:
    """A housekeeping with its parts, running while the block lasts."""

    def __init__(self, janitor: PlayedJanitor, standing: Standing = Standing.RIGHT) -> None:
        self.janitor, self.memory = janitor, Memory()
        keeper = PlayedKeeper(HandClock(), standing)
        self.housekeeping = Housekeeping(janitor, self.memory, keeper, self.memory)
        self._thread = threading.Thread(target=self.housekeeping.run)

    def __enter__(self) -> "Kept":
        self._thread.start()
        eventually(lambda: self.janitor.rounds == 1)
        return self

    def __exit__(self, *_: object) -> None:
        self.housekeeping.stop()
        self._thread.join(10)
        assert not self._thread.is_alive()


def eventually(is_so: Callable[[], bool]) -> None:
    deadline = monotonic() + 10
    while not is_so():
        assert monotonic() < deadline
        sleep(0.001)


@pytest.fixture
def janitor() -> Iterator[PlayedJanitor]:
    return PlayedJanitor()


def test_a_look_wakes_only_where_something_must_go(janitor: PlayedJanitor) -> None:
    with Kept(janitor) as kept:
        kept.housekeeping.look()
        sleep(0.05)
        assert janitor.rounds == 1
        janitor.needed = True
        kept.housekeeping.look()
        eventually(lambda: janitor.rounds == 2)


def test_a_look_that_fails_wakes_and_raises_nothing(janitor: PlayedJanitor) -> None:
    janitor.needed = SpoolUnwritable("input/output error")
    with Kept(janitor) as kept:
        kept.housekeeping.look()
        eventually(lambda: janitor.rounds == 2)


@pytest.mark.parametrize(
    "trouble", [SpoolUnwritable("read-only"), LedgerUnwritable("no space left"), OSError("broken")]
)
def test_errors_of_a_round_are_said_and_do_not_end_it(
    janitor: PlayedJanitor, trouble: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    janitor.trouble, janitor.needed = trouble, True
    with Kept(janitor) as kept:
        eventually(lambda: "housekeeping_failed" in caplog.text)
        janitor.trouble = None
        kept.housekeeping.look()
        eventually(lambda: kept.janitor.rounds == 2)


def test_a_corrupt_ledger_ends_it_so_that_the_agent_starts_anew(janitor: PlayedJanitor) -> None:
    janitor.trouble = LedgerCorrupt("malformed")
    memory = Memory()
    with pytest.raises(LedgerCorrupt):
        Housekeeping(janitor, memory, PlayedKeeper(HandClock()), memory).run()


def test_what_is_old_is_forgotten_at_the_start_and_not_with_every_round(janitor: PlayedJanitor) -> None:
    janitor.needed = True
    with Kept(janitor) as kept:
        eventually(lambda: kept.memory.pruned == 1)
        kept.housekeeping.look()
        eventually(lambda: janitor.rounds == 2)
    assert (kept.memory.pruned, kept.memory.kept) == (1, [["an earlier till"]])


@pytest.mark.parametrize("standing", [Standing.WRONG, Standing.UNKNOWN, Standing.DOUBTFUL])
def test_nothing_is_forgotten_under_a_clock_that_is_not_known_to_be_right(
    janitor: PlayedJanitor, standing: Standing
) -> None:
    with Kept(janitor, standing) as kept:
        pass
    assert (kept.memory.pruned, kept.memory.kept) == (0, [])
