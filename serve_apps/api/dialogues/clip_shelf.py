"""Clips that were made a moment ago, in memory: a player asks for one file in many ranges.

Nothing of them is on disk, and a clip is known by the hashes of the files that it was cut from: what was erased or
silenced since is never found here again, and falls out as others come in.
"""

import asyncio
import hashlib
from collections import OrderedDict
from dataclasses import dataclass

from audio.clip import clip_samples, encode_clip, loudness
from audio.store import AudioStore
from domain.clip import ClipPlan

BIN_MS = 50
MOST_BINS = 1_200
AT_ONCE = 2
"""Clips made at the same time: each takes a core for half a second, and a chunk's samples."""


@dataclass(frozen=True, slots=True)
class Clip:
    """An Ogg/Opus file, named by what it was made of, and its loudness in bins of `bin_ms`."""

    etag: str
    data: bytes
    bin_ms: float
    bins: tuple[float, ...]


class ClipShelf:
    """Holds the clips used last, `most_bytes` of them. Whoever asks for one that is being made waits for it."""

    def __init__(self, most_bytes: int = 32 * 1024 * 1024) -> None:
        self._most_bytes = most_bytes
        self._clips: OrderedDict[str, Clip] = OrderedDict()
        self._making: dict[str, asyncio.Task[Clip]] = {}
        self._slots = asyncio.Semaphore(AT_ONCE)

    async def get(self, store: AudioStore, plan: ClipPlan, *, max_s: float) -> Clip:
        """Raises Rejected where a file is gone, or another than it was; Unavailable where the store is down."""
        etag = etag_of(plan)
        if etag in self._clips:
            self._clips.move_to_end(etag)
            return self._clips[etag]
        if etag not in self._making:
            task = asyncio.create_task(self._make(store, plan, etag, max_s))
            self._making[etag] = task
            task.add_done_callback(lambda _: self._making.pop(etag, None))
        return await asyncio.shield(self._making[etag])  # whoever hangs up leaves it to the others

    async def _make(self, store: AudioStore, plan: ClipPlan, etag: str, max_s: float) -> Clip:
        async with self._slots:
            clip = await asyncio.to_thread(_made, store, plan, etag, max_s)
        self._clips[etag] = clip
        while sum(len(kept.data) for kept in self._clips.values()) > self._most_bytes:
            self._clips.popitem(last=False)
        return clip


def etag_of(plan: ClipPlan) -> str:
    """The same pieces of the same files make the same bytes."""
    return hashlib.sha256(repr(plan).encode()).hexdigest()[:32]


def _made(store: AudioStore, plan: ClipPlan, etag: str, max_s: float) -> Clip:
    samples = clip_samples(store, plan, max_s=max_s)
    count = max(1, min(MOST_BINS, plan.duration_ms // BIN_MS))
    return Clip(etag, encode_clip(samples), plan.duration_ms / count, tuple(loudness(samples, count)))
