"""What every audio store does: one on a real disk, and one on a real S3 server."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path

import pytest

from audio.store import AudioStore, FileStore
from audio.traffic import Read
from domain.errors import Rejected

PATH = "audio/point/register/2026-03-02/09/chunk_1.ogg"


@pytest.fixture(params=["disk", "s3"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> AudioStore:
    if request.param == "disk":
        return FileStore(tmp_path / "store")
    store: AudioStore = request.getfixturevalue("bucket").store()
    return store


def test_bytes_a_file_and_a_stream_are_stored_alike(store: AudioStore, tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.write_bytes(b"sound")
    for name, given in {"a": b"sound", "b/c": source, "b/d": BytesIO(b"sound")}.items():
        store.put(name, given)
        assert store.read(name) == b"sound"
        assert store.size(name) == 5
        assert store.exists(name)
    assert sorted(file.path for file in store.walk()) == ["a", "b/c", "b/d"]


def test_a_file_that_is_put_again_is_the_new_one_as_a_whole(store: AudioStore) -> None:
    store.put(PATH, b"0123456789")
    store.put(PATH, b"abc")
    assert store.read(PATH) == b"abc"
    assert store.size(PATH) == 3


def test_walk_tells_size_and_time_of_every_file(store: AudioStore) -> None:
    before = datetime.now(UTC)
    for number in range(3):
        store.put(f"audio/{number}/chunk.ogg", b"x" * number)
    found = {file.path: file for file in store.walk()}
    assert {path: file.size for path, file in found.items()} == {f"audio/{n}/chunk.ogg": n for n in range(3)}
    for file in found.values():
        assert abs(file.modified_at - before) < timedelta(minutes=1)


def test_what_is_read_is_counted(store: AudioStore) -> None:
    store.put(PATH, b"12345")
    for _ in range(3):
        store.read(PATH)
    (read,) = store.traffic.seen().values()
    assert read == Read(files=3, size_bytes=15)


def test_many_threads_use_one_store(store: AudioStore) -> None:
    def there_and_back(number: int) -> bytes:
        store.put(f"audio/{number}", str(number).encode() * 1000)
        return store.read(f"audio/{number}")

    with ThreadPoolExecutor(16) as threads:
        assert list(threads.map(there_and_back, range(64))) == [str(n).encode() * 1000 for n in range(64)]
    assert len(list(store.walk())) == 64


def test_a_stored_file_can_be_sought(store: AudioStore) -> None:
    store.put(PATH, b"0123456789")
    with store.open(PATH) as file:
        file.seek(4)
        assert file.read(3) == b"456"


def test_a_source_that_breaks_off_leaves_nothing(store: AudioStore) -> None:
    class Torn(BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            if self.tell():
                raise RuntimeError("the client went away")
            return super().read(1)

    with pytest.raises(RuntimeError):
        store.put(PATH, Torn(b"12"))
    assert list(store.walk()) == []


@pytest.mark.parametrize("path", ["", ".", "/etc/passwd", "../x", "a/../../x", "a/..", "a\0b"])
def test_a_path_that_leaves_the_store_is_refused(store: AudioStore, path: str) -> None:
    for call in (store.open, store.read, store.exists, store.size, store.delete, lambda p: store.put(p, b"x")):
        with pytest.raises(Rejected, match="audio store"):
            call(path)


def test_a_missing_file_is_named(store: AudioStore) -> None:
    with pytest.raises(FileNotFoundError, match=r"no such file in the audio store: 'x\.ogg'"):
        store.read("x.ogg")
    assert not store.exists("x.ogg")


def test_deleting_twice_is_no_error(store: AudioStore) -> None:
    store.put(PATH, b"x")
    store.delete(PATH)
    store.delete(PATH)
    assert not store.exists(PATH)
