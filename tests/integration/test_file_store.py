"""The store on a real disk: what is synced when, and what a disk can do to it."""

import errno
import os
from pathlib import Path

import pytest

from audio import store as store_module
from audio.store import FileStore
from domain.errors import ConfigError, Rejected, Unavailable

PATH = "audio/point/register/2026-03-02/09/chunk_1.ogg"


@pytest.fixture
def store(tmp_path: Path) -> FileStore:
    return FileStore(tmp_path / "store")


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


def test_a_root_that_cannot_be_made_is_a_configuration_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(ConfigError, match="cannot be made"):
        FileStore(tmp_path / "file" / "store")
