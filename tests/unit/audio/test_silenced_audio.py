"""Silence in a recording: where it was asked for, nowhere else, and of the same length."""

from pathlib import Path
from uuid import UUID, uuid4

import numpy as np
import pytest

from audio.decode import decode, probe
from audio.silence import silenced, store_silenced
from audio.store import FileStore
from domain.chunks import chunk_id_of, silenced_path
from domain.errors import Rejected
from domain.timeline import Span

RATE = 16_000


def test_erased_parts_are_silent_and_the_rest_sounds_as_before(samples: Path) -> None:
    minute = sorted((samples / "chunks").glob("dev_ru_*.ogg"))[0].read_bytes()
    new, length_ms = silenced(minute, [Span(15_000, 50_000)], max_s=61)
    before, after = decode(minute, max_s=61), decode(new, max_s=61)
    assert (length_ms, len(after)) == (60_000, len(before))
    assert abs(after[16 * RATE : 49 * RATE]).max() < 1e-4
    for kept in (slice(0, 14 * RATE), slice(51 * RATE, 60 * RATE)):
        assert np.corrcoef(before[kept], after[kept])[0, 1] > 0.95
    assert (probe(new).container, probe(new).codec) == ("ogg", "opus")


def test_what_is_no_audio_is_refused_and_nothing_is_stored(tmp_path: Path) -> None:
    store = FileStore(tmp_path)
    store.put("audio/x.ogg", b"no audio")
    for path in ("audio/x.ogg", "audio/missing.ogg"):
        with pytest.raises(Rejected):
            store_silenced(store, path, [Span(0, 1)], max_s=61)
    assert [file.path for file in store.walk()] == ["audio/x.ogg"]


def test_a_silenced_file_lies_beside_the_one_before_and_is_known_by_its_chunk() -> None:
    chunk_id = uuid4()
    path = f"audio/p/r/2026-03-02/09/chunk_20260302T090000Z_{chunk_id}.ogg"
    once = silenced_path(path, UUID(int=1))
    twice = silenced_path(once, UUID(int=2))
    assert len({path, once, twice}) == 3
    assert once.rsplit("/", 2)[0] == twice.rsplit("/", 2)[0] == path.rsplit("/", 1)[0]
    assert chunk_id_of(once) == chunk_id_of(twice) == chunk_id
