"""Which store a process opens."""

from pathlib import Path

import pytest

from audio.internal import InternalStore
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


AT_THE_SERVER = {"INGEST_INTERNAL_BASE_URL": "http://core:8000", "INTERNAL_TOKEN": "a-token"}


def test_a_process_that_was_told_where_the_disk_is_reads_there(tmp_path: Path) -> None:
    home = {"SALESCONTROL_HOME": str(tmp_path)}
    store = open_store(load({**home, **AT_THE_SERVER}))
    assert isinstance(store, InternalStore)
    assert store.base_url == "http://core:8000"
    assert not (tmp_path / "audio").exists(), "a node without the disk makes no store of its own"


@pytest.mark.parametrize(("access", "kind"), [("disk", FileStore), ("internal", InternalStore)])
def test_access_can_be_settled(tmp_path: Path, access: str, kind: type) -> None:
    env = {"SALESCONTROL_HOME": str(tmp_path), "SALESCONTROL_STORAGE__ACCESS": access}
    assert isinstance(open_store(load({**env, **AT_THE_SERVER})), kind)


def test_an_internal_address_without_its_scheme_is_a_configuration_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"storage\.internal_url=core:8000: write the server's address, such as http"):
        open_store(load({"SALESCONTROL_HOME": str(tmp_path), "INGEST_INTERNAL_BASE_URL": "core:8000"}))


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
