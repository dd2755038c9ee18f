"""Each recording's place in time, with what could not be read and what had to be guessed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID
from zoneinfo import ZoneInfo

from cluster.recordings.plan import Found, Place, Recording, in_a_row, parse_start, start_of
from cluster.recordings.sound import length_s, probe
from cluster.recordings.upload import Sender
from domain.errors import ConfigError, Rejected


@dataclass(slots=True)
class Schedule:
    """recordings: by device, then time. refused: file → why. undated: their times come from the files' dates."""

    recordings: list[Recording] = field(default_factory=list)
    refused: dict[Path, str] = field(default_factory=dict)
    undated: list[Path] = field(default_factory=list)

    @property
    def length_ms(self) -> int:
        return sum(recording.length_ms for recording in self.recordings)

    def by_device(self) -> dict[UUID, list[Recording]]:
        found: dict[UUID, list[Recording]] = {}
        for recording in self.recordings:
            found.setdefault(recording.device_id, []).append(recording)
        return found


def schedule(found: Sequence[Found], senders: Mapping[Place, Sender], start: str | None) -> Schedule:
    """Reads every header. start: when the first recording of each device begins; its others follow one another then.

    Raises ConfigError where a stated time is none. What lies outside the years that ingest takes is refused.
    """
    planned = Schedule()
    for file in found:
        try:
            recording, is_dated = _recording(file, senders[file.place])
        except Rejected as error:
            planned.refused[file.path] = str(error)
            continue
        planned.recordings.append(recording)
        if not is_dated and start is None:
            planned.undated.append(file.path)
    if start is not None:
        zones = {sender.device_id: sender.zone for sender in senders.values()}
        planned.recordings = [
            recording
            for device_id, recordings in planned.by_device().items()
            for recording in in_a_row(recordings, _ms(_stated(start, zones[device_id])))
        ]
    _refuse_wrong_years(planned)
    planned.recordings.sort(key=lambda r: (str(r.device_id), r.start_ms, r.path))
    return planned


def _refuse_wrong_years(planned: Schedule) -> None:
    kept = []
    for recording in planned.recordings:
        try:
            recording.check_years()
        except Rejected as error:
            planned.refused[recording.path] = str(error)
        else:
            kept.append(recording)
    planned.recordings = kept


def _recording(file: Found, sender: Sender) -> tuple[Recording, bool]:
    heard = probe(file.path)
    length_ms = round(1000 * length_s(file.path, heard))
    stated = start_of(file, ZoneInfo(sender.zone))
    start_ms = _ms(stated) if stated else round(1000 * file.path.stat().st_mtime) - length_ms
    return Recording(file.path, sender.device_id, start_ms, length_ms, stated is not None, heard), stated is not None


def _stated(text: str, zone: str) -> datetime:
    try:
        start = parse_start(text, ZoneInfo(zone))
    except Rejected as error:
        raise ConfigError(f"--start: {error}") from None
    if start is None:
        raise ConfigError(f"--start {text}: no time; write it as 2026-03-02T09:10:00 or 2026-03-02T09:10:00Z")
    return start


def _ms(moment: datetime) -> int:
    return round(moment.astimezone(UTC).timestamp() * 1000)
