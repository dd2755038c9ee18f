"""Opening hours as a person types them: a line for each weekday, a date with its own hours, and back. Pure."""

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from itertools import pairwise
from typing import Any

from httpx import QueryParams

from domain.opening_hours import WEEKDAYS

_STRETCH = re.compile(r"(\d{1,2})(?:[:.](\d{2}))?\s*[-–—]\s*(\d{1,2})(?:[:.](\d{2}))?")


class HoursError(ValueError):
    """`where`: the weekday or the date whose hours cannot be read; `typed`: what stands there."""

    def __init__(self, where: str, typed: str) -> None:
        super().__init__(f"{where}: {typed}")
        self.where = where
        self.typed = typed


def text_of(day: Iterable[Mapping[str, str]]) -> str:
    """08:00–12:00, 13:00–22:00; empty for a closed day."""
    return ", ".join(f"{stretch['opens']}–{stretch['closes']}" for stretch in day)


def day_of(where: str, text: str) -> list[dict[str, str]]:
    """What was typed: 8-22, 08:00–12:00, 13.00–22.00. Empty: closed. Raises HoursError."""
    stretches = []
    for part in filter(None, (part.strip() for part in re.split(r"[,;]", text))):
        found = _STRETCH.fullmatch(part)
        if found is None:
            raise HoursError(where, text)
        opens_h, opens_min, closes_h, closes_min = found.groups()
        opens, closes = f"{opens_h:0>2}:{opens_min or '00'}", f"{closes_h:0>2}:{closes_min or '00'}"
        if not "00:00" <= opens < closes <= "24:00" or max(opens[3:], closes[3:]) > "59":
            raise HoursError(where, text)
        stretches.append({"opens": opens, "closes": closes})
    if any(later["opens"] < earlier["closes"] for earlier, later in pairwise(stretches)):
        raise HoursError(where, text)
    return stretches


def hours_of(form: QueryParams) -> dict[str, Any]:
    """The form's fields mon … sun, and exception_day with exception_hours beside it, as the api takes them. An
    exception without a date is left out. Raises HoursError."""
    week = {weekday: day_of(weekday, form.get(weekday, "")) for weekday in WEEKDAYS}
    exceptions = {}
    for day, text in zip(form.get_list("exception_day"), form.get_list("exception_hours"), strict=False):
        if day:
            exceptions[_date(day)] = day_of(day, text)
    return {**week, "exceptions": exceptions}


def exceptions_of(stored: Mapping[str, Any], today: date) -> Sequence[tuple[str, str]]:
    """Dates with hours of their own, those to come first."""
    known = sorted(stored["exceptions"].items())
    to_come = [(day, text_of(of)) for day, of in known if day >= today.isoformat()]
    return [*to_come, *((day, text_of(of)) for day, of in known if day < today.isoformat())]


def _date(text: str) -> str:
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        raise HoursError(text, text) from None
