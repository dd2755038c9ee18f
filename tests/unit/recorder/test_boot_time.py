"""The wall time of boots whose clock was never known lies where it can only have been."""

from hypothesis import given, settings
from hypothesis import strategies as st

from recorder.timing.boot_time import Anchor, Boot, Source, last_known_ms, offset_at, settled

HOUR = 3_600_000
NOON = 1_800_000_000_000


def known(name: str, lasted_ms: int, began_ms: int) -> Boot:
    return Boot(name, lasted_ms, began_ms, Source.SERVER, (Anchor(0, began_ms),))


def unknown(name: str, lasted_ms: int, said_ms: int) -> Boot:
    return Boot(name, lasted_ms, said_ms)


def start_of(name: str, *boots: Boot) -> int:
    return offset_at(settled(boots)[name], 0)


def test_the_offset_between_two_anchors_is_interpolated_and_constant_outside() -> None:
    anchors = (Anchor(1_000, 500), Anchor(2_000, 600))
    assert [offset_at(anchors, boot_ms) for boot_ms in (0, 1_000, 1_500, 2_000, 9_000)] == [500, 500, 550, 600, 600]


def test_a_boot_at_1970_began_after_the_last_known_instant() -> None:
    assert start_of("b", known("a", HOUR, NOON), unknown("b", HOUR, 0)) == NOON + HOUR


def test_a_boot_with_a_plausible_clock_keeps_it() -> None:
    boots = known("a", HOUR, NOON), unknown("b", HOUR, NOON + 5 * HOUR), known("c", HOUR, NOON + 9 * HOUR)
    assert start_of("b", *boots) == NOON + 5 * HOUR


def test_a_boot_whose_clock_ran_ahead_ended_before_the_next_one_began() -> None:
    boots = known("a", HOUR, NOON), unknown("b", HOUR, NOON + 99 * HOUR), known("c", HOUR, NOON + 9 * HOUR)
    assert start_of("b", *boots) == NOON + 8 * HOUR


def test_several_unknown_boots_share_the_time_between_two_known_ones_in_order() -> None:
    between = [unknown(name, HOUR, said) for name, said in (("b", 0), ("c", NOON + 99 * HOUR), ("d", 5))]
    found = settled([known("a", HOUR, NOON), *between, known("e", HOUR, NOON + 9 * HOUR)])
    starts = [offset_at(found[name], 0) for name in "abcde"]
    assert starts == [NOON, NOON + HOUR, NOON + 7 * HOUR, NOON + 8 * HOUR, NOON + 9 * HOUR]


def test_the_last_known_instant_is_of_boots_whose_time_is_known() -> None:
    assert last_known_ms([known("a", HOUR, NOON), unknown("b", HOUR, NOON + 99 * HOUR)]) == NOON + HOUR
    assert last_known_ms([unknown("b", HOUR, NOON)]) is None


@st.composite
def histories(draw: st.DrawFn) -> list[Boot]:
    """True boots one after the other; of some the time is known, the clock of others says anything."""
    boots, now_ms = [], NOON
    for number in range(draw(st.integers(1, 6))):
        now_ms += draw(st.integers(0, 5 * HOUR))
        lasted_ms = draw(st.integers(0, 5 * HOUR))
        if draw(st.booleans()):
            boots.append(known(str(number), lasted_ms, now_ms))
        else:
            boots.append(unknown(str(number), lasted_ms, draw(st.integers(0, 2 * NOON))))
        now_ms += lasted_ms
    return boots


@given(histories())
@settings(max_examples=100)
def test_boots_never_overlap_and_the_known_ones_stay_where_they_are(boots: list[Boot]) -> None:
    found = settled(boots)
    end_ms: int | None = None
    for boot in boots:
        start_ms = offset_at(found[boot.boot_id], 0)
        if boot.anchors:
            assert found[boot.boot_id] == boot.anchors
        assert end_ms is None or start_ms >= end_ms
        end_ms = start_ms + boot.last_boot_ms
