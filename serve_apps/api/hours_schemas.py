"""Opening hours as the admin API takes and answers them."""

from datetime import date
from itertools import pairwise
from typing import Annotated, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from serve_apps.wording import Spelled

Clock = Annotated[
    str,
    Spelled(
        r"^([01][0-9]|2[0-3]):[0-5][0-9]$|^24:00$", "must be a time of day from 00:00 to 24:00, with two digits each"
    ),
    Field(examples=["08:00"]),
]
_STRICT = ConfigDict(extra="forbid", frozen=True)


class Opening(BaseModel):
    """One stretch of a day. `closes` 24:00 is midnight; a stretch over midnight is two."""

    model_config = _STRICT

    opens: Clock
    closes: Clock

    @model_validator(mode="after")
    def _closes_later(self) -> Self:
        if self.closes <= self.opens:
            raise ValueError("closes must be later than opens; cut a stretch over midnight into two")
        return self


def _apart(day: list[Opening]) -> list[Opening]:
    for one, other in pairwise(day):
        if other.opens < one.closes:
            raise ValueError(f"{other.opens} lies before {one.closes}; give the stretches of a day in order and apart")
    return day


Day = Annotated[list[Opening], Field(max_length=8), AfterValidator(_apart)]


class OpeningHours(BaseModel):
    """By weekday, in the point's zone; `exceptions` replace single dates. An absent weekday is closed, but where no
    weekday is given, every day is 08:00 to 22:00, as recorders assume too."""

    model_config = _STRICT

    mon: Day = []
    tue: Day = []
    wed: Day = []
    thu: Day = []
    fri: Day = []
    sat: Day = []
    sun: Day = []
    exceptions: Annotated[dict[date, Day], Field(max_length=400)] = {}
