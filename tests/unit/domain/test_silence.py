"""Which devices are silent."""

from domain.coverage import PATIENCE_MS
from domain.silence import Heard, Silence, silence
from domain.timeline import Span

HOUR = 3_600_000
OPEN = [Span(8 * HOUR, 12 * HOUR), Span(13 * HOUR, 20 * HOUR)]
NOON = 10 * HOUR


def test_a_device_that_sends_is_not_silent() -> None:
    assert silence(OPEN, Heard(0, NOON - 60_000, NOON - 60_000), NOON) is None


def test_a_device_whose_audio_stopped_is_silent_since_then() -> None:
    last = NOON - PATIENCE_MS - 1
    assert silence(OPEN, Heard(0, last, last), NOON) == Silence(last, reports=False)
    assert silence(OPEN, Heard(0, last + 1, last), NOON) is None


def test_a_device_that_reports_and_sends_no_audio_is_told_apart() -> None:
    assert silence(OPEN, Heard(0, 9 * HOUR, NOON - 1), NOON) == Silence(9 * HOUR, reports=True)


def test_closed_hours_are_no_silence() -> None:
    assert silence(OPEN, Heard(0, 11 * HOUR, None), 12 * HOUR + 1_800_000) is None
    assert silence(OPEN, Heard(0, 7 * HOUR, None), 7 * HOUR + 1_800_000) is None
    assert silence([], Heard(0, None, None), NOON) is None


def test_silence_begins_with_the_present_opening_not_with_yesterday() -> None:
    assert silence(OPEN, Heard(0, -5 * HOUR, None), NOON) == Silence(8 * HOUR, reports=False)
    assert silence(OPEN, Heard(0, 9 * HOUR, None), 14 * HOUR) == Silence(13 * HOUR, reports=False)


def test_a_new_device_that_never_sent_is_silent_since_it_was_placed() -> None:
    assert silence(OPEN, Heard(9 * HOUR, None, None), NOON) == Silence(9 * HOUR, reports=False)
