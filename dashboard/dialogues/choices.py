"""What can be filtered by, with how many dialogues each choice would leave; and what is filtered by now. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dashboard.dialogues.filters import QUALITIES, Filters
from dashboard.wording import Wording
from domain.status import Attempted, Kind, Reaction

GROUPS = (
    *("point", "register", "place", "kind", "attempted", "quality", "category", "reaction", "reviewed", "reviewer"),
    *("language", "engine", "status", "weekday", "hour"),
)
"""In the order of the page."""
OPEN = frozenset({"place", "quality"})
"""Groups that are unfolded before anybody asks."""
FIXED: Mapping[str, Sequence[str]] = {
    "kind": tuple(Kind),
    "attempted": tuple(Attempted),
    "quality": QUALITIES,
    "reaction": tuple(Reaction),
    "weekday": tuple(map(str, range(7))),
    "hour": tuple(map(str, range(24))),
}
"""Scales: shown in their own order, not the most frequent first."""


@dataclass(frozen=True, slots=True)
class Option:
    """n: dialogues with it that pass all other filters."""

    value: str
    text: str
    n: int
    is_on: bool


@dataclass(frozen=True, slots=True)
class Group:
    """A filter with its choices."""

    name: str
    title: str
    options: tuple[Option, ...]
    is_open: bool

    @property
    def on(self) -> int:
        return sum(option.is_on for option in self.options)


@dataclass(frozen=True, slots=True)
class Chip:
    """A filter that is on; href: the list without it."""

    text: str
    href: str


def groups(w: Wording, facets: Mapping[str, Any], filters: Filters) -> list[Group]:
    """Filters that have anything to choose from; what is on always stays to be taken away."""
    found = [_group(w, name, facets["facets"].get(name, ()), filters) for name in GROUPS]
    return [group for group in found if len(group.options) > 1 or group.on]


def _group(w: Wording, name: str, options: Sequence[Mapping[str, Any]], filters: Filters) -> Group:
    counts = {option["value"]: option for option in options}
    values = [*counts, *(value for value in filters.values(name) if value not in counts)]
    if name in FIXED:
        values = [value for value in FIXED[name] if value in values]
    made = tuple(
        Option(
            value,
            text_of(w, name, value, {value: counts[value]["label"] or ""} if value in counts else {}),
            counts[value]["n"] if value in counts else 0,
            filters.has(name, value),
        )
        for value in values
    )
    return Group(name, w.s(f"dialogues.filter.{name}"), made, name in OPEN or any(option.is_on for option in made))


def chips(w: Wording, facets: Mapping[str, Any], filters: Filters, points: Mapping[str, str]) -> list[Chip]:
    """One for each filter beyond the period. points: id → name."""
    names = {**points, **{o["value"]: o["label"] for o in facets["facets"].get("register", ()) if o["label"]}}
    return [
        Chip(
            f"{w.s(f'dialogues.filter.{name}')}: {text_of(w, name, value, names)}", filters.without(name, value).href()
        )
        for name, value in filters.chosen
    ]


def text_of(w: Wording, name: str, value: str, names: Mapping[str, str]) -> str:
    """A filter's value in words. names: of points and registers, by id."""
    if names.get(value):
        return names[value]
    if name in ("confidence_min", "confidence_max"):
        return w.percent(float(value))
    if name in ("min_s", "max_s"):
        return w.s("dialogues.seconds", n=value)
    if name == "hour":
        return f"{int(value):02d}:00–{int(value):02d}:59"
    return w.label(name, value)


def total(facets: Mapping[str, Any], filters: Filters) -> int:
    """Dialogues that pass every filter: each is in exactly one place, and a facet leaves out only its own filter."""
    chosen = filters.values("place")
    return sum(option["n"] for option in facets["facets"].get("place", ()) if not chosen or option["value"] in chosen)
