"""The recorder's configuration: a YAML file and RA_* variables (a variable beats the file), checked as a whole."""

import errno
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from recorder.config.config_keys import KEYS, REQUIRED, Key, is_plain_http
from recorder.config.config_text import VARIABLE_PREFIX, Given, Part, Problem, from_environment, from_yaml
from recorder.timing.hours import Hours

_BY_NAME = {key.name: key for key in KEYS}
_TOKENS = ("ingest_token", "ingest_token_file")
_MAX_FILE_BYTES = 1_000_000
_READABLE_BY_ALL = 0o004
_SHOWN_CHARS = 80
_CERTIFICATE = b"-----BEGIN CERTIFICATE-----"
_ROOM_FOR_BACKLOG = 1.5
"""Uploads must be faster than the recording by so much, or an outage is never made up for."""


class ConfigError(Exception):
    """Lists every problem with its place; safe to print."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(map(str, self.problems)))


@dataclass(frozen=True)
class RecorderConfig:
    """Named as the keys are. `days`: 0 is Monday. `exceptions`: None is closed. `warnings`: what works but should be
    mended; safe to print."""

    point_id: str
    register_id: str
    device_id: str
    ingest_base_url: str
    ingest_token: str = field(repr=False)
    ingest_token_file: Path | None
    schedule_start: str
    schedule_end: str
    timezone: str | None
    days: tuple[int, ...]
    exceptions: Mapping[date, Hours | None]
    chunk_seconds: int
    opus_bitrate_kbps: int
    audio_device: str | None
    sample_rate: int
    spool_dir: Path
    max_spool_days: int
    max_spool_gb: float
    min_free_mb: int
    retry_min_s: float
    retry_max_s: float
    max_upload_kbps: int | None
    ca_file: Path | None
    health_port: int
    language: str | None
    warnings: tuple[str, ...] = ()


def load(path: Path | None, environment: Mapping[str, str]) -> RecorderConfig:
    """The file's keys, overridden by the RA_* variables; without a file only these.

    Raises ConfigError with all problems of both at once.
    """
    problems: list[Problem] = []
    in_file = _read_file(path, problems) if path else []
    was_read = bool(in_file) or not problems
    given = _chosen(in_file, from_environment(environment), problems)
    values = _values(given, problems)
    if "ingest_token_file" in values and "ingest_token" not in given:
        _add_token(values, given["ingest_token_file"].where, problems)
    if was_read:  # Else the keys may well be there.
        problems += _missing(given, str(path or "configuration"))
    problems += _disagreements(values, given)
    if problems:
        raise ConfigError(sorted(problems, key=_place))
    defaults = {key.name: key.default for key in KEYS}
    return RecorderConfig(**(defaults | values), warnings=tuple(_warnings(values, given, path)))


def _place(problem: Problem) -> tuple[bool, str, int]:
    """The files line by line, then the variables."""
    source, _, line = problem.where.rpartition(":")
    is_variable = problem.where.startswith(VARIABLE_PREFIX)
    return (is_variable, source, int(line)) if line.isdecimal() else (is_variable, problem.where, 0)


def _read_file(path: Path, problems: list[Problem]) -> list[Given]:
    try:
        content = _content(path)
    except OSError as error:
        problems.append(Problem(str(path), f"cannot be read: {error.strerror}"))
        return []
    given, found = from_yaml(content, str(path), _BY_NAME, [key.name for key in KEYS if key.is_mapping])
    problems += found
    return given


def _content(path: Path) -> bytes:
    with path.open("rb") as file:
        content = file.read(_MAX_FILE_BYTES + 1)
    if len(content) > _MAX_FILE_BYTES:
        raise OSError(errno.EFBIG, "it is larger than 1 MB")
    return content


def _chosen(in_file: Iterable[Given], variables: Iterable[Given], problems: list[Problem]) -> dict[str, Given]:
    """By key: the variable if there is one, else what the file says. Keys left empty are not given."""
    chosen: dict[str, Given] = {}
    for item in in_file:
        if item.key not in _BY_NAME:
            if item.parts:  # Else a section with nothing in it.
                problems.append(Problem(item.where, _unknown(item.key, item.section)))
        elif item.key in chosen:
            problems.append(Problem(item.where, f"{item.key}: is given already at {chosen[item.key].where}"))
        elif item.parts:
            chosen[item.key] = item
    known = {item.key: item for item in variables if item.key in _BY_NAME}
    problems += [Problem(item.where, _unknown_variable(item.key)) for item in variables if item.key not in known]
    if any(name in known for name in _TOKENS):
        chosen = {name: item for name, item in chosen.items() if name not in _TOKENS}
    chosen |= known
    if all(name in chosen for name in _TOKENS):
        problems.append(Problem(chosen["ingest_token_file"].where, "ingest_token_file: ingest_token is given too"))
    return chosen


def _values(given: Mapping[str, Given], problems: list[Problem]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for name, item in given.items():
        key, before = _BY_NAME[name], len(problems)
        read = [_read_part(key, part, problems) for part in _split(key, item)]
        if len(problems) > before:
            continue
        try:
            values[name] = key.join(read) if key.join else _only(read)
        except ValueError as error:
            problems.append(Problem(item.where, f"{name}: {error}"))
    return values


def _split(key: Key, item: Given) -> list[Part]:
    """The items of a list; one text may hold several, between commas."""
    if key.join is None:
        return list(item.parts)
    return [Part(text.strip(), part.where) for part in item.parts for text in part.text.split(",") if text.strip()]


def _read_part(key: Key, part: Part, problems: list[Problem]) -> Any:
    try:
        return key.read(part.text)
    except ValueError as error:
        shown = "" if key.is_secret else f" {part.text[:_SHOWN_CHARS]!r}"
        problems.append(Problem(part.where, f"{key.name}:{shown} {error}"))
        return None


def _only(values: list[Any]) -> Any:
    if len(values) != 1:
        raise ValueError("must be one value, not a list")
    return values[0]


def _add_token(values: dict[str, Any], where: str, problems: list[Problem]) -> None:
    path = values["ingest_token_file"]
    try:
        text = _content(path).decode("utf-8-sig").strip()
        values["ingest_token"] = _BY_NAME["ingest_token"].read(text)
    except OSError as error:
        problems.append(Problem(where, f"ingest_token_file: {path} cannot be read: {error.strerror}"))
    except ValueError:
        problems.append(Problem(where, f"ingest_token_file: {path} must hold the device's token and nothing else"))


def _missing(given: Mapping[str, Given], source: str) -> list[Problem]:
    return [
        Problem(source, f"{key.name} is missing: {key.about}; write it there or set {key.variable}")
        for key in KEYS
        if key.default is REQUIRED and key.name not in given and not (key.name in _TOKENS and _TOKENS[1] in given)
    ]


def _disagreements(values: Mapping[str, Any], given: Mapping[str, Given]) -> Iterator[Problem]:
    """Values that are right each but not together."""

    def of(name: str) -> Any:
        return values.get(name, _BY_NAME[name].default if name not in given else None)

    def place(*names: str) -> str:
        return next((given[name].where for name in names if name in given), "defaults")

    start, end = of("schedule_start"), of("schedule_end")
    if start and end:
        try:
            Hours.between(start, end)
        except ValueError as error:
            yield Problem(place("schedule_end", "schedule_start"), f"schedule_end: {error}")
    low, high = of("retry_min_s"), of("retry_max_s")
    if low and high and low > high:
        place_of_waits = place("retry_max_s", "retry_min_s")
        yield Problem(place_of_waits, f"retry_max_s: {high:g} must not be less than retry_min_s ({low:g})")
    if of("ca_file"):
        try:
            if _CERTIFICATE not in _content(of("ca_file")):
                yield Problem(place("ca_file"), f"ca_file: {of('ca_file')} must hold certificates as PEM text")
        except OSError as error:
            yield Problem(place("ca_file"), f"ca_file: {of('ca_file')} cannot be read: {error.strerror}")


def _warnings(values: Mapping[str, Any], given: Mapping[str, Given], path: Path | None) -> Iterator[str]:
    if is_plain_http(values["ingest_base_url"]):
        yield f"{given['ingest_base_url'].where}: ingest_base_url: over http:// the token can be read on the way; use https://"
    limit, bitrate = values.get("max_upload_kbps"), values.get("opus_bitrate_kbps", 24)
    if limit and limit < _ROOM_FOR_BACKLOG * bitrate:
        yield f"{given['max_upload_kbps'].where}: max_upload_kbps: {limit} leaves no room to catch up after an outage"
    holds_token = values.get("ingest_token_file") or (
        path if given["ingest_token"].where.startswith(str(path)) else None
    )
    if holds_token and holds_token.stat().st_mode & _READABLE_BY_ALL:
        yield f"{holds_token}: every user of this machine can read the token; sudo chmod o-r {holds_token}"


def _unknown(name: str, section: str) -> str:
    near = get_close_matches(name, _BY_NAME, 1) or get_close_matches(f"{section}_{name}", _BY_NAME, 1)
    return f"{name}: no such key" + (f"; did you mean {near[0]}?" if near else "")


def _unknown_variable(name: str) -> str:
    near = get_close_matches(name, _BY_NAME, 1)
    return "no such variable" + (f"; did you mean {_BY_NAME[near[0]].variable}?" if near else "")
