"""Recordings of other recorders, imported through the real applications."""

import asyncio
import json
import os
import shutil
import wave
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import numpy as np
import pytest
from shop import ADMIN, Shop, running, settings_for_tests
from sqlalchemy import text

from audio.decode import decode
from cluster.cli.import_ import ImportOptions, ImportResult, import_paths
from cluster.recordings import upload
from cluster.recordings.upload import Fate, Sender, Uploader
from configs.settings import Settings
from domain.errors import ConfigError, Conflict, Rejected, Unavailable
from serve_apps.application import Deps


class Till:
    """A running shop, and a command line beside it."""

    def __init__(self, shop: Shop) -> None:
        self._shop = shop
        self.settings: Settings = shop.deps.settings

    async def imports(self, *paths: Path, **options: Any) -> ImportResult:
        chosen = ImportOptions(**{"point": "Bakery", "server": str(self._shop.client.base_url), **options})
        return await asyncio.to_thread(import_paths, self.settings, list(paths), chosen)

    async def rows(self, query: str) -> list[Any]:
        async with self._shop.deps.db.begin() as tx:
            return list((await tx.execute(text(query))).mappings())

    async def chunks(self) -> list[Any]:
        return await self.rows("SELECT * FROM audio_chunks ORDER BY device_id, start_ts, seq")

    async def audio(self, chunk: Any) -> np.ndarray[Any, Any]:
        return decode((self._shop.store_root / chunk["stored_path"]).read_bytes(), max_s=600)


@pytest.fixture
def till(shop: Shop) -> Till:
    return Till(shop)


@pytest.fixture
def day(samples: Path) -> Path:
    return samples / "chunks"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where the test's own recordings lie; the audio store is beside it."""
    path = tmp_path / "recordings"
    path.mkdir()
    return path


def fates(result: ImportResult) -> list[str]:
    return sorted(outcome.fate for outcome in result.outcomes)


def tone(path: Path, seconds: float, rate: int = 16_000, pauses: Sequence[float] = ()) -> Path:
    """A WAV file of a tone with half a second of silence at `pauses`."""
    at = np.arange(int(seconds * rate)) / rate
    sound = np.sin(2 * np.pi * 220 * at) * 9000
    for pause in pauses:
        sound[(at >= pause) & (at < pause + 0.5)] = 0
    with wave.open(str(path), "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(rate)
        out.writeframes(sound.astype(np.int16).tobytes())
    return path


async def test_a_recorders_day_arrives_byte_for_byte_at_the_times_of_its_names(till: Till, day: Path) -> None:
    result = await till.imports(day, glob="dev_ru_*.ogg", language="ru")
    assert fates(result) == ["accepted"] * 15
    chunks = await till.chunks()
    assert [chunk["start_ts"] for chunk in chunks] == [
        datetime(2026, 3, 2, 9, minute, tzinfo=UTC) for minute in range(15)
    ]
    assert chunks[0]["size_bytes"] == (day / "dev_ru_20260302T090000Z.ogg").stat().st_size
    assert len({chunk["device_id"] for chunk in chunks}) == 1
    [point] = await till.rows("SELECT * FROM points WHERE name = 'Bakery'")
    assert point["language"] == "ru"


async def test_importing_again_answers_duplicates_and_doubles_nothing(till: Till, day: Path, folder: Path) -> None:
    tone(folder / "20260302_101000.wav", 150, pauses=[61])
    for path in sorted(day.glob("dev_en_*"))[:3]:
        shutil.copy(path, folder)
    first = await till.imports(folder)
    assert fates(first) == ["accepted"] * len(first.outcomes)
    before = await till.chunks()
    again = await till.imports(folder)
    assert fates(again) == ["duplicate"] * len(first.outcomes)
    shutil.copy(sorted(day.glob("dev_en_*"))[3], folder)
    grown = await till.imports(folder)
    assert fates(grown) == ["accepted"] + ["duplicate"] * len(first.outcomes)
    assert len(await till.chunks()) == len(before) + 1


async def test_a_copy_with_another_file_date_is_still_a_duplicate(till: Till, folder: Path) -> None:
    recording = tone(folder / "memo.wav", 10)
    assert fates(await till.imports(recording)) == ["accepted"]
    os.utime(recording, (1_700_000_000, 1_700_000_000))
    assert fates(await till.imports(recording)) == ["duplicate"]
    assert len(await till.chunks()) == 1


async def test_without_any_stated_time_the_file_date_is_the_recordings_end(
    till: Till, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    recording = tone(folder / "memo.wav", 10)
    os.utime(recording, (1_700_000_000, 1_700_000_000))
    await till.imports(recording)
    [chunk] = await till.chunks()
    assert chunk["end_ts"] == datetime.fromtimestamp(1_700_000_000, UTC)
    assert "dated by the file: memo.wav" in capsys.readouterr().err


async def test_a_long_recording_is_cut_in_its_pauses_and_no_sample_is_lost(till: Till, folder: Path) -> None:
    recording = tone(folder / "20260302_101000.wav", 190, pauses=[57, 118, 170])
    await till.imports(recording)
    chunks = await till.chunks()
    assert [chunk["seq"] for chunk in chunks] == [0, 1, 2]
    assert chunks[0]["start_ts"] == datetime(2026, 3, 2, 9, 10, tzinfo=UTC)
    borders = [(chunk["start_ts"] - chunks[0]["start_ts"]).total_seconds() for chunk in chunks[1:]]
    assert 57 < borders[0] < 57.5
    assert 118 < borders[1] < 118.5
    for earlier, later in pairwise(chunks):
        assert earlier["end_ts"] == later["start_ts"]
    sounds = [await till.audio(chunk) for chunk in chunks]
    assert sum(len(sound) for sound in sounds) == 190 * 16_000
    assert len({chunk["session_id"] for chunk in chunks}) == 1


@pytest.mark.parametrize("suffix", ["wav", "mp3", "m4a", "flac", "opus"])
async def test_every_common_format_arrives_whole(till: Till, folder: Path, suffix: str) -> None:
    import av

    source, target = tone(folder / "source.wav", 20, rate=44_100), folder / f"REC_20260302-1010.{suffix}"
    codec = {"wav": "pcm_s16le", "mp3": "mp3", "m4a": "aac", "flac": "flac", "opus": "libopus"}[suffix]
    container = {"m4a": "mp4", "opus": "ogg"}.get(suffix, suffix)
    with av.open(str(source)) as given, av.open(str(target), "w", format=container) as made:
        stream = made.add_stream(codec, rate=48_000 if suffix == "opus" else 44_100)
        for frame in given.decode(audio=0):
            made.mux(stream.encode(frame))
        made.mux(stream.encode(None))
    source.unlink()
    assert fates(await till.imports(folder)) == ["accepted"]
    [chunk] = await till.chunks()
    sound = await till.audio(chunk)
    assert len(sound) == pytest.approx(20 * 16_000, abs=2_000)
    assert np.abs(sound).max() > 0.15


async def test_a_manifest_says_when_and_where(till: Till, folder: Path) -> None:
    tone(folder / "a.wav", 10)
    tone(folder / "b.wav", 11)
    manifest = folder / "list.csv"
    manifest.write_text(
        "file;start_ts;point;register;language\n"
        "a.wav;2026-03-02T09:10:00Z;Kiosk;Till 7;en\n"
        "b.wav;2026-03-02 10:20:00;;;\n",
        encoding="utf-8-sig",
    )
    assert fates(await till.imports(manifest=manifest)) == ["accepted"] * 2
    found = await till.rows(
        "SELECT p.name, r.name AS register, p.language, c.start_ts FROM audio_chunks c JOIN points p USING (point_id) "
        "JOIN registers r USING (register_id) ORDER BY c.start_ts"
    )
    assert [tuple(row.values()) for row in found] == [
        ("Kiosk", "Till 7", "en", datetime(2026, 3, 2, 9, 10, tzinfo=UTC)),
        ("Bakery", "Till 1", "ru", datetime(2026, 3, 2, 9, 20, tzinfo=UTC)),
    ]


async def test_a_given_start_lays_recordings_one_after_the_other(till: Till, folder: Path) -> None:
    for number in (1, 2, 3):
        tone(folder / f"ZOOM000{number}.WAV", 10 + number)
    await till.imports(folder, start="2026-03-02T10:00:00")
    starts = [chunk["start_ts"] - datetime(2026, 3, 2, 9, tzinfo=UTC) for chunk in await till.chunks()]
    assert starts == [timedelta(0), timedelta(seconds=11), timedelta(seconds=23)]


async def test_years_that_ingest_does_not_take_are_refused_by_name_and_the_others_pass(
    till: Till, folder: Path
) -> None:
    for name in ("a", "b", "c"):
        tone(folder / f"{name}.wav", 10)
    manifest = folder / "list.csv"
    rows = "a.wav,1999-05-05T10:00:00\nb.wav,2026-03-02T09:10:00Z\nc.wav,0001-01-01T00:00:00\n"
    manifest.write_text("file,start_ts\n" + rows)
    result = await till.imports(manifest=manifest)
    refused = {o.path.name: o.reason for o in result.outcomes if o.fate is Fate.REFUSED}
    assert fates(result) == ["accepted", "refused", "refused"]
    assert {name: reason.split(":")[0] for name, reason in refused.items()} == {
        "a.wav": "manifest, line 2",
        "c.wav": "manifest, line 4",
    }


@pytest.mark.parametrize("start", ["0001-01-01", "1999-12-31", "9999-12-31T23:59"])
async def test_a_start_in_a_year_that_ingest_does_not_take_is_a_usage_error(
    till: Till, folder: Path, start: str
) -> None:
    tone(folder / "a.wav", 10)
    with pytest.raises(ConfigError, match=r"--start: .* is outside the years 2000 to 2099"):
        await till.imports(folder, start=start)


async def test_recordings_laid_out_beyond_the_last_year_are_refused_one_by_one(
    deps: Deps, samples: Path, folder: Path
) -> None:
    for number in (1, 2):
        tone(folder / f"{number}.wav", 10)
    patient = replace(deps, settings=settings_for_tests(SALESCONTROL_INGEST__MAX_AHEAD_S="1e10"))
    async with running(patient, samples) as shop:
        result = await Till(shop).imports(folder, start="2099-12-31T23:59:45Z")
    assert [(o.path.name, o.fate) for o in result.outcomes] == [("2.wav", Fate.REFUSED), ("1.wav", Fate.ACCEPTED)]


async def test_a_recording_that_the_server_finds_in_the_future_is_refused_with_what_to_mend(
    till: Till, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tone(folder / "a.wav", 10)
    soon = datetime.now(UTC) + timedelta(days=3)
    result = await till.imports(folder, start=soon.isoformat())
    assert fates(result) == ["refused"]
    assert "set the clock that is wrong" in " ".join(capsys.readouterr().err.split())


async def test_what_is_no_audio_is_refused_by_name_and_its_neighbours_pass(
    till: Till, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tone(folder / "20260302_101000.wav", 10)
    (folder / "20260302_101100.ogg").write_text("Not audio at all.\n" * 100)
    (folder / "20260302_101200.wav").write_bytes(b"")
    (folder / "notes.txt").write_text("no recording, left alone")
    result = await till.imports(folder)
    assert not result.is_well
    assert fates(result) == ["accepted", "refused", "refused"]
    refused = {outcome.path.name for outcome in result.outcomes if outcome.fate is Fate.REFUSED}
    assert refused == {"20260302_101100.ogg", "20260302_101200.wav"}
    assert "refused 20260302_101100.ogg: not audio: found text" in capsys.readouterr().err


async def test_a_recording_that_ingest_holds_with_other_bytes_is_refused_with_the_reason(
    till: Till, folder: Path
) -> None:
    recording = tone(folder / "20260302_101000.wav", 10)
    await till.imports(recording)
    async with till._shop.deps.db.begin() as tx:
        await tx.execute(text("UPDATE audio_chunks SET sha256 = repeat('0', 64)"))
    result = await till.imports(recording)
    assert [(o.fate, "imported before" in o.reason) for o in result.outcomes] == [(Fate.REFUSED, True)]


async def test_no_token_is_left_behind(till: Till, shop: Shop, day: Path) -> None:
    await till.imports(day, glob="dev_ru_*0[01]00Z.ogg")
    tokens = await till.rows(f"SELECT revoked_at FROM device_tokens WHERE device_id <> '{shop.device.device_id}'")
    assert [row["revoked_at"] is None for row in tokens] == [False]


async def test_a_known_device_keeps_its_place_and_its_token(till: Till, shop: Shop, day: Path) -> None:
    result = await till.imports(day, glob="dev_ru_*0[01]00Z.ogg", device=str(shop.device.device_id))
    assert result.is_well
    assert {chunk["point_id"] for chunk in await till.chunks()} == {shop.device.point_id}
    assert (await shop.upload()).status_code == 200


async def test_a_device_in_the_middle_of_a_rotation_is_left_alone(till: Till, shop: Shop, day: Path) -> None:
    path = f"/api/v1/admin/devices/{shop.device.device_id}/tokens"
    (await shop.client.post(path, headers=ADMIN)).raise_for_status()
    with pytest.raises(Rejected, match="two live tokens"):
        await till.imports(day, device=str(shop.device.device_id))
    assert (await shop.upload()).status_code == 200


async def test_the_device_says_when_it_has_delivered_everything(till: Till, day: Path) -> None:
    await till.imports(day, glob="dev_ru_*0[01]00Z.ogg")
    [device] = await till.rows("SELECT delivered_until FROM devices WHERE delivered_until IS NOT NULL")
    end = (await till.chunks())[-1]["end_ts"]
    assert device["delivered_until"] == end + timedelta(seconds=132)
    # No dialogue waits for it yet, so there is nothing to close: the chunks' own jobs come first.
    assert not await till.rows("SELECT 1 FROM jobs WHERE stage = 'dialogues'")


async def test_a_point_that_speaks_another_language_is_not_changed(till: Till, day: Path) -> None:
    await till.imports(day, glob="dev_ru_*0000Z.ogg", language="ru")
    with pytest.raises(Conflict, match="language"):
        await till.imports(day, glob="dev_en_*", language="en")


async def test_paths_that_lead_nowhere_are_named(till: Till, folder: Path) -> None:
    with pytest.raises(ConfigError, match="there is no such file"):
        await till.imports(folder / "absent")
    with pytest.raises(ConfigError, match="no recordings named"):
        await till.imports(folder, glob="*.ogg")


async def test_a_json_manifest_with_a_wrong_language_names_the_entry(till: Till, folder: Path) -> None:
    manifest = folder / "list.json"
    manifest.write_text(json.dumps([{"file": "a.wav", "language": "klingon"}]))
    with pytest.raises(ConfigError, match="entry 1: language"):
        await till.imports(manifest=manifest)


async def test_a_new_device_may_be_given_its_id(till: Till, day: Path) -> None:
    device_id = uuid4()
    await till.imports(day, glob="dev_ru_*0000Z.ogg", device=str(device_id))
    assert {chunk["device_id"] for chunk in await till.chunks()} == {device_id}


async def test_a_busy_server_is_asked_again_until_it_takes_everything(deps: Deps, samples: Path, folder: Path) -> None:
    for second in range(6):
        tone(folder / f"20260302_10100{second}.wav", 1)
    async with running(deps, samples, max_in_flight=1) as shop:
        till = Till(shop)
        assert fates(await till.imports(folder)) == ["accepted"] * 6
        assert len(await till.chunks()) == 6


async def test_a_server_that_stays_away_ends_the_import_with_advice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(upload, "PATIENCE_S", 0.2)
    sender = Sender(uuid4(), uuid4(), uuid4(), "UTC", "token")
    async with httpx.AsyncClient(base_url="http://127.0.0.1:9") as http:
        uploader = Uploader(http, {sender.device_id: sender}, 1000)
        with pytest.raises(Unavailable, match="run the same command again"):
            await uploader.announce(sender.device_id, datetime.now(UTC))


async def test_a_device_that_is_shut_out_ends_the_import(till: Till, shop: Shop, day: Path) -> None:
    path = f"/api/v1/admin/devices/{shop.device.device_id}"
    (await shop.client.patch(path, headers=ADMIN, json={"is_enabled": False})).raise_for_status()
    with pytest.raises(Rejected, match="disabled"):
        await till.imports(day, glob="*0000Z.ogg", device=str(shop.device.device_id))
