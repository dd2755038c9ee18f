"""What figures, periods and changes are called: the same words on every page. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from dashboard.kit.format import Format
from dashboard.strings import Strings
from domain.change import Change, Period


@dataclass(frozen=True, slots=True)
class Said:
    """A change in words. tone: better, worse, noise, plain or unknown; title says how sure it is."""

    text: str
    tone: str
    title: str = ""


class Wording(Format):
    """Numbers and times as Format has them, and whole phrases; `s` are the texts of the same language."""

    def __init__(self, strings: Strings) -> None:
        super().__init__(strings)
        self.s = strings

    def label(self, kind: str, value: str | int | None) -> str:
        """The name of a stored value (`labels.kind.sale`); what has none, like a point's own category, as it is."""
        if value is None:
            return ""
        key = f"labels.{kind}.{value}"
        return self.s(key) if self.s.has(key) else str(value)

    def full_day(self, day: date | str) -> str:
        """Ср, 25 ноября 2026 / Wed, 25 Nov 2026; of a day, or of an instant with its point's offset."""
        return f"{self.weekday(str(day))}, {self.day(day, year=True)}"

    def period(self, days: Period) -> str:
        """One day in full; more as its first and last: 12–18 Nov 2026."""
        if days.days == 1:
            return self.full_day(days.first)
        last = self.day(days.last, year=True)
        if (days.first.year, days.first.month) == (days.last.year, days.last.month):
            return f"{days.first.day}–{last}"
        return f"{self.day(days.first, year=days.first.year != days.last.year)} – {last}"

    def sure(self, share: Mapping[str, Any]) -> str:
        """Between what the true share lies; that there is nothing to count where there is not."""
        found = self.interval(share)
        return self.s("kit.interval", interval=found) if found else self.s("figures.no_interval")

    def signed(self, value: float, digits: int) -> str:
        """With its sign, also a plus."""
        sign = "+" if round(value, digits) > 0 else "−" if round(value, digits) < 0 else "±"
        return f"{sign}{self.number(abs(value), digits)}"

    def change(self, change: Change | Mapping[str, Any] | None, *, is_share: bool = True) -> Said:
        """A change with an interval: better, worse, or perhaps nothing but chance.

        is_share: of two shares, said in percentage points; else of two averages, said as they are.
        """
        names = ("difference", "low", "high")
        found = Change(**{name: change[name] for name in names}) if isinstance(change, Mapping) else change
        if found is None or found.difference is None or found.low is None or found.high is None:
            return Said(self.s("figures.unknown"), "unknown")
        ends = (found.difference, found.low, found.high)
        said = dict(zip(names, (self.points(x) if is_share else self.signed(x, 1) for x in ends), strict=True))
        title = self.s("figures.change_interval", **said)
        if not found.is_more_than_noise:
            return Said(self.s("figures.noise", value=said["difference"]), "noise", title)
        tone = "better" if found.difference > 0 else "worse"
        return Said(self.s(f"figures.{tone}", value=said["difference"]), tone, title)
