"""What is chosen of the dialogues, as the address of the page and as the query of the api. Pure.

The two speak the same names, so a link to the list is a query of the api with `page=dialogues` before it. What an
address has that no filter has, or that no filter takes (`quality=9`, `from=soon`), is left out: a mistyped link shows
more than it should have, never an error.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from domain.dialogue_filter import Reviewed, Sort
from domain.search_query import parse
from domain.status import Attempted, Kind, Place, Reaction, StageStatus

PLACES = tuple(place for place in Place if place is not Place.SUPERSEDED)
"""The superseded are no current dialogues, so no list has them."""
QUALITIES = ("0", "1", "2", "3")
MAX_TEXT = 200
"""Characters of a name or of a search: more is no filter that someone typed."""


def _one_of(*allowed: str) -> Callable[[str], bool]:
    return frozenset(allowed).__contains__


def is_id(value: str) -> bool:
    try:
        return str(UUID(value)) == value.lower()
    except ValueError:
        return False


def _is_day(value: str) -> bool:
    try:
        return date.fromisoformat(value).isoformat() == value and 2000 <= date.fromisoformat(value).year < 2100
    except ValueError:
        return False


def _is_share(value: str) -> bool:
    try:
        return 0 <= float(value) <= 1
    except ValueError:
        return False


def _is_seconds(value: str) -> bool:
    return value.isascii() and value.isdigit() and int(value) <= 86_400


def _is_text(value: str) -> bool:
    return 0 < len(value) <= MAX_TEXT and value.isprintable() and not value.isspace()


def _is_search(value: str) -> bool:
    try:
        return _is_text(value) and bool(parse(value))
    except ValueError:
        return False


MANY: Mapping[str, Callable[[str], bool]] = {
    "point": is_id,
    "register": is_id,
    "place": _one_of(*PLACES),
    "kind": _one_of(*Kind),
    "attempted": _one_of(*Attempted),
    "quality": _one_of(*QUALITIES),
    "category": _is_text,
    "reaction": _one_of(*Reaction),
    "reviewed": _one_of(*Reviewed),
    "reviewer": _is_text,
    "language": _is_text,
    "engine": _is_text,
    "status": _one_of(*StageStatus),
    "weekday": _one_of(*map(str, range(7))),
    "hour": _one_of(*map(str, range(24))),
}
"""Filters that take several values: any of them will do."""

ONE: Mapping[str, Callable[[str], bool]] = {
    "from": _is_day,
    "to": _is_day,
    "q": _is_search,
    "confidence_min": _is_share,
    "confidence_max": _is_share,
    "min_s": _is_seconds,
    "max_s": _is_seconds,
    "sort": _one_of(*Sort),
}
"""Filters that take one value."""

PERIOD = ("from", "to")


@dataclass(frozen=True, slots=True)
class Filters:
    """Values as they stand in the address; a filter that is not there lets all through."""

    many: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    one: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, values: Mapping[str, str | Sequence[str]]) -> "Filters":
        """Out of an address or a form. Unknown names, empty and impossible values are left out."""
        lists = {name: [value] if isinstance(value, str) else list(value) for name, value in values.items()}
        many = {
            name: tuple(dict.fromkeys(value for value in lists[name] if is_allowed(value)))
            for name, is_allowed in MANY.items()
            if name in lists
        }
        one = {
            name: lists[name][-1].strip()
            for name, is_allowed in ONE.items()
            if lists.get(name) and is_allowed(lists[name][-1].strip())
        }
        if one.get("from", "") > one.get("to", "9"):
            one["from"], one["to"] = one["to"], one["from"]
        return cls({name: chosen for name, chosen in many.items() if chosen}, one)

    def pairs(self) -> list[tuple[str, str]]:
        """Name and value in a fixed order: the same choice is the same address."""
        one = [(name, self.one[name]) for name in ONE if name in self.one]
        return one + [(name, value) for name in MANY for value in self.many.get(name, ())]

    def query(self) -> dict[str, list[str]]:
        """For the api."""
        query: dict[str, list[str]] = {}
        for name, value in self.pairs():
            query.setdefault(name, []).append(value)
        return query

    def body(self) -> dict[str, Any]:
        """For the api as JSON."""
        return {**self.one, **{name: list(values) for name, values in self.many.items()}}

    def href(self, page: str = "dialogues", **more: str) -> str:
        """The address of a page with these filters."""
        return "?" + urlencode([("page", page), *self.pairs(), *more.items()])

    def has(self, name: str, value: str) -> bool:
        return value in self.many.get(name, ()) or self.one.get(name) == value

    def value(self, name: str) -> str:
        """Of a filter that takes one; empty where it is off."""
        return self.one.get(name, "")

    def values(self, name: str) -> tuple[str, ...]:
        if name in self.one:
            return (self.one[name],)
        return self.many.get(name, ())

    def with_(self, **changes: str | Iterable[str]) -> "Filters":
        """With these filters in place of what they were; an empty one is taken away. `from` is `from_`."""
        values: dict[str, str | Sequence[str]] = {**self.many, **self.one}
        for name, value in changes.items():
            values[name.rstrip("_")] = value if isinstance(value, str) else list(value)
        return Filters.of(values)

    def without(self, name: str, value: str | None = None) -> "Filters":
        """With one value of a filter taken away, or all of them."""
        left = tuple(v for v in self.many.get(name, ()) if value is not None and v != value)
        many = {**{n: v for n, v in self.many.items() if n != name}, **({name: left} if left else {})}
        return replace(self, many=many, one={n: v for n, v in self.one.items() if n != name})

    def only_period(self) -> "Filters":
        """The period, points and sort alone: what stays when the person clears all filters."""
        kept = {name: self.one[name] for name in (*PERIOD, "sort") if name in self.one}
        return Filters({name: v for name, v in self.many.items() if name == "point"}, kept)

    @property
    def sort(self) -> str:
        return self.one.get("sort", Sort.NEWEST)

    @property
    def chosen(self) -> list[tuple[str, str]]:
        """What narrows the list beyond its period and order: one chip each."""
        return [(name, value) for name, value in self.pairs() if name not in (*PERIOD, "sort")]
