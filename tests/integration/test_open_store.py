"""Which store a process opens."""

from pathlib import Path

import pytest

from audio.open import open_store
from audio.s3 import S3Store
from audio.store import FileStore
from configs.settings import load
from domain.errors import ConfigError


def test_a_store_is_named_by_a_path_or_a_file_url(tmp_path: Path) -> None:
    for url in (str(tmp_path / "a b"), f"file://{tmp_path}/a%20b", f"file://localhost{tmp_path}/a%20b"):
        store = open_store(load({"AUDIO_STORAGE_PATH": url}))
        assert isinstance(store, FileStore)
        assert store.root == tmp_path / "a b"


def test_without_a_name_it_is_a_folder_of_the_home(tmp_path: Path) -> None:
    store = open_store(load({"SALESCONTROL_HOME": str(tmp_path)}))
    assert isinstance(store, FileStore)
    assert store.root == tmp_path / "audio"


@pytest.mark.parametrize(
    ("url", "bucket", "prefix"), [("s3://b", "b", ""), ("s3://b/", "b", ""), ("s3://b/shops/one/", "b", "shops/one/")]
)
def test_a_bucket_may_have_a_prefix(url: str, bucket: str, prefix: str) -> None:
    store = open_store(load({"AUDIO_STORAGE_PATH": url}))
    assert isinstance(store, S3Store)
    assert (store.bucket, store.prefix) == (bucket, prefix)


@pytest.mark.parametrize(
    ("url", "hint"),
    [
        ("ftp://host/audio", "use a path, a file:// URL, or s3://bucket/prefix"),
        ("file://host/audio", "three slashes"),
        ("s3:///prefix", "write s3://bucket or s3://bucket/prefix"),
        ("s3://key:secret@bucket/audio", "keys do not belong in it; set AWS_ACCESS_KEY_ID"),
    ],
)
def test_any_other_name_is_a_configuration_error(url: str, hint: str) -> None:
    with pytest.raises(ConfigError, match=hint) as refused:
        open_store(load({"AUDIO_STORAGE_PATH": url}))
    assert ":secret@" not in str(refused.value)
