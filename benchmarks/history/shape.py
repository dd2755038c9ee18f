"""How large a generated history is."""

from dataclasses import dataclass
from datetime import date, timedelta


@dataclass(frozen=True)
class Shape:
    """`verdicts` spread evenly over points and days, up to `until`; each point has two registers with a device each.
    Only the latest `transcripts` dialogues have words: a chain keeps texts for weeks, figures for years."""

    verdicts: int
    points: int = 200
    days: int = 160
    transcripts: int = 500_000
    until: date = date(2026, 3, 1)

    @property
    def per_day(self) -> int:
        """Dialogues of one point on one day."""
        return max(1, round(self.verdicts / (self.points * self.days)))

    @property
    def total(self) -> int:
        return self.per_day * self.points * self.days

    @property
    def first(self) -> date:
        return self.until - timedelta(days=self.days - 1)

    @property
    def worded_days(self) -> int:
        """How many of the last days have transcripts."""
        return min(self.days, max(1, round(self.transcripts / (self.points * self.per_day))))

    def has_words(self, day: date) -> bool:
        return day > self.until - timedelta(days=self.worded_days)
