"""Chunks get the time at which they were recorded, whatever the system clock says and when the truth is learnt."""

import pytest
from simulated import HOUR, NOON, Build, Machine

from recorder.fate import ChunkState
from recorder.timing.boot_time import Source
from recorder.timing.timekeeping import Standing


@pytest.mark.parametrize("wrong_by_ms", [-HOUR, HOUR])
def test_a_step_of_the_system_clock_in_mid_chunk_moves_no_stamp(build: Build, wrong_by_ms: int) -> None:
    recorder = build(Machine())
    recorder.machine.synchronise()
    recorder.record()
    recorder.record(lambda: recorder.machine.step(wrong_by_ms))
    recorder.machine.synchronised = False
    recorder.record(recorder.machine.synchronise)
    assert recorder.errors_ms() == [0, 0, 0]


@pytest.mark.parametrize("wrong_by_ms", [-HOUR, HOUR, -NOON])
def test_the_first_synchronisation_corrects_what_was_recorded_before_it(build: Build, wrong_by_ms: int) -> None:
    recorder = build(Machine(wrong_by_ms))
    recorder.record()
    recorder.record(recorder.machine.synchronise)
    assert recorder.errors_ms() == [0, 0]
    assert recorder.keeper.state.state is Standing.RIGHT
    assert recorder.keeper.state.source is Source.KERNEL
    assert recorder.ledger.entry(recorder.recorded[0][1].key).start_ms == NOON


def test_the_servers_time_counts_against_a_wrong_system_clock_even_a_synchronised_one(build: Build) -> None:
    recorder = build(Machine())
    recorder.machine.synchronise()
    recorder.machine.step(HOUR)
    recorder.record()
    assert recorder.errors_ms() == [HOUR]
    recorder.ask_server()
    recorder.record()
    assert max(map(abs, recorder.errors_ms())) <= 50
    state = recorder.keeper.state
    assert (state.state, state.source) == (Standing.WRONG, Source.SERVER)
    assert state.error_s == pytest.approx(3600, abs=0.1)
    assert abs(recorder.keeper.now_ms() - recorder.machine.true_ms) <= 50


def test_the_date_of_an_original_servers_answers_is_enough(build: Build) -> None:
    recorder = build(Machine(-5 * HOUR))
    recorder.record()
    for _ in range(8):
        recorder.ask_original_server()
        recorder.record()
    assert max(map(abs, recorder.errors_ms())) <= 300
    assert recorder.keeper.state.source is Source.HTTP_DATE


def test_a_date_that_is_none_is_passed_over(build: Build) -> None:
    recorder = build(Machine())
    for header in (None, "", "tomorrow", "Mon, 99 Foo 2026 00:00:00 GMT"):
        recorder.keeper.observe_http_date(header, 0, 10)
    assert not recorder.keeper.is_settled


def test_a_machine_without_battery_clock_is_in_doubt_until_somebody_knows_better(build: Build) -> None:
    recorder = build(Machine())
    recorder.ask_server()
    recorder.record()
    recorder.reboot(off_ms=10 * HOUR)
    assert recorder.keeper.state.state is Standing.DOUBTFUL
    recorder.machine.pass_time(HOUR)
    recorder.keeper.poll()
    assert recorder.keeper.state.state is Standing.DOUBTFUL
    recorder.record()
    recorder.ask_server()
    assert recorder.keeper.state.state is Standing.WRONG
    assert max(map(abs, recorder.errors_ms())) <= 50


def test_a_battery_clock_that_nobody_confirmed_is_unknown_but_believed(build: Build) -> None:
    recorder = build(Machine())
    recorder.ask_server()
    recorder.reboot(off_ms=10 * HOUR, error_ms=0)
    recorder.record()
    assert recorder.keeper.state.state is Standing.UNKNOWN
    assert max(map(abs, recorder.errors_ms())) <= 50


def test_a_clock_older_than_the_program_is_in_doubt(build: Build) -> None:
    recorder = build(Machine(-NOON))
    assert recorder.keeper.state.state is Standing.DOUBTFUL


def test_nothing_is_stamped_before_it_was_recorded_in_a_boot_that_never_learnt_the_time(build: Build) -> None:
    recorder = build(Machine())
    recorder.ask_server()
    recorder.reboot(off_ms=HOUR, error_ms=-NOON)
    began_ms = recorder.machine.true_ms
    unsure = recorder.record()
    recorder.reboot(off_ms=HOUR, error_ms=-NOON)
    assert recorder.keeper.stamp(unsure)[0] >= NOON
    recorder.ask_server()
    start_ms, end_ms = recorder.keeper.stamp(unsure)
    assert NOON <= start_ms <= began_ms
    assert end_ms <= recorder.machine.true_ms


def test_an_earlier_boot_whose_clock_was_ahead_is_pulled_before_the_next_one(build: Build) -> None:
    recorder = build(Machine(99 * HOUR))
    ahead = recorder.record()
    recorder.reboot(off_ms=HOUR, error_ms=0)
    began_ms = recorder.machine.true_ms
    recorder.ask_server()
    assert recorder.keeper.stamp(ahead)[1] <= began_ms + 50


def test_an_agent_that_starts_again_in_the_same_boot_still_knows_the_time(build: Build) -> None:
    recorder = build(Machine(-HOUR))
    recorder.ask_server()
    recorder.ledger.close()
    recorder.start()
    assert recorder.keeper.state.source is Source.SERVER
    assert abs(recorder.keeper.now_ms() - recorder.machine.true_ms) <= 50


def test_a_delivered_chunk_keeps_the_time_that_the_server_was_told(build: Build) -> None:
    recorder = build(Machine(-HOUR))
    told = recorder.record()
    stamp_ms, _ = recorder.keeper.stamp(told)
    recorder.ledger.set_state(told.key, ChunkState.DELIVERED, start_ms=stamp_ms)
    recorder.ask_server()
    assert recorder.ledger.entry(told.key).start_ms == stamp_ms == NOON - HOUR
