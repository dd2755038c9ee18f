"""What is believed of the time of the running boot, and how a reading changes it. Pure.

A reading bounds the offset (wall time = boot time + offset) from below and above: a server that said S between sending
and receiving was asked no earlier than sent and answered no later than received, so S - received <= offset <= S - sent.
An HTTP Date is that, up to a second later. Bounds of several readings are intersected, as Marzullo's algorithm does, so
that many rough readings make a good one; they widen with the crystal's drift while nothing steers the clock.
"""

from dataclasses import dataclass, replace
from enum import StrEnum

from recorder.timing.boot_time import Source

TOLERANCE_MS = 2_000
"""Two clocks further apart than this contradict each other."""
DRIFT_PPM = 100
"""A Pi's crystal is good to some 20 ppm, over temperature and age to 50; twice that is no drift."""
ROUGH_MS = 2_200
"""A Date is cut to the second, and may be another old: uvicorn makes it anew once a second."""
EXACT_MS = 20
"""The kernel's clock, where NTP steers it."""
STEERED_FOR_MS = 300_000
"""So long after the kernel was last seen synchronised its time is better than any answer over the network."""


@dataclass(frozen=True, slots=True)
class Reading:
    """At `boot_ms` the offset was between `low_ms` and `high_ms`."""

    source: Source
    low_ms: int
    high_ms: int
    boot_ms: int


@dataclass(frozen=True, slots=True)
class Belief:
    """`offset_ms`: settled at `anchored_boot_ms`, and still within the bounds at `checked_boot_ms`. `alone`: it holds
    for the whole boot, no drift was seen yet. `steered_boot_ms`: when the kernel last agreed. `doubted_by`: one reading
    as good as the believed ones that contradicts them; a second one like it is believed."""

    source: Source
    offset_ms: int
    low_ms: int
    high_ms: int
    anchored_boot_ms: int
    checked_boot_ms: int
    alone: bool = True
    steered_boot_ms: int | None = None
    doubted_by: Reading | None = None


class Change(StrEnum):
    """What the reading means for times told before. `whole`: they were all off by the same. `drifted`: the clock went
    slightly wrong since the last anchor."""

    NONE = "none"
    WHOLE = "whole"
    DRIFTED = "drifted"


def server_reading(server_ms: int, sent_boot_ms: int, received_boot_ms: int) -> Reading:
    low_ms, high_ms = server_ms - received_boot_ms, server_ms - sent_boot_ms
    return Reading(Source.SERVER, low_ms, high_ms, received_boot_ms)


def date_reading(date_ms: int, sent_boot_ms: int, received_boot_ms: int) -> Reading:
    """`date_ms`: of the HTTP Date header, which is cut to the second."""
    low_ms, high_ms = date_ms - received_boot_ms, date_ms + 999 - sent_boot_ms
    return Reading(Source.HTTP_DATE, low_ms, high_ms, received_boot_ms)


def kernel_reading(wall_ms: int, boot_ms: int) -> Reading:
    offset_ms = wall_ms - boot_ms
    return Reading(Source.KERNEL, offset_ms - EXACT_MS, offset_ms + EXACT_MS, boot_ms)


def weigh(belief: Belief | None, reading: Reading, system_ms: int | None = None) -> tuple[Belief, Change]:
    """The server's word beats the kernel's, the kernel's an HTTP Date, where they contradict each other; where they
    agree, the narrowest bounds count. `system_ms`: the system clock's own offset, preferred within the bounds: a clock
    that nobody can call wrong is rather right than half a second off, as the middle of a Date's second would be."""
    if belief is None:
        return _fresh(reading, system_ms), Change.WHOLE
    low_ms, high_ms = _widened(belief, reading.boot_ms)
    if max(reading.low_ms - high_ms, low_ms - reading.high_ms) > TOLERANCE_MS:
        return _contradicted(belief, reading, system_ms)
    source = max(belief.source, reading.source, key=lambda source: source.rank)
    agreed = replace(belief, source=source, doubted_by=None)
    if reading.source is Source.KERNEL:
        agreed = replace(agreed, steered_boot_ms=reading.boot_ms)
        return _narrowed(agreed, reading.low_ms, reading.high_ms, reading.boot_ms, system_ms)
    if belief.steered_boot_ms is not None and reading.boot_ms - belief.steered_boot_ms < STEERED_FOR_MS:
        return agreed, Change.NONE
    if reading.source.rank < belief.source.rank and high_ms - low_ms <= ROUGH_MS:
        return agreed, Change.NONE  # it only confirms
    low_ms, high_ms = max(low_ms, reading.low_ms), min(high_ms, reading.high_ms)
    if low_ms > high_ms:  # within the tolerance: two servers' clocks, or more drift than a crystal should have
        low_ms, high_ms = reading.low_ms, reading.high_ms
    return _narrowed(agreed, low_ms, high_ms, reading.boot_ms, system_ms)


def _fresh(reading: Reading, system_ms: int | None) -> Belief:
    steered = reading.boot_ms if reading.source is Source.KERNEL else None
    bounds = (reading.low_ms, reading.high_ms)
    offset_ms = _likeliest(*bounds, system_ms)
    return Belief(reading.source, offset_ms, *bounds, reading.boot_ms, reading.boot_ms, steered_boot_ms=steered)


def _likeliest(low_ms: int, high_ms: int, system_ms: int | None) -> int:
    return system_ms if system_ms is not None and low_ms <= system_ms <= high_ms else (low_ms + high_ms) // 2


def _widened(belief: Belief, boot_ms: int) -> tuple[int, int]:
    drift_ms = _drift_ms(boot_ms - belief.checked_boot_ms)
    return belief.low_ms - drift_ms, belief.high_ms + drift_ms


def _drift_ms(elapsed_ms: int) -> int:
    return max(elapsed_ms, 0) * DRIFT_PPM // 1_000_000


def _narrowed(belief: Belief, low_ms: int, high_ms: int, boot_ms: int, system_ms: int | None) -> tuple[Belief, Change]:
    belief = replace(belief, low_ms=low_ms, high_ms=high_ms, checked_boot_ms=boot_ms)
    if low_ms <= belief.offset_ms <= high_ms:
        return belief, Change.NONE
    offset_ms = _likeliest(low_ms, high_ms, system_ms)
    explained = abs(offset_ms - belief.offset_ms) <= _drift_ms(boot_ms - belief.anchored_boot_ms)
    drifted = explained or not belief.alone
    moved = replace(belief, offset_ms=offset_ms, anchored_boot_ms=boot_ms, alone=not drifted)
    return moved, Change.DRIFTED if drifted else Change.WHOLE


def _contradicted(belief: Belief, reading: Reading, system_ms: int | None) -> tuple[Belief, Change]:
    if reading.source.rank > belief.source.rank:
        return _fresh(reading, system_ms), Change.WHOLE
    if reading.source.rank < belief.source.rank:
        return belief, Change.NONE
    doubt = belief.doubted_by
    if doubt and max(reading.low_ms - doubt.high_ms, doubt.low_ms - reading.high_ms) <= TOLERANCE_MS:
        return _fresh(reading, system_ms), Change.WHOLE
    return replace(belief, doubted_by=reading), Change.NONE
