"""Whatever happens: the accounts stay a partition, and `changed_since` misses no second whose fate changed."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from simulated import HOUR, MINUTE, NOON, Machine, chunk

from recorder.fate import ChunkState, Condition
from recorder.ledger.accounting import Interval, account, totals, union
from recorder.ledger.ledger import Ledger
from recorder.ledger.ledger_spans import evidence
from recorder.timing.boot_time import Source

WINDOWS = [(NOON - HOUR, NOON + HOUR), (NOON + 2 * HOUR, NOON + 30 * HOUR), (NOON + 31 * HOUR, NOON + 90 * HOUR)]

EVENTS = st.lists(
    st.one_of(
        st.tuples(st.just("enter"), st.sampled_from(Condition)),
        st.tuples(st.just("chunk"), st.integers(0, 90_000)),
        st.tuples(st.just("state"), st.sampled_from(ChunkState)),
        st.tuples(st.just("pause"), st.integers(MINUTE, 2 * HOUR)),
        st.tuples(st.just("resume"), st.none()),
        st.tuples(st.just("tick"), st.integers(0, 70_000)),
        st.tuples(st.just("kill"), st.integers(0, 10 * MINUTE)),
        st.tuples(st.just("leave"), st.integers(0, 10 * MINUTE)),
        st.tuples(st.just("reboot"), st.integers(0, 5 * HOUR)),
        st.tuples(st.just("settle"), st.integers(-HOUR, HOUR)),
        st.tuples(st.just("drift"), st.integers(-100, 100)),
        st.tuples(st.just("step"), st.integers(-HOUR, HOUR)),
    ),
    max_size=14,
)


@dataclass
class History:
    """An agent on a simulated machine, driven by random events."""

    ledger: Ledger
    machine: Machine = field(default_factory=Machine)
    keys: list[str] = field(default_factory=list)

    def now_ms(self) -> int:
        return self.ledger.wall_ms(self.machine.now())

    def happen(self, event: str, value: object) -> None:
        ledger, machine, ms = self.ledger, self.machine, value if isinstance(value, int) else 0
        match event:
            case "enter":
                ledger.enter(Condition(str(value)), machine.now())
                machine.pass_time(20_000)
            case "chunk":
                start = machine.now()
                machine.pass_time(ms)
                if ms:
                    made = chunk(start, len(self.keys), ms)
                    ledger.add_chunk(made)
                    self.keys.append(made.key)
            case "state" if self.keys:
                ledger.set_state(self.keys[len(self.keys) // 2], ChunkState(str(value)))
            case "pause":
                ledger.pause(machine.now(), self.now_ms() + ms)
            case "resume":
                ledger.end_pause(machine.now())
            case "tick":
                machine.pass_time(ms)
                ledger.tick(machine.now())
            case "kill":
                machine.pass_time(ms)
                self._start_again()
            case "leave":
                ledger.leave(machine.now())
                machine.pass_time(ms)
            case "reboot":
                machine.reboot(ms)
                self._start_again()
            case "settle" | "drift":
                settled = machine.wall_ms() - machine.boot_ms() + ms
                ledger.settle_boot(machine.boot_id, settled, Source.SERVER, drifted=event == "drift")
            case "step":
                machine.step(ms)
                ledger.tick(machine.now())

    def _start_again(self) -> None:
        ledger = Ledger(self.ledger.path, self.machine)
        self.ledger.close()
        self.ledger = ledger
        ledger.enter(Condition.STARTING, self.machine.now())


def fates(intervals: list[Interval], until_ms: int) -> list[tuple[int, int, str]]:
    cut = [(i.start_ms, min(i.end_ms, until_ms), i.reason or i.fate) for i in intervals if i.start_ms < until_ms]
    return [(start, end, str(fate)) for start, end, fate in cut]


@pytest.fixture
def histories(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[], History]]:
    made: list[History] = []

    def make() -> History:
        for old in made:
            old.ledger.close()
        made.clear()
        machine = Machine()
        made.append(History(Ledger(tmp_path_factory.mktemp("ledger") / "ledger.db", machine), machine))
        return made[0]

    yield make
    for old in made:
        old.ledger.close()


@given(EVENTS)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_changed_is_all_that_changed_and_the_accounts_add_up(
    histories: Callable[[], History], events: list[tuple[str, object]]
) -> None:
    history = histories()
    for event, value in events:
        ledger, before_ms = history.ledger, history.now_ms()
        revision, before = ledger.revision, ledger.account(WINDOWS, before_ms)
        history.happen(event, value)
        ledger, after_ms = history.ledger, history.now_ms()
        after = ledger.account(WINDOWS, after_ms)
        changed_ms = ledger.changed_since(revision)
        same_until_ms = min(x for x in (before_ms, after_ms, changed_ms) if x is not None)
        assert fates(after, same_until_ms) == fates(before, same_until_ms) or same_until_ms <= ledger.known_from_ms

        scheduled = union((start, min(end, after_ms)) for start, end in WINDOWS)
        assert sum(totals(after).values()) == sum(end - start for start, end in scheduled)
        with ledger._file.reading() as db:
            everything = evidence(db, ledger._boots, 0, 2 * NOON, after_ms, history.machine.boot_id)
        assert after == account(everything, WINDOWS, after_ms)


@given(EVENTS)
@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_changed_since_any_revision_is_in_what_changed_since_an_earlier_one(
    histories: Callable[[], History], events: list[tuple[str, object]]
) -> None:
    history = histories()
    for event, value in events:
        history.happen(event, value)
    since = [history.ledger.changed_since(revision) for revision in range(history.ledger.revision + 1)]
    assert since[0] == history.ledger.known_from_ms
    assert since[-1] is None or len(since) == 1
    told = [ms for ms in since if ms is not None]
    assert told == sorted(told)
