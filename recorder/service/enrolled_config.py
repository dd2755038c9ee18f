"""The configuration that an enrolment writes, as text. Pure."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from recorder.config.config_keys import LANGUAGES
from recorder.config.config_text import Given

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_FROM_SERVER = frozenset(
    {
        *("point_id", "register_id", "device_id", "ingest_base_url", "ingest_token", "ingest_token_file"),
        *("schedule_start", "schedule_end", "timezone", "days", "exceptions", "language"),
    }
)

Stretches = Sequence[Mapping[str, str]]


@dataclass(frozen=True, slots=True)
class Hours:
    """The point's opening hours as the recorder's schedule. `is_exact`: False where the point has different hours on
    different days, or breaks: the schedule then spans them all."""

    start: str
    end: str
    days: tuple[str, ...]
    exceptions: Mapping[str, str]
    is_exact: bool


@dataclass(frozen=True, slots=True)
class Enrolment:
    """The server's answer. `hours`: None where the point has none."""

    point_id: str
    register_id: str
    device_id: str
    point_name: str
    register_name: str
    zone: str
    language: str | None
    hours: Hours | None

    @classmethod
    def from_answer(cls, answer: Mapping[str, Any]) -> "Enrolment":
        """Raises ValueError where it is not the answer of our server."""
        try:
            ids = {name: str(UUID(answer[name])) for name in ("point_id", "register_id", "device_id")}
            language = answer.get("language")
            return cls(
                **ids,
                point_name=str(answer["point_name"]),
                register_name=str(answer["register_name"]),
                zone=ZoneInfo(answer["zone"]).key,
                language=language if language in LANGUAGES else None,
                hours=_hours(answer.get("opening_hours") or {}),
            )
        except (KeyError, TypeError, AttributeError, ValueError, OSError) as error:
            raise ValueError(f"not an enrolment: {error}") from error


def text(enrolment: Enrolment, server: str, token: str, ca_file: Path | None, kept: Iterable[Given] = ()) -> str:
    """YAML in the sections of the example. `kept`: what the configuration before said on what the server doesn't."""
    sections: dict[str, dict[str, str]] = {
        "identifiers": {
            "point_id": enrolment.point_id,
            "register_id": enrolment.register_id,
            "device_id": enrolment.device_id,
        },
        "ingest": {"ingest_base_url": server, "ingest_token": token} | ({"ca_file": str(ca_file)} if ca_file else {}),
        "schedule": _schedule(enrolment),
        "service": {"language": enrolment.language} if enrolment.language else {},
        "kept": {item.key: ", ".join(part.text for part in item.parts) for item in kept if _is_own(item, ca_file)},
    }
    names = _quoted(f"{enrolment.point_name}, {enrolment.register_name}")
    head = f"# {names}; written by `recorder-agent enrol`. All keys: config.example.yaml beside the program.\n"
    return head + "".join(f"{line}\n" for line in _lines(sections))


def _is_own(item: Given, ca_file: Path | None) -> bool:
    return bool(item.parts) and item.key not in _FROM_SERVER and not (item.key == "ca_file" and ca_file)


def _lines(sections: Mapping[str, Mapping[str, str]]) -> Iterator[str]:
    for name, values in sections.items():
        if values:
            yield f"{name}:"
            yield from (f"  {key}: {_quoted(value)}" for key, value in values.items())


def _quoted(value: str) -> str:
    """As JSON, which is YAML too, whatever it holds. What YAML takes for the end of a line is escaped."""
    return "".join(
        char if char.isprintable() else json.dumps(char)[1:-1] for char in json.dumps(value, ensure_ascii=False)
    )


def _schedule(enrolment: Enrolment) -> dict[str, str]:
    values = {"timezone": enrolment.zone}
    if enrolment.hours is None:
        return values
    values |= {"schedule_start": enrolment.hours.start, "schedule_end": enrolment.hours.end}
    if enrolment.hours.days != WEEKDAYS:
        values["days"] = ", ".join(enrolment.hours.days)
    if enrolment.hours.exceptions:
        values["exceptions"] = ", ".join(f"{day}={of}" for day, of in sorted(enrolment.hours.exceptions.items()))
    return values


def _hours(opening: Mapping[str, Any]) -> Hours | None:
    week: dict[str, Stretches] = {day: opening[day] for day in WEEKDAYS if opening.get(day)}
    if not week:
        return None
    spans = {day: _span(stretches) for day, stretches in week.items()}
    start, end = min(start for start, _ in spans.values()), max(end for _, end in spans.values())
    given: Mapping[str, Stretches] = opening.get("exceptions") or {}
    exceptions = {date.fromisoformat(day).isoformat(): _exception(stretches) for day, stretches in given.items()}
    has_breaks = any(len(stretches) > 1 for stretches in (*week.values(), *given.values()))
    is_exact = not has_breaks and set(spans.values()) == {(start, end)}
    return Hours(start, end, tuple(week), exceptions, is_exact)


def _span(stretches: Stretches) -> tuple[str, str]:
    """From the first opening to the last closing. Times are HH:MM, which sort as they are."""
    return min(stretch["opens"] for stretch in stretches), max(stretch["closes"] for stretch in stretches)


def _exception(stretches: Stretches) -> str:
    return "-".join(_span(stretches)) if stretches else "closed"
