"""Which dialogues a list is about, and in which order. One meaning for the list, its counts and every export of it."""

from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from domain.search_query import Term
from domain.status import Attempted, Kind, Place, Reaction, StageStatus


class Reviewed(StrEnum):
    """none: by nobody; reviewed: as it is now; stale: changed since."""

    NONE = "none"
    REVIEWED = "reviewed"
    STALE = "stale"


class Sort(StrEnum):
    """With a minus: the greatest first. Equal ones by start and id in the same direction; what has no value is last."""

    START = "start"
    NEWEST = "-start"
    CONFIDENCE = "confidence"
    MOST_CONFIDENT = "-confidence"
    QUALITY = "quality"
    BEST = "-quality"
    LENGTH = "length"
    LONGEST = "-length"

    @property
    def is_descending(self) -> bool:
        return self.value.startswith("-")

    @property
    def key(self) -> str:
        return self.value.removeprefix("-")

    @property
    def is_by_time(self) -> bool:
        return self.key == "start"


@dataclass(frozen=True, slots=True)
class DialogueFilter:
    """All that is given has to hold; of several values of one name any. An empty tuple lets all through.

    points: the caller's, narrowed by what was asked for; None: all. start_from, start_to: a date is a day of the
    dialogue's point and included, an instant is included at the start and not at the end. kind, attempted, quality,
    categories, reactions: of the review that counts, else of the machine; confidence: the machine's. weekdays: 0 is
    Monday, by the point's clock as `hours` are. Superseded dialogues are there only where `places` names them.
    """

    points: tuple[UUID, ...] | None = None
    start_from: date | datetime | None = None
    start_to: date | datetime | None = None
    registers: tuple[UUID, ...] = ()
    devices: tuple[UUID, ...] = ()
    places: tuple[Place, ...] = ()
    kinds: tuple[Kind, ...] = ()
    attempted: tuple[Attempted, ...] = ()
    quality: tuple[int, ...] = ()
    categories: tuple[str, ...] = ()
    reactions: tuple[Reaction, ...] = ()
    reviewed: tuple[Reviewed, ...] = ()
    reviewers: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    engines: tuple[str, ...] = ()
    statuses: tuple[StageStatus, ...] = ()
    weekdays: tuple[int, ...] = ()
    hours: tuple[int, ...] = ()
    confidence_min: float | None = None
    confidence_max: float | None = None
    min_s: float | None = None
    max_s: float | None = None
    terms: tuple[Term, ...] = field(default=())
    """What was said in it."""
