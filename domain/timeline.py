"""What a dialogue is made of: spans of time, received audio, speech in it. Integer ms since the epoch, UTC."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple

from domain.ids import ChunkId, SessionId


class Span(NamedTuple):
    """Half-open stretch of time."""

    start_ms: int
    end_ms: int

    def touches(self, other: "Span") -> bool:
        """True where the two overlap or meet."""
        return self.start_ms <= other.end_ms and other.start_ms <= self.end_ms

    def contains(self, other: "Span") -> bool:
        """True where the other lies wholly inside."""
        return self.start_ms <= other.start_ms and other.end_ms <= self.end_ms

    def widened(self, by_ms: int) -> "Span":
        """The span with `by_ms` more on each side."""
        return Span(self.start_ms - by_ms, self.end_ms + by_ms)


@dataclass(frozen=True, slots=True)
class Rules:
    """The numbers of sessionisation, in milliseconds.

    Raises ValueError where `max_ms` is so short that a change would reach beyond the audio that is loaded around it.
    """

    silence_ms: int = 12_000
    """A longer silence always splits."""
    max_ms: int = 120_000
    """A longer dialogue is split at its longest pause."""
    contiguity_ms: int = 500
    """Chunks that meet within this are contiguous: codec padding."""
    lateness_ms: int = 600_000
    """How long audio that was never received may still arrive."""
    revise_wait_ms: int = 120_000
    """How long a revised dialogue rests after its last change."""

    def __post_init__(self) -> None:
        if self.max_ms < self.silence_ms + 4 * self.contiguity_ms:
            raise ValueError(
                f"a dialogue's limit of {self.max_ms} ms must exceed the silence of {self.silence_ms} ms "
                f"by {4 * self.contiguity_ms} ms or more"
            )

    @property
    def reach_ms(self) -> int:
        """A dialogue depends on nothing beyond [end - reach, start + reach]."""
        return self.max_ms + self.silence_ms

    @property
    def join_reach_ms(self) -> int:
        """How far from a chunk the joining of two other lanes may depend on it."""
        return self.silence_ms + 2 * self.contiguity_ms

    def affected(self, change: Span) -> Span:
        """Dialogues that lie wholly inside may differ after the change; no other can."""
        return change.widened(self.reach_ms + self.join_reach_ms)

    def window(self, change: Span) -> Span:
        """What to load to rebuild every affected dialogue: the reach, and twice the reach around it."""
        return change.widened(3 * self.reach_ms)


@dataclass(frozen=True, slots=True)
class Coverage:
    """Decoded audio of one chunk; `end_ms` comes from the decoded length. Recorders that know no capture runs
    send neither run nor number."""

    chunk_id: ChunkId
    start_ms: int
    end_ms: int
    run: SessionId | None = None
    seq: int | None = None


class Fate(Enum):
    """What became of a received chunk, as far as dialogues are concerned."""

    AUDIBLE = "audible"
    """Decoded and taken into account."""
    DEAD = "dead"
    """Given up: counts as silence until somebody retries it."""
    PENDING = "pending"
    """Neither: whatever it touches must wait for it."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """When a chunk was received, by the server's clock, and when the recorder was known to have gone on after it.

    `end_ms`: as decoded, else as the recorder said. `followed_ms`: receipt of the next higher number of its run,
    else of a newer run's chunk, else of the device's last chunk.
    """

    chunk_id: ChunkId
    start_ms: int
    end_ms: int
    fate: Fate
    received_ms: int
    followed_ms: int


@dataclass(frozen=True, slots=True)
class Segment:
    """Uninterrupted speech inside one chunk, at most 30 s. Offsets count from the chunk's first decoded sample."""

    chunk_id: ChunkId
    offset_start_ms: int
    offset_end_ms: int
    start_ms: int
    end_ms: int


@dataclass(frozen=True, slots=True)
class Chain:
    """Lanes that follow each other: audio by time, and the speech in it by time."""

    audio: tuple[Coverage, ...]
    speech: tuple[Segment, ...]


@dataclass(frozen=True, slots=True)
class Dialogue:
    """Consecutive speech `chain.speech[first:last]` that belongs together."""

    chain: Chain
    first: int
    last: int

    @property
    def segments(self) -> tuple[Segment, ...]:
        return self.chain.speech[self.first : self.last]

    @property
    def span(self) -> Span:
        """From the first segment's start to the latest end."""
        segments = self.segments
        return Span(segments[0].start_ms, max(s.end_ms for s in segments))


def merge(changes: Iterable[Span], rules: Rules) -> list[Span]:
    """Changes so near that one window touches the other's become one, by start: a dialogue may depend on both."""
    merged: list[Span] = []
    for change in sorted(changes):
        if merged and rules.window(merged[-1]).touches(rules.window(change)):
            change = Span(merged[-1].start_ms, max(merged.pop().end_ms, change.end_ms))
        merged.append(change)
    return merged
