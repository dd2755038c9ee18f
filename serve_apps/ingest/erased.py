"""Late audio of erased time: what lies inside is discarded, what reaches in is silenced before any row names it."""

from collections.abc import Iterable
from dataclasses import replace

from audio.decode import OPUS_RATE_HZ
from audio.silence import store_silenced
from audio.store import AudioStore
from db.chunks import NewChunk
from domain.coverage import union, without
from domain.erasure import Reach, reach, within_chunk
from domain.errors import Rejected
from domain.timeline import Span


class ReachesIn(Exception):  # not an error: the file is silenced and the row written anew
    """`erased`: the stretches of time that the chunk reaches into."""

    def __init__(self, erased: list[Span]) -> None:
        self.erased = erased


def is_lost(chunk: NewChunk, erased: Iterable[Span]) -> bool:
    """Is every ms of it erased, or silent already?"""
    start_ms = chunk.span.start_ms
    silent = [Span(start_ms + span.start_ms, start_ms + span.end_ms) for span in chunk.silenced]
    return reach(chunk.span, [*erased, *silent]) is Reach.WHOLLY


def is_heard(chunk: NewChunk, erased: Iterable[Span]) -> bool:
    """Can something of the erased time be heard in its file?"""
    return bool(without(within_chunk(chunk.span, erased), chunk.silenced))


def silent_chunk(store: AudioStore, chunk: NewChunk, erased: Iterable[Span], max_s: float) -> NewChunk:
    """The chunk with a file that is silent where it is erased, instead of its own. One that cannot be decoded counts as
    erased from end to end. Blocking. Raises Unavailable where the store is down."""
    silent = tuple(union([*chunk.silenced, *within_chunk(chunk.span, erased)]))
    try:
        file = store_silenced(store, chunk.stored_path, silent, max_s=max_s)
    except Rejected:
        return replace(chunk, silenced=(Span(0, chunk.duration_ms),))
    store.delete(chunk.stored_path)
    return replace(
        chunk,
        stored_path=file.path,
        sha256=file.sha256,
        size_bytes=file.size_bytes,
        codec="opus",
        sample_rate=OPUS_RATE_HZ,
        channels=1,
        received_sha256=chunk.first_sha256,
        silenced=silent,
    )
