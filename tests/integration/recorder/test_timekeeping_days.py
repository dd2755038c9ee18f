"""Long and random histories of a recorder's clock: drift, small corrections, and any mixture of what can happen."""

from itertools import pairwise

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from simulated import HOUR, MINUTE, NOON, Build, Machine, Recorder

from recorder.fate import ChunkState
from recorder.timing.timekeeping import OVERLAP_MS


@pytest.mark.parametrize("ppm", [-40, 40])
def test_a_day_without_ntp_drifts_neither_the_stamps_nor_the_gaps_between_them(build: Build, ppm: int) -> None:
    recorder = build(Machine(ppm=ppm))
    end_ms = None
    for _ in range(5 * 60):
        recorder.ask_server()
        made = recorder.record()
        start_ms, _ = recorder.keeper.stamp(made)
        recorder.ledger.set_state(made.key, ChunkState.DELIVERED, start_ms=start_ms)
        assert abs(start_ms - recorder.recorded[-1][0]) <= 100
        assert end_ms is None or -OVERLAP_MS <= start_ms - end_ms - 100 <= 150
        end_ms = start_ms + made.length_ms


def test_a_small_correction_backwards_is_spread_over_the_chunks(build: Build) -> None:
    recorder = build(Machine(1_500))
    starts = []
    for number in range(9):
        made = recorder.record(recorder.machine.synchronise if number == 1 else lambda: None)
        starts.append(recorder.keeper.stamp(made)[0])
        recorder.ledger.set_state(made.key, ChunkState.DELIVERED, start_ms=starts[-1])
    gaps = [later - earlier - MINUTE for earlier, later in pairwise(starts)]
    assert all(gap >= -OVERLAP_MS for gap in gaps)
    assert starts[0] == NOON + 1_500
    assert starts[-1] == NOON + 8 * MINUTE


EVENTS = st.lists(
    st.tuples(
        st.sampled_from(["step", "synchronise", "server", "date", "restart", "reboot", "wait"]),
        st.integers(-3 * HOUR, 3 * HOUR),
    ),
    max_size=10,
)


@given(EVENTS)
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_whatever_the_clock_did_every_boot_that_ever_learnt_the_time_has_the_right_one(
    tmp_path_factory: pytest.TempPathFactory, events: list[tuple[str, int]]
) -> None:
    recorder = Recorder(tmp_path_factory.mktemp("ledger") / "ledger.db", Machine(-HOUR))
    learnt = set()
    for event, ms in events:
        recorder.record()
        match event:
            case "step":
                recorder.machine.step(ms)
                recorder.machine.synchronised = False
            case "synchronise":
                recorder.machine.synchronise()
                recorder.keeper.poll()
            case "server":
                recorder.ask_server()
            case "date":
                recorder.ask_original_server()
            case "restart":
                recorder.ledger.close()
                recorder.start()
            case "reboot":
                recorder.reboot(abs(ms))
            case "wait":
                recorder.machine.pass_time(abs(ms))
                recorder.keeper.poll()
        if event in ("synchronise", "server", "date"):
            learnt.add(recorder.machine.boot_id)
    recorder.record()
    recorder.ask_server()
    learnt.add(recorder.machine.boot_id)
    for (_, made), error_ms in zip(recorder.recorded, recorder.errors_ms(), strict=True):
        if made.start.boot_id in learnt:
            assert abs(error_ms) <= 650
    by_boot = {made.start.boot_id: recorder.keeper.stamp(made) for _, made in recorder.recorded}
    stamps = list(by_boot.values())
    assert all(earlier[1] <= later[0] + 1_300 for earlier, later in pairwise(stamps))
    recorder.ledger.close()
