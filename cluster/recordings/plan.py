"""What is to be imported: which files, from which counter, and when each of them began."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from unicodedata import category
from uuid import UUID, uuid5

from cluster.recordings.manifest import ManifestRow
from cluster.recordings.names import start_from_name
from cluster.recordings.sound import SUFFIXES, Heard
from domain.chunks import YEARS
from domain.errors import ConfigError, Rejected

EARLIEST, TOO_LATE = (datetime(year, 1, 1, tzinfo=UTC) for year in (YEARS.start, YEARS.stop))
LONGEST_NAME = 200
_YEARS = f"the years {YEARS.start} to {YEARS.stop - 1}"


@dataclass(frozen=True, slots=True)
class Place:
    """Which counter a recording comes from. device: an id or any name; None: the counter's one recorder.
    language: None leaves it to the point. Raises ConfigError where the server would take none of such a name."""

    point: str
    register: str
    device: str | None = None
    language: str | None = None

    def __post_init__(self) -> None:
        check_name("point", self.point)
        check_name("register", self.register)


@dataclass(frozen=True, slots=True)
class Found:
    """A file to import. start_text: what the manifest says about its start. entry: where in it, as "line 3"."""

    path: Path
    place: Place
    start_text: str | None = None
    entry: str = ""


@dataclass(frozen=True, slots=True)
class Recording:
    """A file with its place in time. is_stated: the time was said (name, manifest, option), not taken from the file's
    date, which changes when the file is copied."""

    path: Path
    device_id: UUID
    start_ms: int
    length_ms: int
    is_stated: bool
    heard: Heard

    @property
    def end_ms(self) -> int:
        return self.start_ms + self.length_ms

    def check_years(self) -> None:
        """Raises Rejected where it does not lie wholly in the years that ingest takes."""
        if self.start_ms < EARLIEST.timestamp() * 1000 or self.end_ms >= TOO_LATE.timestamp() * 1000:
            raise Rejected(f"its time is outside {_YEARS}; is the recorder's clock set?")

    def session_id(self) -> UUID:
        """The capture run that this file stands for: the same content at the same stated time is the same run."""
        with self.path.open("rb") as file:
            content = hashlib.file_digest(file, "sha256").hexdigest()
        return uuid5(self.device_id, f"{content}/{self.start_ms}" if self.is_stated else content)


def check_name(what: str, name: str) -> None:
    """Raises ConfigError where the admin API would refuse `name` (serve_apps/api/schemas.py)."""
    if not name.strip(" "):
        raise ConfigError(f"the {what}'s name is empty")
    if any(category(sign) in ("Cc", "Zl", "Zp") for sign in name):
        raise ConfigError(
            f"the {what}'s name {name!r} has a control character in it, such as a line break; leave it out"
        )
    if len(name) > LONGEST_NAME:
        raise ConfigError(f"the {what}'s name is longer than {LONGEST_NAME} characters")


def find(paths: Sequence[Path], glob: str | None, rows: Mapping[Path, ManifestRow], place: Place) -> list[Found]:
    """The recordings under `paths` and in the manifest, by name. Folders are searched through; hidden files are not.

    glob: on the names. Raises ConfigError where a path is not there or nothing is found.
    """
    files: dict[Path, None] = dict.fromkeys(rows)
    for path in paths:
        if path.is_dir():
            files |= dict.fromkeys(sorted(p.resolve() for p in path.rglob(glob or "*") if _is_recording(p, path)))
        elif path.exists():
            files |= dict.fromkeys([path.resolve()] if path.match(glob or "*") else [])
        else:
            raise ConfigError(f"{path}: there is no such file or folder")
    if not files:
        looked = ", ".join(str(path) for path in paths)
        raise ConfigError(f"no recordings{f' named {glob}' if glob else ''} in {looked} ({' '.join(sorted(SUFFIXES))})")
    return [_found(file, rows.get(file), place) for file in files]


def start_of(found: Found, zone: tzinfo) -> datetime | None:
    """The stated start: the manifest's, else the name's, else folder and name together (2026-03-02/09-10.wav).

    Raises ConfigError where the manifest's is no time, Rejected where its year is out of range.
    """
    if found.start_text:
        try:
            start = parse_start(found.start_text, zone)
        except Rejected as error:
            raise Rejected(f"manifest, {found.entry}: start_ts: {error}") from None
        if start is None:
            where = f"manifest, {found.entry}: {found.path.name}: start_ts"
            raise ConfigError(f"{where}: '{found.start_text}' is no time; use 2026-03-02T09:10:00Z")
        return start
    name = found.path.stem
    return start_from_name(name, zone) or start_from_name(f"{found.path.parent.name} {name}", zone)


def in_a_row(recordings: Iterable[Recording], start_ms: int) -> list[Recording]:
    """The recordings one after the other from `start_ms` on, in the order given."""
    placed = []
    for recording in recordings:
        placed.append(replace(recording, start_ms=start_ms, is_stated=True))
        start_ms += recording.length_ms
    return placed


def overlaps(recordings: Iterable[Recording]) -> int:
    """How many begin more than a second before the previous one of their device ends."""
    ends: dict[UUID, int] = {}
    count = 0
    for recording in sorted(recordings, key=lambda r: r.start_ms):
        end = ends.get(recording.device_id, recording.start_ms)
        count += recording.start_ms < end - 1000
        ends[recording.device_id] = max(end, recording.end_ms)
    return count


def _found(file: Path, row: ManifestRow | None, place: Place) -> Found:
    if row is None:
        return Found(file, place)
    try:
        own = Place(
            row.point or place.point,
            row.register_name or place.register,
            row.device or place.device,
            row.language or place.language,
        )
    except ConfigError as error:
        raise ConfigError(f"manifest, {row.entry}: {error}") from None
    return Found(file, own, row.start_ts, row.entry)


def _is_recording(file: Path, root: Path) -> bool:
    hidden = any(part.startswith(".") for part in file.relative_to(root).parts)
    return file.is_file() and not hidden and file.suffix.lower() in SUFFIXES


def parse_start(text: str, zone: tzinfo) -> datetime | None:
    """An instant as people write it; without a zone it is local time of `zone`. None where it is none.

    Raises Rejected where its UTC year is none that ingest takes.
    """
    try:
        start = datetime.fromisoformat(text)
    except ValueError:
        return start_from_name(text, zone)
    start = start if start.tzinfo else start.replace(tzinfo=zone)
    if not EARLIEST <= start < TOO_LATE:
        raise Rejected(f"'{text}' is outside {_YEARS}")
    return start.astimezone(UTC)
