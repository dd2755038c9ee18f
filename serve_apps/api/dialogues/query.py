"""The filters of `/api/v1/dialogues`, as its query parameters: the same for rows, counts and exports."""

import re
from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    PlainSerializer,
    PlainValidator,
    TypeAdapter,
    WithJsonSchema,
)

from domain.access import Principal
from domain.chunks import YEARS
from domain.dialogue_filter import DialogueFilter, Reviewed, Sort
from domain.search_query import parse
from domain.status import Attempted, Kind, Place, Reaction, StageStatus
from serve_apps.api.schemas import Instant
from serve_apps.wording import Spelled

MAX_VALUES = 200
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_INSTANT: TypeAdapter[datetime] = TypeAdapter(Instant)


def _moment(value: Any) -> date | datetime:
    if isinstance(value, str) and _DAY.fullmatch(value):
        try:
            day = date.fromisoformat(value)
        except ValueError:
            raise ValueError("is no day of the calendar") from None
        if day.year not in YEARS:
            raise ValueError(f"must lie in the years {YEARS.start} to {YEARS.stop - 1}")
        return day
    return _INSTANT.validate_python(value)


def _searchable(text: str) -> str:
    parse(text)
    return text


Moment = Annotated[
    date | datetime,
    PlainValidator(_moment),
    PlainSerializer(date.isoformat, return_type=str),
    WithJsonSchema({"anyOf": [{"type": "string", "format": "date"}, {"type": "string", "format": "date-time"}]}),
]
WithoutNul = Spelled(r"^[^\x00]*$", "must not have the character U+0000")
Label = Annotated[str, Field(min_length=1, max_length=200), WithoutNul]
Search = Annotated[str, Field(min_length=1, max_length=200), WithoutNul, AfterValidator(_searchable)]
Share = Annotated[float, Field(ge=0, le=1)]
Seconds = Annotated[float, Field(ge=0, le=86_400)]


def _many(description: str, **more: Any) -> Any:
    return Field(default_factory=list, max_length=MAX_VALUES, description=description, **more)


class DialogueQuery(BaseModel):
    """Every filter may be repeated where it takes several values: any of them will do."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    start_from: Moment | None = Field(None, alias="from", description="a day of the dialogue's point, or an instant")
    start_to: Moment | None = Field(None, alias="to", description="a day (included), or an instant (not included)")
    points: list[UUID] = _many("all that the caller may see, where none is given", alias="point")
    registers: list[UUID] = _many("where the point shows figures by register", alias="register")
    devices: list[UUID] = _many("where the point shows figures by register", alias="device")
    places: list[Place] = _many("where the figures count it", alias="place")
    kinds: list[Kind] = _many("by the review that counts, else the machine; so are the next four", alias="kind")
    attempted: list[Attempted] = _many("was something extra offered")
    quality: list[Annotated[int, Field(ge=0, le=3)]] = _many("0 to 3")
    categories: list[Label] = _many("one of them was offered", alias="category")
    reactions: list[Reaction] = _many("the customer's", alias="reaction")
    reviewed: list[Reviewed] = _many("stale: the dialogue changed since")
    reviewers: list[Label] = _many("whose review counts", alias="reviewer")
    languages: list[Label] = _many("ISO 639-1", alias="language")
    engines: list[Label] = _many("the machine that judged it", alias="engine")
    statuses: list[StageStatus] = _many("analysis_status", alias="status")
    weekdays: list[Annotated[int, Field(ge=0, le=6)]] = _many("0 is Monday, by the point's clock", alias="weekday")
    hours: list[Annotated[int, Field(ge=0, le=23)]] = _many("by the point's clock", alias="hour")
    confidence_min: Share | None = Field(None, description="of the machine")
    confidence_max: Share | None = None
    min_s: Seconds | None = Field(None, description="length of the dialogue")
    max_s: Seconds | None = None
    q: Search | None = Field(
        None, description='words that were said; "in quotes": a phrase; begin*: a beginning; -word: must not be there'
    )

    def filter_for(self, caller: Principal) -> DialogueFilter:
        """Within the caller's points. Raises NotFound where a point that was asked for is not among them."""
        chosen = {
            name: tuple(sorted(set(getattr(self, name))))
            for name in DialogueQuery.model_fields
            if name not in _NOT_CHOICES
        }
        scope = caller.scope(self.points)
        return DialogueFilter(
            points=None if scope is None else tuple(sorted(scope)),
            start_from=self.start_from,
            start_to=self.start_to,
            confidence_min=self.confidence_min,
            confidence_max=self.confidence_max,
            min_s=self.min_s,
            max_s=self.max_s,
            terms=parse(self.q) if self.q else (),
            **chosen,
        )


_NOT_CHOICES = {"start_from", "start_to", "points", "confidence_min", "confidence_max", "min_s", "max_s", "q"}


class PageQuery(DialogueQuery):
    """A page of the list."""

    sort: Sort = Sort.NEWEST
    after: Annotated[str, Field(max_length=400)] | None = Field(None, description="`next` of the page before")
    limit: int = Field(50, ge=1, le=200)
