"""From the time since boot to wall time. Pure.

CLOCK_BOOTTIME never steps within a boot, so `wall = boot_ms + offset` needs one offset per boot: then a step of the
wall clock moves nothing that is remembered. Where nothing steers the boot clock (no NTP) its crystal drifts by some
20 ppm, 1.7 s a day; so a boot may have several anchors, and between two of them the offset is interpolated.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise


class Source(StrEnum):
    """Who said so, from the least trusted to the most."""

    HTTP_DATE = "http_date"
    KERNEL = "kernel"
    SERVER = "server"

    @property
    def rank(self) -> int:
        return list(Source).index(self)


@dataclass(frozen=True, slots=True)
class Anchor:
    """At `boot_ms` of its boot, wall time was `boot_ms + offset_ms`."""

    boot_ms: int
    offset_ms: int


@dataclass(frozen=True, slots=True)
class Boot:
    """`last_boot_ms`: the latest instant of it that was seen. `system_offset_ms`: what the system clock said last.
    `anchors`: in order, what was learnt from `source`; none: the boot's time was never known."""

    boot_id: str
    last_boot_ms: int
    system_offset_ms: int
    source: Source | None = None
    anchors: tuple[Anchor, ...] = ()


def offset_at(anchors: Sequence[Anchor], boot_ms: int) -> int:
    """Interpolated between two anchors, constant before the first and after the last."""
    if boot_ms <= anchors[0].boot_ms:
        return anchors[0].offset_ms
    for left, right in pairwise(anchors):
        if boot_ms < right.boot_ms:
            moved = (right.offset_ms - left.offset_ms) * (boot_ms - left.boot_ms)
            return left.offset_ms + moved // (right.boot_ms - left.boot_ms)
    return anchors[-1].offset_ms


def settled(boots: Sequence[Boot]) -> dict[str, tuple[Anchor, ...]]:
    """The anchors of every boot, in the order in which the machine booted.

    A boot whose time was never known keeps its own clock's, but it begins after all that is known of earlier boots
    (nothing is stamped before it was recorded) and ends before the next known one began.
    """
    earliest = _earliest_starts(boots)
    latest = _latest_starts(boots)
    result: dict[str, tuple[Anchor, ...]] = {}
    end_of_previous: int | None = None
    for boot, not_before, not_after in zip(boots, earliest, latest, strict=True):
        anchors = boot.anchors
        if not anchors:
            start = boot.system_offset_ms
            if end_of_previous is not None:
                start = max(start, end_of_previous)
            if not_after is not None:
                start = min(start, not_after)
            if not_before is not None:
                start = max(start, not_before)
            anchors = (Anchor(0, start),)
        result[boot.boot_id] = anchors
        end_of_previous = boot.last_boot_ms + offset_at(anchors, boot.last_boot_ms)
    return result


def last_known_ms(boots: Sequence[Boot]) -> int | None:
    """The latest wall time of these boots that is known to be right."""
    ends = [boot.last_boot_ms + offset_at(boot.anchors, boot.last_boot_ms) for boot in boots if boot.anchors]
    return max(ends, default=None)


def _earliest_starts(boots: Sequence[Boot]) -> list[int | None]:
    """After the last known boot and all the unknown ones between."""
    starts: list[int | None] = []
    known: int | None = None
    for boot in boots:
        starts.append(known)
        if boot.anchors:
            known = boot.last_boot_ms + offset_at(boot.anchors, boot.last_boot_ms)
        elif known is not None:
            known += boot.last_boot_ms
    return starts


def _latest_starts(boots: Sequence[Boot]) -> list[int | None]:
    """Early enough for it and the unknown ones after it to end before the next known boot began."""
    starts: list[int | None] = []
    known: int | None = None
    for boot in reversed(boots):
        if boot.anchors:
            known = offset_at(boot.anchors, 0)
        elif known is not None:
            known -= boot.last_boot_ms
        starts.append(known)
    return starts[::-1]
