"""The file store on a real disk."""

import errno
import os
from io import BytesIO
from pathlib import Path

import pytest

from audio import store as store_module
from audio.store import FileStore, open_store
from domain.errors import ConfigError, Rejected, Unavailable

PATH = "audio/point/register/2026-03-02/09/chunk_1.ogg"


@pytest.fixture
def store(tmp_path: Path) -> FileStore:
    return FileStore(tmp_path / "store")


def test_bytes_a_file_and_a_stream_are_stored_alike(store: FileStore, tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.write_bytes(b"sound")
    for name, given in {"a": b"sound", "b/c": source, "b/d": BytesIO(b"sound")}.items():
        store.put(name, given)
        assert store.read(name) == b"sound"
        assert store.size(name) == 5
        assert store.exists(name)
    assert sorted(file.path for file in store.walk()) == ["a", "b/c", "b/d"]


def test_a_stored_file_can_be_sought(store: FileStore) -> None:
    store.put(PATH, b"0123456789")
    with store.open(PATH) as file:
        file.seek(4)
        assert file.read(3) == b"456"


def test_file_and_folders_up_to_the_root_are_synced_before_put_returns(
    store: FileStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[str] = []
    real = os.fsync

    def fsync(descriptor: int) -> None:
        synced.append(str(Path(f"/proc/self/fd/{descriptor}").readlink().relative_to(store.root)))
        real(descriptor)

    monkeypatch.setattr(os, "fsync", fsync)
    store.put("a/b/c.ogg", b"x")
    assert synced[:2] == ["a", "."], "the new folders' names"
    assert synced[2].startswith("a/b/.c.ogg."), "the contents, under a name that nobody reads"
    assert synced[3:] == ["a/b"], "the file's name"


def test_a_folder_that_another_process_has_just_made_is_synced_all_the_same(
    store: FileStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    (store.root / "a" / "b").mkdir(parents=True)
    synced: list[Path] = []
    monkeypatch.setattr(store_module, "_sync_folder", synced.append)
    store.put("a/b/c.ogg", b"x")
    store.put("a/b/d.ogg", b"x")
    a = store.root / "a"
    assert synced == [a, store.root, a / "b", a / "b"], "the way up once, the folder itself with every file"


def test_a_source_that_breaks_off_leaves_nothing(store: FileStore) -> None:
    class Torn(BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            if self.tell():
                raise RuntimeError("the client went away")
            return super().read(1)

    with pytest.raises(RuntimeError):
        store.put(PATH, Torn(b"12"))
    assert list(store.walk()) == []


@pytest.mark.parametrize("path", ["", ".", "/etc/passwd", "../x", "a/../../x", "a/..", "a\0b"])
def test_a_path_that_leaves_the_store_is_refused(store: FileStore, path: str) -> None:
    for call in (store.open, store.read, store.exists, store.size, store.delete, lambda p: store.put(p, b"x")):
        with pytest.raises(Rejected, match="audio store"):
            call(path)


def test_a_symbolic_link_out_of_the_store_is_refused(store: FileStore, tmp_path: Path) -> None:
    (store.root / "out").symlink_to(tmp_path)
    with pytest.raises(Rejected, match="symbolic link"):
        store.put("out/x", b"x")
    assert not (tmp_path / "x").exists()


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO])
def test_a_store_that_cannot_write_is_unavailable_and_keeps_no_half_file(
    store: FileStore, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    def fsync(descriptor: int) -> None:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(os, "fsync", fsync)
    with pytest.raises(Unavailable, match=os.strerror(code)):
        store.put("x.ogg", b"x")
    monkeypatch.undo()
    assert list(store.walk()) == []


def test_a_root_that_vanished_is_unavailable_and_not_a_missing_file(store: FileStore) -> None:
    store.put(PATH, b"x")
    store.root.rename(store.root.with_name("unmounted"))
    for call in (store.read, store.size, store.exists, lambda p: store.put(p, b"x")):
        with pytest.raises(Unavailable, match="mounted"):
            call(PATH)
    assert not store.root.exists(), "a put must not write beside the mount"


def test_a_missing_file_is_named(store: FileStore) -> None:
    with pytest.raises(FileNotFoundError, match=r"no such file in the audio store: 'x\.ogg'"):
        store.read("x.ogg")
    assert not store.exists("x.ogg")


def test_deleting_twice_is_no_error(store: FileStore) -> None:
    store.put(PATH, b"x")
    store.delete(PATH)
    store.delete(PATH)
    assert not store.exists(PATH)


def test_walk_shows_what_an_interrupted_upload_left(store: FileStore) -> None:
    store.put(PATH, b"123")
    left = store.root / f"{PATH.rsplit('/', 1)[0]}/.chunk_2.ogg.0123.tmp"
    left.write_bytes(b"12")
    found = {Path(file.path).name: file for file in store.walk()}
    assert {name: file.size for name, file in found.items()} == {"chunk_1.ogg": 3, left.name: 2}
    assert found[left.name].modified_at.timestamp() == pytest.approx(left.stat().st_mtime)


def test_free_space_is_that_of_the_disk(store: FileStore) -> None:
    free = store.free_bytes()
    assert free is not None
    assert free > 0


def test_a_store_is_named_by_a_path_or_a_file_url(tmp_path: Path) -> None:
    for url in (str(tmp_path / "a b"), f"file://{tmp_path}/a%20b", f"file://localhost{tmp_path}/a%20b"):
        store = open_store(url)
        assert isinstance(store, FileStore)
        assert store.root == tmp_path / "a b"


@pytest.mark.parametrize(("url", "hint"), [("s3://bucket/audio", "s3 extra"), ("file://host/audio", "three slashes")])
def test_any_other_store_is_a_configuration_error(url: str, hint: str) -> None:
    with pytest.raises(ConfigError, match=hint):
        open_store(url)


def test_a_root_that_cannot_be_made_is_a_configuration_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(ConfigError, match="cannot be made"):
        FileStore(tmp_path / "file" / "store")
