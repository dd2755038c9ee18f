"""What the agent was doing, over kills, power cuts and pauses."""

from simulated import HOUR, MINUTE, NOON, Machine, chunk, fates

from recorder.fate import Condition
from recorder.ledger.ledger import Ledger
from recorder.timing.boot_time import Source


def test_after_a_kill_the_time_from_the_last_tick_to_the_next_start_is_off(machine: Machine, ledger: Ledger) -> None:
    ledger.enter(Condition.NO_MICROPHONE, machine.now())
    machine.pass_time(5 * MINUTE)
    ledger.tick(machine.now())
    machine.pass_time(7 * MINUTE)
    ledger.close()
    again = Ledger(ledger.path, machine)
    again.enter(Condition.STARTING, machine.now())
    machine.pass_time(MINUTE)
    assert fates(again, NOON + 13 * MINUTE) == [(0, 5, "no_microphone"), (5, 12, "off"), (12, 13, "starting")]
    again.close()


def test_what_was_recorded_and_not_salvaged_before_a_kill_is_off(machine: Machine, ledger: Ledger) -> None:
    ledger.enter(Condition.RECORDING, machine.now())
    ledger.add_chunk(chunk(machine.now(), length_ms=3 * MINUTE))
    machine.pass_time(4 * MINUTE)
    ledger.tick(machine.now())
    assert fates(ledger, NOON + 4 * MINUTE) == [(0, 4, "waiting")]
    machine.pass_time(6 * MINUTE)
    again = Ledger(ledger.path, machine)
    again.enter(Condition.RECORDING, machine.now())
    machine.pass_time(MINUTE)
    assert fates(again, NOON + 11 * MINUTE) == [(0, 3, "waiting"), (3, 10, "off"), (10, 11, "waiting")]
    again.close()


def test_an_agent_that_has_not_ticked_for_long_does_not_run(machine: Machine, ledger: Ledger) -> None:
    ledger.enter(Condition.MICROPHONE_BUSY, machine.now())
    machine.pass_time(2 * MINUTE)
    ledger.tick(machine.now())
    beside = Ledger.attach(ledger.path, machine)
    assert fates(beside, NOON + 5 * MINUTE) == [(0, 5, "microphone_busy")]
    assert fates(beside, NOON + 6 * MINUTE) == [(0, 2, "microphone_busy"), (2, 6, "off")]
    beside.close()


def test_the_same_condition_again_is_the_same_span(ledger: Ledger, machine: Machine) -> None:
    for _ in range(5):
        ledger.enter(Condition.NO_MICROPHONE, machine.now(), "no card")
        machine.pass_time(MINUTE)
    ledger.leave(machine.now())
    with ledger._file.reading() as db:
        assert db.execute("SELECT count(*) FROM spans").fetchone() == (1,)
    assert fates(ledger, NOON + 6 * MINUTE) == [(0, 5, "no_microphone"), (5, 6, "off")]


def test_a_condition_that_is_noticed_late_begins_when_it_began(ledger: Ledger, machine: Machine) -> None:
    ledger.enter(Condition.RECORDING, machine.now())
    ledger.add_chunk(chunk(machine.now(), length_ms=2 * MINUTE))
    machine.pass_time(2 * MINUTE)
    stalled = machine.now()
    machine.pass_time(MINUTE)
    ledger.tick(machine.now())
    ledger.enter(Condition.MICROPHONE_DEAD, stalled)
    machine.pass_time(MINUTE)
    assert fates(ledger, NOON + 4 * MINUTE) == [(0, 2, "waiting"), (2, 4, "microphone_dead")]


def test_a_pause_survives_a_power_cut_and_ends_when_it_should(machine: Machine, ledger: Ledger) -> None:
    ledger.enter(Condition.PAUSED, machine.now())
    ledger.pause(machine.now(), NOON + 30 * MINUTE)
    machine.pass_time(MINUTE)
    ledger.close()
    machine.reboot(off_ms=59 * MINUTE, error_ms=0)
    again = Ledger(ledger.path, machine)
    again.enter(Condition.STARTING, machine.now())
    assert fates(again, NOON + HOUR) == [(0, 30, "paused"), (30, 60, "off")]
    again.close()


def test_a_pause_for_a_while_moves_with_the_clock_and_can_be_ended(ledger: Ledger, machine: Machine) -> None:
    ledger.pause(machine.now(), NOON + 30 * MINUTE, lasts_ms=30 * MINUTE)
    ledger.settle_boot(machine.boot_id, NOON + HOUR, Source.SERVER)
    assert (60, 90, "paused") in fates(ledger, NOON + 2 * HOUR)
    machine.pass_time(10 * MINUTE)
    ledger.end_pause(machine.now())
    assert (60, 70, "paused") in fates(ledger, NOON + 2 * HOUR)


def test_a_new_pause_takes_the_place_of_one_that_holds(ledger: Ledger, machine: Machine) -> None:
    first = machine.now()
    ledger.pause(first, NOON + 60 * MINUTE)
    machine.pass_time(10 * MINUTE)
    ledger.pause(machine.now(), NOON + 20 * MINUTE, lasts_ms=10 * MINUTE)
    assert fates(ledger, NOON + HOUR) == [(0, 20, "paused"), (20, 60, "off")]


def test_a_stopped_agent_is_off_from_the_last_chunk_on(ledger: Ledger, machine: Machine) -> None:
    ledger.enter(Condition.RECORDING, machine.now())
    ledger.add_chunk(chunk(machine.now(), length_ms=2 * MINUTE))
    machine.pass_time(3 * MINUTE)
    ledger.leave(machine.now())
    assert fates(ledger, NOON + 4 * MINUTE) == [(0, 2, "waiting"), (2, 4, "off")]
