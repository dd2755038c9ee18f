"""What `doctor` says of where audio lies."""

from pathlib import Path

import httpx
import pytest
from buckets import Bucket

from audio.open import DISK
from cluster.doctor.audio import audio_store, holders, on_the_way
from configs.settings import Settings, load
from domain.errors import Unavailable


def of(tmp_path: Path, **env: str) -> Settings:
    return load({"SALESCONTROL_HOME": str(tmp_path), **env})


def test_a_disk_and_a_bucket_are_tried_out_and_left_as_they_were(tmp_path: Path, bucket: Bucket) -> None:
    for settings in (of(tmp_path), of(tmp_path, **bucket.env)):
        (found,) = audio_store(settings)
        assert (found.level, found.detail) == (
            "ok",
            f"{settings.storage_url} can be written, read and deleted from",
        )
    assert bucket.keys() == set()
    assert [path for path in (tmp_path / "audio").rglob("*") if path.is_file()] == []


def test_a_bucket_that_is_not_there_is_named_with_the_remedy(tmp_path: Path, bucket: Bucket) -> None:
    with pytest.raises(Unavailable, match=r"there is no such bucket; create it, or mend storage\.url"):
        list(audio_store(of(tmp_path, **{**bucket.env, "AUDIO_STORAGE_PATH": "s3://nowhere-at-all"})))


def test_a_bucket_that_keeps_versions_keeps_erased_audio(tmp_path: Path, bucket: Bucket) -> None:
    on = "<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>"
    httpx.put(f"{bucket.server.url}/{bucket.name}?versioning", content=on).raise_for_status()
    _, found = audio_store(of(tmp_path, **bucket.env))
    assert (found.check, found.level) == ("Erased audio", "warn")
    assert "suspend versioning" in found.remedy


@pytest.mark.parametrize(
    ("url", "level"),
    [
        ("https://storage.example", None),
        ("http://127.0.0.1:9000", None),
        ("http://[::1]:9000", None),
        ("http://localhost:9000", None),
        ("http://10.0.0.5:9000", "warn"),
        ("http://storage.example", "warn"),
    ],
)
def test_plain_http_is_warned_of_outside_of_the_machine(tmp_path: Path, url: str, level: str | None) -> None:
    in_bucket = of(tmp_path, AUDIO_STORAGE_PATH="s3://audio", AWS_ENDPOINT_URL=url)
    at_server = of(tmp_path, INGEST_INTERNAL_BASE_URL=url)
    for settings in (in_bucket, at_server):
        assert [found.level for found in on_the_way(settings)] == ([level] if level else [])
    assert list(on_the_way(of(tmp_path, AWS_ENDPOINT_URL=url))) == [], "nothing goes there"


def test_audio_on_a_disk_is_held_by_one_node(tmp_path: Path) -> None:
    disk, bare = {DISK: 1.0, "CPU": 2.0}, {"CPU": 8.0}
    token = {"INTERNAL_TOKEN": "a-token"}

    def said(*nodes: dict[str, float], **env: str) -> list[str]:
        return [f"{found.level}: {found.detail}" for found in holders(of(tmp_path, **env), list(nodes))]

    assert said(disk) == said(disk, bare, bare, **token) == []
    assert said(disk, disk, **token) == [f"fail: 2 nodes claim to hold {tmp_path}/audio"]
    assert said(bare, bare, **token) == ["fail: no node holds the audio: none can take uploads"]
    assert said(disk, bare) == ["fail: nodes without the disk cannot read it"]
    assert said(disk, disk, SALESCONTROL_STORAGE__ACCESS="disk") == [], "a mount that all share"
    assert said(bare, bare, AUDIO_STORAGE_PATH="s3://audio") == []
