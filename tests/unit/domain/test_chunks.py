"""Rules about an uploaded chunk."""

from datetime import UTC, datetime, timedelta, timezone
from uuid import UUID, uuid4

import pytest

from domain.chunks import UploadRight, chunk_id_of, job_class, names_codec, stored_path, upload_right
from domain.ids import ChunkId, PointId, RegisterId
from domain.status import JobClass

NOW = datetime(2026, 3, 16, 12, 0, tzinfo=UTC)
GRACE = timedelta(days=14)
POINT, REGISTER = PointId(UUID(int=1)), RegisterId(UUID(int=2))


def test_a_file_lies_under_its_point_register_utc_day_and_hour() -> None:
    start = datetime(2026, 3, 2, 1, 30, 5, 250_000, tzinfo=timezone(timedelta(hours=2)))
    path = stored_path(POINT, REGISTER, start, ChunkId(UUID(int=3)))
    assert path == f"audio/{UUID(int=1)}/{UUID(int=2)}/2026-03-01/23/chunk_20260301T233005Z_{UUID(int=3)}.ogg"


def test_the_chunk_is_found_back_from_its_file_and_from_an_unfinished_upload_of_it() -> None:
    chunk_id = ChunkId(uuid4())
    path = stored_path(POINT, REGISTER, NOW, chunk_id)
    folder, _, name = path.rpartition("/")
    assert chunk_id_of(path) == chunk_id
    assert chunk_id_of(f"{folder}/.{name}.{uuid4().hex}.tmp") == chunk_id


@pytest.mark.parametrize(
    "path", ["", "notes.txt", "audio/notes.ogg", "backup/chunk_20260301T233005Z_x.ogg", "audio/.x.tmp"]
)
def test_files_with_other_names_are_not_ours(path: str) -> None:
    assert chunk_id_of(path) is None


@pytest.mark.parametrize(
    ("replaced_days_ago", "start_days_ago", "expected"),
    [
        (None, 0, UploadRight.ALLOWED),
        (1, 2, UploadRight.ALLOWED),
        (1, 1, UploadRight.RECORDED_AFTER_REPLACEMENT),
        (1, 0, UploadRight.RECORDED_AFTER_REPLACEMENT),
        (14, 15, UploadRight.ALLOWED),
        (15, 16, UploadRight.EXPIRED),
    ],
)
def test_a_replaced_device_may_deliver_older_audio_for_two_weeks(
    replaced_days_ago: int | None, start_days_ago: int, expected: UploadRight
) -> None:
    replaced_at = None if replaced_days_ago is None else NOW - timedelta(days=replaced_days_ago)
    assert upload_right(replaced_at, NOW - timedelta(days=start_days_ago), NOW, GRACE) is expected


@pytest.mark.parametrize(
    ("age_s", "expected"), [(-60, JobClass.LIVE), (0, JobClass.LIVE), (3599, JobClass.LIVE), (3600, JobClass.BACKFILL)]
)
def test_audio_that_ended_within_the_hour_is_live(age_s: int, expected: JobClass) -> None:
    assert job_class(NOW - timedelta(seconds=age_s), NOW, 3600) is expected


@pytest.mark.parametrize(
    ("declared", "codec", "container"),
    [
        ("opus", "opus", "ogg"),
        ("OPUS", "opus", "ogg"),
        ("libopus", "opus", "ogg"),
        ("opus", "libopus", "ogg"),
        ("ogg", "opus", "ogg"),
        ("ogg/opus", "opus", "ogg"),
        ("audio/ogg; codecs=opus", "opus", "ogg"),
        ("pcm_s16le", "pcm_s16le", "wav"),
        ("pcm", "pcm_s16le", "wav"),
        ("audio/x-wav", "pcm_s16le", "wav"),
        ("mp3", "mp3float", "mp3"),
        ("audio/mpeg", "mp3float", "mp3"),
        ("m4a", "aac", "mov,mp4,m4a,3gp,3g2,mj2"),
        ("aac", "aac", "mov,mp4,m4a,3gp,3g2,mj2"),
        ("flac", "flac", "flac"),
        ("webm", "opus", "matroska,webm"),
    ],
)
def test_usual_names_of_a_codec_or_its_container_are_understood(declared: str, codec: str, container: str) -> None:
    assert names_codec(declared, codec, container)


@pytest.mark.parametrize("declared", ["mp3", "flac", "ogg/vorbis", "pcm", "x", "audio", "-", "o", "opusx"])
def test_the_name_of_another_codec_is_not(declared: str) -> None:
    assert not names_codec(declared, "opus", "ogg")
