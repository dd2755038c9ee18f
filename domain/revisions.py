"""Which rebuilt dialogue is which old one: ids stay, content gets a new revision."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import count
from uuid import uuid5

from domain.ids import ChunkId, DeviceId, DialogueId
from domain.status import DialogueState
from domain.timeline import Dialogue, Segment


@dataclass(frozen=True, slots=True)
class Stored:
    """A current dialogue as it was last written."""

    dialogue_id: DialogueId
    revision: int
    state: DialogueState
    created_ms: int
    changed_ms: int
    segments: tuple[Segment, ...]


@dataclass(frozen=True, slots=True)
class Matching:
    """`kept`: index of a rebuilt dialogue → the old one whose id it takes over. `leftover`: old ones without a
    successor, each with the index of the dialogue that it is an alias of (None: its speech is gone)."""

    kept: dict[int, Stored]
    leftover: list[tuple[Stored, int | None]]


def match(old: Sequence[Stored], new: Sequence[Dialogue]) -> Matching:
    """Pairs by the greatest common speech, ties to the older. Nothing in common, no pair."""
    common = _common_ms(old, new)
    pairs = sorted(common, key=lambda pair: (-common[pair], _age(old[pair[0]]), pair[1]))
    kept: dict[int, Stored] = {}
    placed: set[int] = set()
    for i, j in pairs:
        if i not in placed and j not in kept:
            kept[j] = old[i]
            placed.add(i)
    heirs: dict[int, int] = {}
    for i, j in pairs:
        heirs.setdefault(i, j)
    return Matching(kept, [(stored, heirs.get(i)) for i, stored in enumerate(old) if i not in placed])


def is_same(stored: Stored, dialogue: Dialogue) -> bool:
    """Does the dialogue consist of the same pieces of the same chunks?"""
    return stored.segments == dialogue.segments


def possible_ids(device_id: DeviceId, first: Segment) -> Iterator[DialogueId]:
    """Ids for a new dialogue, endless: uuid5 of device, first segment and n. The first one never used is taken."""
    return (DialogueId(uuid5(device_id, f"{first.start_ms}/{n}")) for n in count())


def _age(stored: Stored) -> tuple[int, int, str]:
    return stored.created_ms, stored.segments[0].start_ms if stored.segments else 0, str(stored.dialogue_id)


def _common_ms(old: Sequence[Stored], new: Sequence[Dialogue]) -> dict[tuple[int, int], int]:
    """Speech in common, ms, by (index of old, index of new), where there is any. Speech is the same where it is the
    same part of the same chunk: lanes that sound at one time have nothing in common."""
    by_chunk: dict[ChunkId, list[tuple[int, Segment]]] = defaultdict(list)
    for j, dialogue in enumerate(new):
        for segment in dialogue.segments:
            by_chunk[segment.chunk_id].append((j, segment))
    common: dict[tuple[int, int], int] = defaultdict(int)
    for i, stored in enumerate(old):
        for mine in stored.segments:
            for j, theirs in by_chunk.get(mine.chunk_id, ()):
                shared_ms = min(mine.offset_end_ms, theirs.offset_end_ms) - max(
                    mine.offset_start_ms, theirs.offset_start_ms
                )
                if shared_ms > 0:
                    common[i, j] += shared_ms
    return common
