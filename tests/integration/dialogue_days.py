"""Random days at one shop counter: what a recorder makes of the talk, and what the network makes of the recorder.

Everything that the dialogues stage has to bear happens here: rush hours without a pause, holes, dead chunks, clocks
that step, restarts, two recorders at once, recorders that know no capture runs, chunks of a few milliseconds.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from random import Random
from uuid import UUID

from domain.ids import ChunkId, SessionId
from domain.sessionize import sessionize
from domain.timeline import Coverage, Rules, Segment, Span

S = 1000
DAY_START_MS = 1_772_442_000_000
"""2026-03-02T09:00:00Z"""

Content = frozenset[tuple[int, int, tuple[tuple[int, int, int], ...]]]
"""Dialogues as (start, end, pieces as (chunk number, offset start, offset end)), ms: comparable over devices."""


@dataclass(frozen=True, slots=True)
class Clip:
    """One chunk as recorded. `claimed_ms`: its length as the recorder says; `length_ms`: as decoded."""

    number: int
    run: SessionId | None
    seq: int | None
    start_ms: int
    length_ms: int
    claimed_ms: int
    speech: tuple[Span, ...]
    is_dead: bool = False


@dataclass(frozen=True, slots=True)
class Day:
    """The chunks that come to the server in the end. Audio that was lost for ever is not among them."""

    clips: tuple[Clip, ...]

    def expected(self, rules: Rules) -> Content:
        """Dialogues once everything has come: what any way of coming must lead to."""
        heard = [c for c in self.clips if not c.is_dead]
        coverage = [Coverage(_id(c), c.start_ms, c.start_ms + c.length_ms, c.run, c.seq) for c in heard]
        segments = [
            Segment(_id(c), s.start_ms, s.end_ms, c.start_ms + s.start_ms, c.start_ms + s.end_ms)
            for c in heard
            for s in c.speech
        ]
        return content([d.segments for d in sessionize(segments, coverage, rules)], {_id(c): c.number for c in heard})


def content(dialogues: Sequence[Sequence[Segment]], numbers: dict[ChunkId, int]) -> Content:
    """Segments grouped by dialogue → what can be compared."""
    return frozenset(
        (
            min(s.start_ms for s in segments),
            max(s.end_ms for s in segments),
            tuple((numbers[s.chunk_id], s.offset_start_ms, s.offset_end_ms) for s in segments),
        )
        for segments in dialogues
    )


def random_day(random: Random) -> Day:
    """A few minutes to an hour of one device."""
    talk = list(_talk(random, random.choice([150, 150, 300, 300, 900, 2400]) * S))
    clips = list(_record(random, talk, end_ms=talk[-1].end_ms + random.randrange(90 * S)))
    if random.random() < 0.15:
        clips += _record(random, talk, end_ms=talk[-1].end_ms // 2, first=len(clips))
    return Day(tuple(_unique(clips)))


def _talk(random: Random, length_ms: int) -> Iterator[Span]:
    """Speech. Busy stretches have no pause of 12 s; quiet ones have little else."""
    at = random.randrange(20 * S)
    while at < length_ms:
        busy_until = at + random.choice([20, 60, 200, 600]) * S
        while at < min(busy_until, length_ms):
            said = random.choice([random.randrange(200, 8 * S), random.randrange(200, 4 * S), 30 * S])
            yield Span(at, at + said)
            at += said + random.choice([0, random.randrange(3 * S), random.randrange(12 * S), 12 * S])
        at += random.choice([12_001, random.randrange(12 * S, 60 * S), random.randrange(200 * S)])


def _record(random: Random, talk: Sequence[Span], end_ms: int, first: int = 0) -> Iterator[Clip]:
    """Cuts the talk into chunks. `at` is the true time; a chunk says `at` + how far the recorder's clock is off."""
    knows_runs = random.random() < 0.85
    run, seq, at, off = _new_run(random, knows_runs), 0, random.randrange(5 * S), 0
    trouble = random.choice([0.0, 0.05, 0.2])
    usual_ms = random.choice([20, 60, 60, 60]) * S
    number = first
    while at < end_ms:
        length = random.choice([usual_ms, usual_ms, usual_ms + random.randrange(-40, 40), random.choice([10, 5 * S])])
        if random.random() < trouble:
            event = random.choice(["lost", "lost", "lost", "restart", "step", "xrun"])
            if event == "restart":
                run, seq, at = _new_run(random, knows_runs), 0, at + random.choice([2 * S, 9 * S, 40 * S])
            elif event == "step":
                off += random.choice([-300 * S, -20 * S, -2 * S, -300, 300, 15 * S, 400 * S])
            elif event == "xrun":
                at += random.choice([300, 3 * S])
            else:
                at, seq = at + length, seq + 1
                continue
        yield Clip(
            number,
            run,
            None if run is None else seq,
            DAY_START_MS + at + off,
            length,
            max(1, length + random.choice([0, 0, 30, -30, 900])),
            _heard(talk, Span(at, at + length)),
            is_dead=random.random() < trouble / 2,
        )
        number, at, seq = number + 1, at + length, seq + 1


def _heard(talk: Sequence[Span], chunk: Span) -> tuple[Span, ...]:
    parts = (Span(max(s.start_ms, chunk.start_ms), min(s.end_ms, chunk.end_ms)) for s in talk)
    return tuple(Span(p.start_ms - chunk.start_ms, p.end_ms - chunk.start_ms) for p in parts if p.end_ms > p.start_ms)


def _new_run(random: Random, knows_runs: bool) -> SessionId | None:
    return SessionId(UUID(int=random.getrandbits(128))) if knows_runs else None


def _unique(clips: Sequence[Clip]) -> Iterator[Clip]:
    """Without what the server would refuse: two chunks without a run that start at one instant."""
    seen: set[int] = set()
    for clip in clips:
        if clip.run is None and clip.start_ms in seen:
            continue
        seen.add(clip.start_ms)
        yield clip


def _id(clip: Clip) -> ChunkId:
    return ChunkId(UUID(int=clip.number))
