"""When systemd's watchdog is fed."""

import pytest

from recorder.service.notify import Loop, Notifier, Watchdog, late


class SetClock:
    """A clock that a test sets."""

    boot_id = "boot"

    def __init__(self) -> None:
        self.now_ms = 0

    def boot_ms(self) -> int:
        return self.now_ms

    def wall_ms(self) -> int:
        return self.now_ms

    def is_synchronised(self) -> bool:
        return True


def _watchdog() -> tuple[SetClock, Watchdog]:
    clock = SetClock()
    loops = (Loop("capture", 10.0), Loop("upload", 120.0))
    return clock, Watchdog(loops, Notifier(None), clock)


def test_it_is_fed_while_every_loop_is_within_its_limit() -> None:
    clock, watchdog = _watchdog()
    clock.now_ms = 10_000
    assert watchdog.feed()


def test_one_late_loop_starves_it_however_lively_the_others_are() -> None:
    clock, watchdog = _watchdog()
    clock.now_ms = 10_001
    watchdog.stamp("upload")
    assert watchdog.late() == ["capture"]
    assert not watchdog.feed()


def test_a_loop_that_comes_back_is_forgiven() -> None:
    clock, watchdog = _watchdog()
    clock.now_ms = 60_000
    assert not watchdog.feed()
    watchdog.stamp("capture")
    assert watchdog.feed()


def test_a_loop_that_is_not_watched_cannot_stamp() -> None:
    with pytest.raises(KeyError, match="uploader"):
        _watchdog()[1].stamp("uploader")


def test_all_late_loops_are_named() -> None:
    assert late({"a": 0, "b": 5, "c": 0}, {"a": 1, "b": 10, "c": 2}, 8) == ["a", "c"]
