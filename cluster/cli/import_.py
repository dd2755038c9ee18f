"""`import`: recordings that someone already has, sent through ingest as a recorder would send them."""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import httpx
import typer

from cluster.admin_api import AdminApi
from cluster.cli.import_screen import Screen, print_summary
from cluster.recordings.counters import open_counters
from cluster.recordings.manifest import read_manifest
from cluster.recordings.plan import TOO_LATE, Place, find, overlaps
from cluster.recordings.schedule import Schedule, schedule
from cluster.recordings.upload import Fate, Outcome, Sender, Uploader
from cluster.recordings.waiting import wait_until_judged
from cluster.wiring import database_url, server_url
from configs.settings import Settings, load
from db.engine import Database
from db.progress import Progress
from domain.errors import ConfigError
from domain.ids import DeviceId

UPLOAD_TIMEOUT_S = 60.0
DEFAULT_POINT, DEFAULT_REGISTER = "Imported", "Till 1"


class Language(StrEnum):
    RU = "ru"
    EN = "en"
    SR = "sr"
    AUTO = "auto"


@dataclass(frozen=True, slots=True)
class ImportOptions:
    """What the command's options say. start and the times of names without a zone are the point's local time."""

    point: str = DEFAULT_POINT
    register: str = DEFAULT_REGISTER
    device: str | None = None
    language: str | None = None
    glob: str | None = None
    manifest: Path | None = None
    start: str | None = None
    wait: bool = False
    server: str | None = None


@dataclass(slots=True)
class ImportResult:
    """What became of every chunk, and with `wait` of the dialogues."""

    outcomes: list[Outcome] = field(default_factory=list)
    progress: Progress | None = None

    @property
    def is_well(self) -> bool:
        refused = any(outcome.fate is Fate.REFUSED for outcome in self.outcomes)
        return not refused and not (self.progress and self.progress.has_failures)


def import_recordings(
    paths: Annotated[
        list[Path] | None, typer.Argument(help="Recordings, or folders that are searched for them.")
    ] = None,
    glob: Annotated[str | None, typer.Option(help="Only files of such a name, as '*_till2_*.wav'.")] = None,
    manifest: Annotated[
        Path | None, typer.Option(help="CSV or JSON list: file,start_ts[,point,register,device,language].")
    ] = None,
    point: Annotated[str, typer.Option(help="The shop; made if it is new.")] = DEFAULT_POINT,
    register: Annotated[str, typer.Option(help="The counter in it; made if it is new.")] = DEFAULT_REGISTER,
    device: Annotated[str | None, typer.Option(help="A device's id, or a name for a new one.")] = None,
    language: Annotated[Language | None, typer.Option(help="What is spoken at the point.")] = None,
    start: Annotated[
        str | None, typer.Option(help="When the first recording begins; the others follow it without a gap.")
    ] = None,
    wait: Annotated[bool, typer.Option("--wait", help="Wait until all of it is judged.")] = False,
    server: Annotated[str | None, typer.Option(help="Address of the API. Default: this computer's.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the summary as JSON.")] = False,
) -> None:
    """Import recordings (ogg, opus, wav, mp3, m4a, flac, …). Importing again doubles nothing.

    The time comes from --start, the manifest, the file's name (…20260302T091000Z…, 2026-03-02 09-10-00, …) or, with a
    warning, from the file's date. Exit 1 where anything was refused.
    """
    if not paths and not manifest:
        raise ConfigError("name the recordings or folders to import, or a --manifest")
    options = ImportOptions(point, register, device, language, glob, manifest, start, wait, server)
    result = import_paths(load(), paths or [], options)
    if as_json:
        typer.echo(json.dumps(as_dict(result), ensure_ascii=False))
    if not result.is_well:
        raise typer.Exit(1)


def import_paths(settings: Settings, paths: list[Path], options: ImportOptions) -> ImportResult:
    """Imports and shows progress and summary on stderr. Raises SalesControlError where it cannot go on."""
    if options.wait:
        database_url(settings)  # raises before anything is sent
    place = Place(options.point, options.register, options.device, options.language)
    rows = read_manifest(options.manifest) if options.manifest else {}
    found = find(paths, options.glob, rows, place)
    server = options.server or server_url(settings)
    with AdminApi(server, settings) as api, open_counters(api, [file.place for file in found]) as senders:
        planned = schedule(found, senders, options.start)
        with Screen(planned, overlaps(planned.recordings)) as screen:
            result = asyncio.run(_run(settings, server, planned, senders, options.wait, screen))
    print_summary(planned, result.outcomes, result.progress)
    return result


async def _run(
    settings: Settings, server: str, planned: Schedule, senders: Mapping[Place, Sender], wait: bool, screen: Screen
) -> ImportResult:
    result = ImportResult([Outcome(path, None, Fate.REFUSED, 0, why) for path, why in planned.refused.items()])

    def answered(outcome: Outcome) -> None:
        result.outcomes.append(outcome)
        screen.sent(outcome)

    window = timedelta(seconds=settings.dialogues.silence_gap_s + settings.dialogues.max_dialogue_s)
    by_id = {sender.device_id: sender for sender in senders.values()}
    async with httpx.AsyncClient(base_url=server, timeout=UPLOAD_TIMEOUT_S) as http:
        uploader = Uploader(http, by_id, settings.ingest.max_upload_size_bytes)
        for device_id, recordings in planned.by_device().items():
            await uploader.announce(device_id, _moment(min(r.start_ms for r in recordings)))
            await uploader.send(recordings, answered)
            # Nothing after the last recording can change its dialogues any more: they need not wait for stragglers.
            until = _moment(max(r.end_ms for r in recordings)) + window
            await uploader.announce(device_id, min(until, TOO_LATE - timedelta(milliseconds=1)))
    if wait and planned.recordings:
        result.progress = await _wait(settings, planned, screen)
    return result


async def _wait(settings: Settings, planned: Schedule, screen: Screen) -> Progress:
    since = _moment(min(r.start_ms for r in planned.recordings))
    until = _moment(max(r.end_ms for r in planned.recordings))
    devices = [DeviceId(device_id) for device_id in planned.by_device()]
    db = Database(database_url(settings))
    try:
        return await wait_until_judged(db, devices, since, until, screen.judging)
    finally:
        await db.dispose()


def _moment(ms: int) -> datetime:
    return datetime.fromtimestamp(0, UTC) + timedelta(milliseconds=ms)


def as_dict(result: ImportResult) -> dict[str, object]:
    """The summary as JSON."""
    refused = [o for o in result.outcomes if o.fate is Fate.REFUSED]
    return {
        "accepted": sum(o.fate is Fate.ACCEPTED for o in result.outcomes),
        "duplicate": sum(o.fate is Fate.DUPLICATE for o in result.outcomes),
        "refused": [{"file": str(o.path), "chunk": o.seq, "reason": o.reason} for o in refused],
        "judged": result.progress.judged if result.progress else None,
        "failed": result.progress.failed if result.progress else None,
    }
