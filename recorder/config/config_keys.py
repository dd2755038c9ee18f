"""Every key of the configuration: its default, what its text may be, and the one line that explains it."""

import ipaddress
import re
import uuid
import zoneinfo
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from difflib import get_close_matches
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from recorder.timing.hours import EVERY_DAY, Hours, read_days, read_time, show_time

SAMPLE_RATES = (8000, 12000, 16000, 24000, 48000)
BITRATES_KBPS = (24, 32)
LANGUAGES = ("ru", "en")
_CHUNKS_ROUTE = "/api/v1"


class Required:
    """Has no default."""


REQUIRED = Required()


@dataclass(frozen=True)
class Key:
    """`read` makes a value of one text and raises ValueError saying what would be right, without quoting a secret.
    `join`: makes the value of a key that takes several texts."""

    name: str
    about: str
    read: Callable[[str], Any]
    default: Any = REQUIRED
    join: Callable[[list[Any]], Any] | None = None
    is_mapping: bool = False
    is_secret: bool = False
    variable: str = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "variable", f"RA_{self.name.upper()}")


def _uuid(text: str) -> str:
    try:
        return str(uuid.UUID(text))
    except ValueError:
        raise ValueError("must be a UUID such as 3f0c1d52-8a4e-4c1b-9d53-0a1b2c3d4e5f") from None


def _url(text: str) -> str:
    right = "must be the server's address such as https://audio.example.com"
    try:
        parts = urlsplit(text)
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise ValueError(right) from None
    if parts.scheme not in ("http", "https") or not host or re.search(r"\s", text):
        raise ValueError(right)
    if parts.username or parts.password or parts.query or parts.fragment:
        raise ValueError(f"{right}, without user, password, ? and #")
    if _CHUNKS_ROUTE in parts.path:
        raise ValueError(f"must end before {_CHUNKS_ROUTE}: the recorder adds the route itself")
    return text.rstrip("/")


def _token(text: str) -> str:
    if text.startswith("<") or not re.fullmatch(r"[!-~]+", text):
        raise ValueError("must be the device's token: one word of Latin letters, digits and signs")
    return text


def _whole(low: int, high: int, unit: str = "") -> Callable[[str], int]:
    def read(text: str) -> int:
        if re.fullmatch(r"\d{1,9}", text) and low <= int(text) <= high:
            return int(text)
        raise ValueError(f"must be a whole number from {low} to {high}{unit}")

    return read


def _number(low: float, high: float, unit: str = "") -> Callable[[str], float]:
    def read(text: str) -> float:
        if re.fullmatch(r"\d{1,9}(\.\d{1,9})?", text) and low <= float(text) <= high:
            return int(text) if text.isdigit() else float(text)
        raise ValueError(f"must be a number from {low:g} to {high:g}{unit}")

    return read


def _one_of(choices: tuple[int, ...], unit: str) -> Callable[[str], int]:
    def read(text: str) -> int:
        if text.isdecimal() and int(text) in choices:
            return int(text)
        raise ValueError(f"must be one of {', '.join(map(str, choices))}{unit}")

    return read


def _language(text: str) -> str:
    if text.lower() not in LANGUAGES:
        raise ValueError("must be ru or en")
    return text.lower()


def _path(text: str) -> Path:
    if not text.isprintable():
        raise ValueError("must be a path without control characters")
    return Path.cwd() / Path(text).expanduser()


def _text(text: str) -> str:
    return text


def _zone(text: str) -> str:
    try:
        zoneinfo.ZoneInfo(text)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        known = zoneinfo.available_timezones()
        if not known:
            raise ValueError("no time zones on this machine; install them: sudo apt install tzdata") from None
        by_city = {name.rpartition("/")[2].lower(): name for name in sorted(known)}
        near = get_close_matches(text.rpartition("/")[2].lower().replace(" ", "_"), by_city, 1, 0.75)
        hint = f"; did you mean {by_city[near[0]]}?" if near else ""
        raise ValueError(f"must be a time zone's IANA name such as Europe/Moscow{hint}") from None
    return text


def _exception(text: str) -> tuple[date, Hours | None]:
    day, _, hours = (piece.strip() for piece in text.partition("="))
    try:
        on = date.fromisoformat(day)
    except ValueError:
        raise ValueError("must be a date as YYYY-MM-DD, then closed or HH:MM-HH:MM") from None
    if hours.lower() == "closed":
        return on, None
    try:
        return on, Hours.read(hours)
    except ValueError as error:
        raise ValueError(f"must be closed or hours: {error}") from None


def _exceptions(parts: list[tuple[date, Hours | None]]) -> Mapping[date, Hours | None]:
    joined = dict(parts)
    if len(joined) < len(parts):
        raise ValueError("a date is named twice")
    return joined


def _all_days(parts: list[tuple[int, ...]]) -> tuple[int, ...]:
    return tuple(sorted({day for part in parts for day in part}))


def is_plain_http(url: str) -> bool:
    """The token would travel in the clear over a network."""
    parts = urlsplit(url)
    if parts.scheme != "http" or parts.hostname == "localhost":
        return False
    try:
        return not ipaddress.ip_address(parts.hostname or "").is_loopback
    except ValueError:
        return True


KEYS = (
    Key("point_id", "UUID of the point of sale", _uuid),
    Key("register_id", "UUID of the till", _uuid),
    Key("device_id", "UUID of this recorder", _uuid),
    Key("ingest_base_url", "address of the server", _url),
    Key("ingest_token", "token of this recorder", _token, is_secret=True),
    Key("ingest_token_file", "file that holds the token, instead of ingest_token", _path, None),
    Key("schedule_start", "record from (HH:MM)", lambda text: show_time(read_time(text)), "08:00"),
    Key("schedule_end", "record until (HH:MM)", lambda text: show_time(read_time(text, is_end=True)), "22:00"),
    Key("timezone", "zone of these times (IANA name); the system's when unset", _zone, None),
    Key("days", "days of the week on which to record", read_days, EVERY_DAY, _all_days),
    Key(
        "exceptions",
        "other hours on single dates: closed or HH:MM-HH:MM",
        _exception,
        {},
        _exceptions,
        is_mapping=True,
    ),
    Key("chunk_seconds", "length of a chunk", _whole(5, 600, " seconds"), 60),
    Key("opus_bitrate_kbps", "bitrate of Opus", _one_of(BITRATES_KBPS, " kbps"), 24),
    Key("audio_device", "ALSA device such as hw:1,0; found by itself when unset", _text, None),
    Key("sample_rate", "samples a second", _one_of(SAMPLE_RATES, " Hz"), 48000),
    Key("spool_dir", "folder of the recordings", _path, Path("/var/lib/recorder-agent/spool")),
    Key("max_spool_days", "days for which delivered chunks are kept", _whole(0, 3650, " days"), 7),
    Key("max_spool_gb", "size of the spool at most (10^9 bytes)", _number(0.001, 100_000, " GB"), 20),
    Key("min_free_mb", "space on the disk left free (10^6 bytes)", _whole(0, 1_000_000, " MB"), 200),
    Key("retry_min_s", "first wait before another try of an upload", _number(0.1, 3600, " seconds"), 2),
    Key("retry_max_s", "longest wait before another try", _number(0.1, 86_400, " seconds"), 300),
    Key("max_upload_kbps", "bandwidth for uploads at most; no limit when unset", _whole(16, 1_000_000, " kbps"), None),
    Key("ca_file", "certificates (PEM) of a private authority", _path, None),
    Key("health_port", "port of http://127.0.0.1/health", _whole(1, 65535), 8042),
    Key("language", "of what commands print: ru or en; the system's when unset", _language, None),
)
