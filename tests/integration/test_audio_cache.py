"""The node's cache of audio: never wrong, never too large, never too old, whoever is killed."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from audio.cache import CachedStore, Shelf
from audio.open import open_store
from audio.s3 import S3Store
from audio.store import AudioStore, FileStore
from audio.traffic import Read
from configs.settings import load

HOUR_S = 3600.0
PATH = "audio/point/chunk_1.ogg"
FILE = b"x" * 1000
WRITER = """
import random, sys
from pathlib import Path
from audio.cache import Shelf
shelf, rng = Shelf(Path(sys.argv[1]), int(sys.argv[2]), 3600), random.Random(int(sys.argv[3]))
print("ready", flush=True)
while True:
    name = str(rng.randrange(200))
    kept = shelf.get(name)
    assert kept in (None, name.encode() * 700), "half a file"
    shelf.put(name, name.encode() * 700)
"""


@pytest.fixture
def store(tmp_path: Path) -> FileStore:
    store = FileStore(tmp_path / "store")
    store.put(PATH, FILE)
    return store


def cached(store: AudioStore, folder: Path, max_bytes: int = 1_000_000, max_age_s: float = HOUR_S) -> CachedStore:
    return CachedStore(store, Shelf(folder, max_bytes, max_age_s), "s3://bucket")


def files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def size(folder: Path) -> int:
    total = 0
    for path in folder.rglob("*"):
        try:
            total += path.stat().st_size if path.is_file() else 0
        except FileNotFoundError:
            continue
    return total


def test_what_was_read_once_is_read_from_the_node_by_all_of_its_processes(store: FileStore, tmp_path: Path) -> None:
    assert cached(store, tmp_path / "cache").read(PATH) == FILE
    store.delete(PATH)
    other = cached(store, tmp_path / "cache")
    assert other.read(PATH) == FILE
    with other.open(PATH) as file:
        assert file.read() == FILE
    assert store.traffic.seen() == {"disk": Read(1, 1000), "cache": Read(2, 2000)}
    assert not other.exists(PATH), "what there is, the store says"


def test_a_missing_file_stays_missing(store: FileStore, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="no such file in the audio store"):
        cached(store, tmp_path / "cache").read("audio/other")


@pytest.mark.parametrize("harm", [lambda kept: kept[:-1], lambda kept: b"?" + kept[1:], lambda kept: b"", bytes.upper])
def test_a_damaged_file_is_fetched_anew(store: FileStore, tmp_path: Path, harm: object) -> None:
    reader = cached(store, tmp_path / "cache")
    reader.read(PATH)
    (kept,) = files(tmp_path / "cache")
    whole = kept.read_bytes()
    kept.write_bytes(harm(whole))  # type: ignore[operator]
    assert reader.read(PATH) == FILE
    assert kept.read_bytes() == whole


def test_what_is_deleted_or_written_here_is_not_read_from_before(store: FileStore, tmp_path: Path) -> None:
    writer = cached(store, tmp_path / "cache")
    writer.read(PATH)
    writer.put(PATH, b"new")
    assert writer.read(PATH) == b"new"
    writer.delete(PATH)
    assert files(tmp_path / "cache") == []
    with pytest.raises(FileNotFoundError):
        writer.read(PATH)


def test_two_stores_with_one_file_name_are_told_apart(tmp_path: Path) -> None:
    for number in range(2):
        own = FileStore(tmp_path / str(number))
        own.put(PATH, str(number).encode())
        shelf = Shelf(tmp_path / "cache", 1_000_000, HOUR_S)
        assert CachedStore(own, shelf, f"s3://{number}").read(PATH) == str(number).encode()


def test_nothing_outlives_its_age_though_nobody_asks_for_it_or_often(store: FileStore, tmp_path: Path) -> None:
    reader = cached(store, tmp_path / "cache", max_age_s=1.5)
    reader.read(PATH)
    born_s = time.time()
    while files(tmp_path / "cache"):
        assert time.time() - born_s < 30
        reader._shelf.get(reader._name("audio/other"))
        time.sleep(0.05)
    reader.read(PATH)
    (kept,) = files(tmp_path / "cache")
    os.utime(kept, (time.time(), time.time() - 2))
    store.delete(PATH)
    with pytest.raises(FileNotFoundError):
        reader.read(PATH)


def test_what_an_ended_process_left_goes_with_the_next_ones_start(store: FileStore, tmp_path: Path) -> None:
    cached(store, tmp_path / "cache").read(PATH)
    (kept,) = files(tmp_path / "cache")
    for age_s in (2 * HOUR_S, -2 * HOUR_S):  # the second: since then the clock was set back
        os.utime(kept, (time.time(), time.time() - age_s))
        next_one = cached(store, tmp_path / "cache")
        while kept.exists():
            time.sleep(0.01)
        next_one.read(PATH)


def test_what_was_used_last_stays_and_all_of_it_is_never_too_much(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path / "cache", 10_500, HOUR_S)
    shelf.put("often", FILE)
    for number in range(50):
        shelf.put(str(number), FILE)
        assert size(tmp_path / "cache") <= 10_500
        assert shelf.get("often") == FILE
    assert [number for number in range(50) if shelf.get(str(number))] == list(range(41, 50))
    shelf.put("too large", bytes(11_000))
    assert shelf.get("too large") is None
    assert shelf.get("often") == FILE


def test_processes_that_share_it_and_are_killed_leave_nothing_wrong_and_nothing_beyond_the_bound(
    tmp_path: Path,
) -> None:
    folder, bound = tmp_path / "cache", 100_000
    killed_in_all = 0
    for _ in range(3):
        command = [sys.executable, "-c", WRITER, str(folder), str(bound)]
        writers = [
            subprocess.Popen([*command, str(seed)], stdout=subprocess.PIPE, stderr=subprocess.PIPE) for seed in range(3)
        ]
        for writer in writers:
            assert writer.stdout is not None
            assert writer.stdout.readline() == b"ready\n"
        for _ in range(20):
            # On top, each process has at most the file that it writes, and one that it was killed over.
            assert size(folder) <= bound + 2 * len(writers) * (3 * 700 + 32)
            time.sleep(0.01)
        for writer in writers:
            writer.kill()
            _, said = writer.communicate()
            assert b"half a file" not in said, said
            killed_in_all += writer.returncode == -9
    assert killed_in_all == 9, "none ended of itself"
    shelf = Shelf(folder, bound, HOUR_S)
    kept = {name: shelf.get(name) for name in map(str, range(200))}
    assert any(kept.values())
    assert all(content in (None, name.encode() * 700) for name, content in kept.items())
    shelf.put("one more", FILE)
    assert size(folder) <= bound


def test_a_folder_that_cannot_be_written_keeps_nothing_and_disturbs_nobody(store: FileStore, tmp_path: Path) -> None:
    (tmp_path / "cache").write_bytes(b"")
    assert cached(store, tmp_path / "cache").read(PATH) == FILE
    assert cached(store, tmp_path / "cache").read(PATH) == FILE


def test_it_is_for_nobody_elses_eyes(store: FileStore, tmp_path: Path) -> None:
    cached(store, tmp_path / "cache").read(PATH)
    (kept,) = files(tmp_path / "cache")
    assert (kept.stat().st_mode & 0o077, kept.parent.stat().st_mode & 0o077) == (0, 0)


def test_only_what_comes_over_the_network_is_cached_and_only_where_that_is_wanted(tmp_path: Path) -> None:
    home = {"SALESCONTROL_HOME": str(tmp_path), "SALESCONTROL_STORAGE__CACHE_MB": "10"}
    assert isinstance(open_store(load(home)), FileStore)
    there = {**home, "AUDIO_STORAGE_PATH": "s3://bucket"}
    over_network = open_store(load(there))
    assert isinstance(over_network, CachedStore)
    assert isinstance(over_network.store, S3Store)
    assert over_network.is_writable
    assert isinstance(open_store(load({**there, "SALESCONTROL_STORAGE__CACHE_MB": "0"})), S3Store)
