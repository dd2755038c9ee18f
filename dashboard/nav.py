"""The menu: which pages there are, in what order, and who sees them."""

from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pkgutil import iter_modules

from dashboard import pages
from dashboard.kit.page import Me, Page

HOME = "today"
MENU = ("today", "overview", "dialogues", "review", "agreement", "runs", "places", "users", "system")
ON_PHONE = 4
"""So many stand in the bar at the bottom of a phone; the rest are behind More."""
ICONS = {
    "today": "M4 12a8 8 0 1 0 16 0a8 8 0 1 0-16 0M12 8v4l3 2",
    "overview": "M4 20V10M10 20V4M16 20v-8M21 20H3",
    "dialogues": "M5 5h14v10H10l-5 4z",
    "review": "M5 12l5 5L20 6",
    "agreement": "M12 3v18M5 7h14M5 7l-2 6h5zM19 7l-3 6h5z",
    "runs": "M4 12a8 8 0 0 1 14-5M18 3v4h-4M20 12a8 8 0 0 1-14 5M6 21v-4h4",
    "places": "M4 10l2-6h12l2 6M5 10v10h14V10M9 20v-6h6v6",
    "users": "M8 11a3.5 3.5 0 1 0 0-7a3.5 3.5 0 0 0 0 7M2 20c0-4 3-6 6-6s6 2 6 6M16 11a3 3 0 1 0-1-6M17 14c3 0 5 2 5 6",
    "system": "M4 5h16v6H4zM4 13h16v6H4zM8 8h.01M8 16h.01",
}
"""As SVG paths in a box of 24, drawn as lines."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of the menu."""

    name: str
    icon: str
    is_current: bool


@cache
def found() -> dict[str, type[Page]]:
    """Every page of the package dashboard.pages, by name."""
    modules = [import_module(f"{pages.__name__}.{module.name}") for module in iter_modules(pages.__path__)]
    classes = {value for module in modules for value in vars(module).values() if _is_page(value)}
    return {page.name: page for page in classes}


def menu(me: Me, current: str) -> list[Entry]:
    """What this person may open."""
    open_to_them = [name for name in MENU if name in found() and me.may(found()[name].permission)]
    return [Entry(name, ICONS[name], name == current) for name in open_to_them]


def _is_page(value: object) -> bool:
    return isinstance(value, type) and issubclass(value, Page) and hasattr(value, "name")
