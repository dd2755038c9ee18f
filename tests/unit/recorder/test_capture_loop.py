"""What the capture loop does at every moment: by the schedule, pauses, the microphone and the disk."""

from itertools import pairwise

import pytest

from recorder.capture import capture_loop
from recorder.fate import Condition
from recorder.microphone.microphone import Microphone, MicrophoneBusy, NoMicrophone
from recorder.spool.spool import DiskFull, SpoolUnwritable
from recorder.timing.timekeeping import Standing
from tests.unit.recorder.loop_parts import EIGHT_MS, NINE_MS, TEN_PM_MS, HandClock, Shop, recorded

HERE = Microphone("plughw:CARD=Mic,DEV=0", None, 0, "")
GONE = NoMicrophone(None, ())
TROUBLES = (
    (Condition.NO_MICROPHONE, GONE),
    (Condition.MICROPHONE_BUSY, MicrophoneBusy(HERE, None)),
    (Condition.DISK_FULL, DiskFull("no space left")),
    (Condition.SPOOL_UNWRITABLE, SpoolUnwritable("read-only file system")),
    (Condition.SPOOL_UNWRITABLE, OSError("input/output error")),
)


@pytest.fixture
def shop() -> Shop:
    return Shop()


def test_within_the_schedule_a_capture_starts_at_once_and_is_recording_when_sound_comes(shop: Shop) -> None:
    shop.loop.step()
    assert shop.loop.now.condition is Condition.STARTING
    shop.record()
    assert (shop.ledger.conditions, shop.changes) == ([Condition.STARTING, Condition.RECORDING], 2)
    assert shop.loop.now.in_schedule
    assert shop.loop.now.microphone == HERE


def test_what_an_earlier_run_left_is_put_in_order_and_salvaged_before_anything_is_recorded(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(capture_loop, "salvage", lambda _: iter([recorded("before", 3, HandClock())]))
    shop = Shop()
    assert (shop.spool.reconciled, shop.spool.kept, shop.captures) == (1, ["before-000003"], [])


def test_outside_the_schedule_nothing_is_recorded_and_the_start_is_not_missed_by_a_second(shop: Shop) -> None:
    shop.clock.now_ms = EIGHT_MS - 2_500
    shop.loop.step()
    assert (shop.loop.now.condition, shop.captures) == (Condition.OUT_OF_HOURS, [])
    while not shop.captures:
        shop.clock.now_ms += round(shop.loop.wait_s() * 1000)
        shop.loop.step()
    assert shop.clock.now_ms == EIGHT_MS


def test_the_end_of_the_schedule_stops_the_capture_within_a_second_and_keeps_its_last_chunk(shop: Shop) -> None:
    shop.clock.now_ms = TEN_PM_MS - 1_700
    capture = shop.record()
    capture.last_words = 1
    shop.pass_s(5)
    assert capture.stopped_after_ms is not None
    assert TEN_PM_MS <= capture.stopped_after_ms < TEN_PM_MS + 1000
    assert shop.spool.kept == [f"{capture.session_id}-000000"]
    assert (shop.loop.now.condition, shop.loop.now.in_schedule) == (Condition.OUT_OF_HOURS, False)
    assert (len(shop.captures), shop.loop.now.progress, shop.loop.now.microphone) == (1, None, None)


def test_a_pause_stops_the_capture_at_once_and_ends_by_itself(shop: Shop) -> None:
    capture = shop.record()
    shop.pause_for_s(900)
    shop.pass_s(1)
    assert capture.stopped_after_ms == NINE_MS + 1000
    assert (shop.loop.now.condition, shop.loop.now.pause) == (Condition.PAUSED, shop.pauses.pause)
    shop.pass_s(898)
    assert len(shop.captures) == 1
    shop.pass_s(2)
    assert len(shop.captures) == 2
    assert shop.ledger.pauses == ["ended", "begun", "ended"]
    assert shop.loop.now.pause is None


def test_resume_ends_a_pause_before_its_time(shop: Shop) -> None:
    shop.record()
    shop.pause_for_s(900)
    shop.pass_s(1)
    shop.pauses.pause = None
    shop.pass_s(1)
    assert (len(shop.captures), shop.ledger.pauses[-1]) == (2, "ended")


def test_a_restarted_agent_stays_paused(shop: Shop) -> None:
    shop.pause_for_s(900)
    again = Shop(shop.pauses)
    again.loop.step()
    assert (again.loop.now.condition, again.captures, again.ledger.pauses) == (Condition.PAUSED, [], ["begun"])


def test_a_pause_outside_the_schedule_is_a_pause(shop: Shop) -> None:
    shop.clock.now_ms = TEN_PM_MS + 1
    shop.pause_for_s(60)
    shop.loop.step()
    assert shop.loop.now.condition is Condition.PAUSED
    shop.pass_s(61)
    assert shop.loop.now.condition is Condition.OUT_OF_HOURS


@pytest.mark.parametrize(("condition", "trouble"), TROUBLES)
def test_each_trouble_is_the_condition_of_its_name_said_once_however_long_it_lasts(
    shop: Shop, condition: Condition, trouble: Exception
) -> None:
    if isinstance(trouble, NoMicrophone | MicrophoneBusy):
        shop.microphone = trouble
    else:
        shop.spool.unprepared = trouble
    shop.loop.step()
    shop.pass_s(600)
    assert shop.ledger.conditions == [Condition.STARTING, condition]
    assert shop.ledger.entered[-1][1] == shop.loop.now.detail
    assert str(trouble) in shop.loop.now.detail
    assert shop.changes == 2


def test_a_capture_that_cannot_start_for_the_disk_is_said_and_tried_again(shop: Shop) -> None:
    shop.unstartable = OSError("read-only file system")
    shop.loop.step()
    assert shop.loop.now.condition is Condition.SPOOL_UNWRITABLE
    shop.unstartable = None
    shop.pass_s(2)
    assert shop.captures[-1].unstartable is None
    shop.record()


def test_a_capture_that_ends_by_itself_is_the_condition_it_names_and_its_last_chunk_is_kept(shop: Shop) -> None:
    capture = shop.record()
    capture.last_words = 1
    capture.break_off(Condition.NO_MICROPHONE, "the microphone was unplugged or failed")
    shop.loop.step()
    assert shop.ledger.entered[-1] == (Condition.NO_MICROPHONE, "the microphone was unplugged or failed")
    assert shop.spool.kept == [f"{capture.session_id}-000000"]


def test_a_capture_that_gives_nothing_is_ended_and_tried_again(shop: Shop) -> None:
    shop.loop.step()
    for _ in range(25):
        shop.clock.now_ms += 1000
        shop.loop.step()
    assert shop.captures[0].stopped_after_ms is not None
    assert (shop.loop.now.condition, len(shop.captures)) == (Condition.MICROPHONE_DEAD, 2)


def test_a_lasting_fault_is_tried_again_after_2_4_8_up_to_60_s(shop: Shop) -> None:
    shop.microphone = GONE
    shop.loop.step()
    shop.pass_s(300)
    waits_s = [(later - earlier) / 1000 for earlier, later in pairwise(shop.tries_ms)]
    assert waits_s[:7] == [2, 4, 8, 16, 32, 60, 60]


def test_a_microphone_that_is_back_is_recorded_from_without_another_word_and_a_good_chunk_resets_the_wait(
    shop: Shop,
) -> None:
    shop.microphone = GONE
    shop.loop.step()
    shop.pass_s(20)
    shop.microphone = HERE
    shop.pass_s(16)
    capture = shop.record()
    assert shop.ledger.conditions == [Condition.STARTING, Condition.NO_MICROPHONE, Condition.RECORDING]
    capture.cut()
    capture.break_off(Condition.NO_MICROPHONE, "gone again")
    shop.microphone = GONE
    shop.loop.step()
    shop.tries_ms.clear()
    ended_ms = shop.clock.now_ms
    shop.pass_s(7)
    assert [at_ms - ended_ms for at_ms in shop.tries_ms] == [2000, 6000]


def test_without_a_good_chunk_the_wait_goes_on_growing(shop: Shop) -> None:
    for wait_s in (2, 4, 8):
        shop.loop.step()
        capture = shop.capture
        capture.break_off(Condition.CAPTURE_FAILED, "ffmpeg ended with code 1")
        shop.loop.step()
        shop.pass_s(wait_s - 1)
        assert shop.capture is capture
        shop.pass_s(1)
        assert shop.capture is not capture


def test_the_end_of_the_schedule_resets_the_wait(shop: Shop) -> None:
    shop.microphone = GONE
    shop.clock.now_ms = TEN_PM_MS - 60_000
    shop.loop.step()
    shop.pass_s(61)
    assert shop.loop.now.condition is Condition.OUT_OF_HOURS
    shop.clock.now_ms = EIGHT_MS + 24 * 3_600_000
    shop.tries_ms.clear()
    shop.loop.step()
    shop.pass_s(2)
    assert len(shop.tries_ms) == 2


def test_a_clock_in_doubt_records_out_of_hours_and_the_session_is_noted(shop: Shop) -> None:
    shop.clock.now_ms, shop.keeper.standing = TEN_PM_MS + 3_600_000, Standing.DOUBTFUL
    capture = shop.record()
    assert (shop.doubts, shop.loop.now.in_schedule) == ([capture.session_id], False)
    shop.keeper.standing = Standing.RIGHT
    shop.pass_s(1)
    assert capture.stopped_after_ms is not None
    assert shop.loop.now.condition is Condition.OUT_OF_HOURS


@pytest.mark.parametrize("standing", [Standing.RIGHT, Standing.WRONG, Standing.UNKNOWN])
def test_a_clock_that_is_not_in_doubt_leaves_no_note(shop: Shop, standing: Standing) -> None:
    shop.keeper.standing = standing
    shop.record()
    assert shop.doubts == []


def test_a_chunk_that_cannot_be_kept_is_left_for_salvage_and_the_agent_goes_on(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    capture = shop.record()
    left = capture.cut()
    shop.spool.refusal = DiskFull("no space left")
    shop.pass_s(2)
    assert (shop.loop.now.condition, shop.spool.kept, shop.chunks) == (Condition.RECORDING, [], 0)
    shop.spool.refusal = None
    monkeypatch.setattr(capture_loop, "salvage", lambda _: iter([left]))
    capture.break_off(Condition.CAPTURE_FAILED, "")
    shop.pass_s(3)
    assert (shop.spool.kept, shop.chunks) == ([left.chunk.key], 1)


def test_the_ledger_hears_each_minute_that_the_condition_lasts(shop: Shop) -> None:
    shop.record()
    entered_ms = shop.clock.now_ms
    shop.pass_s(190)
    assert [at_ms - entered_ms for at_ms in shop.ledger.ticks_ms] == [60_000, 120_000, 180_000]


def test_the_ledger_hears_it_with_every_chunk_so_that_the_disk_wakes_once(shop: Shop) -> None:
    capture = shop.record()
    for _ in range(3):
        shop.pass_s(55)
        capture.cut()
        shop.pass_s(1)
    assert [at_ms - NINE_MS for at_ms in shop.ledger.ticks_ms] == [56_000, 112_000, 168_000]
    assert shop.chunks == 3


def test_now_tells_the_last_chunk_and_from_where_on_the_sound_is_no_chunk_yet(shop: Shop) -> None:
    capture, begun_ms = shop.record(), shop.clock.boot_ms()
    assert (shop.loop.now.last_chunk_boot_ms, shop.loop.now.unfinished_from_boot_ms) == (None, begun_ms)
    shop.pass_s(5)
    chunk = capture.cut().chunk
    shop.pass_s(1)
    assert shop.loop.now.last_chunk_boot_ms == begun_ms + 6000
    assert shop.loop.now.unfinished_from_boot_ms == chunk.start.boot_ms + chunk.length_ms
    shop.loop.finish()
    assert shop.loop.now.unfinished_from_boot_ms is None


def test_the_end_for_good_keeps_the_last_chunk_and_says_good_bye(shop: Shop) -> None:
    capture = shop.record()
    capture.last_words = 1
    shop.loop.finish()
    assert (len(shop.spool.kept), shop.chunks, shop.ledger.left) == (1, 1, True)
    assert capture.stopped_after_ms == shop.clock.now_ms


def test_the_end_for_good_needs_no_capture(shop: Shop) -> None:
    shop.loop.finish()
    assert (shop.ledger.left, shop.captures) == (True, [])
