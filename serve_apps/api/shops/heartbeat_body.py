"""What a recorder's heartbeat holds, and what it is answered."""

import json
from datetime import datetime
from itertools import pairwise
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from serve_apps.api.schemas import Instant
from serve_apps.wording import Spelled

MAX_INTERVALS = 5000
MAX_HEALTH_BYTES = 32 * 1024
MAX_DEPTH = 16


Version = Annotated[
    str, Spelled(r"^[ -~]{0,64}$", "must be up to 64 characters of ASCII"), Field(description="of the recorder")
]


class Told(BaseModel):
    """Members that we do not know are left unread: a recorder may be newer than its server."""

    model_config = ConfigDict(extra="ignore", frozen=True)


class ToldInterval(Told):
    start: Instant
    end: Instant
    fate: Literal["recorded", "waiting", "paused", "lost"]
    reason: (
        Annotated[
            str,
            Spelled(r"^[a-z][a-z0-9_]{0,63}$", "must be a word of up to 64 lower-case letters, digits and _"),
        ]
        | None
    ) = Field(None, description="why it is lost, such as no_microphone; words that are not known here are kept")

    @model_validator(mode="after")
    def _ends_later(self) -> Self:
        if self.end <= self.start:
            raise ValueError("end must be later than start")
        return self


class ToldCoverage(Told):
    """The fate of the scheduled time from `from` to `until`: it replaces what was told of it before."""

    start: Instant = Field(alias="from")
    until: Instant
    intervals: list[ToldInterval] = Field(max_length=MAX_INTERVALS, description="in order, without overlaps")

    @model_validator(mode="after")
    def _in_order_and_inside(self) -> Self:
        if self.until < self.start:
            raise ValueError("until must not be earlier than from")
        for number, (one, other) in enumerate(pairwise(self.intervals)):
            if other.start < one.end:
                raise ValueError(
                    f"intervals.{number + 1} begins before the one in front of it ends; send them in order"
                )
        if self.intervals and (self.intervals[0].start < self.start or self.intervals[-1].end > self.until):
            raise ValueError("intervals must lie between from and until")
        return self


def _storable(health: dict[str, Any]) -> dict[str, Any]:
    """JSON that PostgreSQL takes, which knows neither NaN nor NUL nor half a surrogate pair."""
    if _depth(health) > MAX_DEPTH:
        raise ValueError(f"is nested deeper than {MAX_DEPTH} levels")
    try:
        written = json.dumps(health, allow_nan=False, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        raise ValueError("has half a character in it; send whole UTF-8 text") from None
    except ValueError:
        raise ValueError("has a number that is NaN or infinite; send null instead") from None
    if len(written) > MAX_HEALTH_BYTES:
        raise ValueError(f"is over {MAX_HEALTH_BYTES} bytes")
    if rb"\u0000" in written:
        raise ValueError("has a NUL character in it")
    return health


def _depth(value: object) -> int:
    if isinstance(value, dict):
        return 1 + max(map(_depth, value.values()), default=0)
    return 1 + max(map(_depth, value), default=0) if isinstance(value, list) else 0


class HeartbeatBody(Told):
    """A bare one, without any member, is well: the device is there."""

    sent_at: Instant | None = Field(None, description="by the recorder's clock")
    version: Version | None = None
    delivered_until: Instant | None = Field(
        None,
        description="everything recorded before this is delivered or lost: dialogues need not wait for it; "
        "an earlier instant than before takes that back for what is about to be delivered",
    )
    health: Annotated[dict[str, Any], AfterValidator(_storable)] | None = Field(
        None, description="the recorder's /health document"
    )
    ledger_id: UUID | None = Field(None, description="of the ledger that coverage was read from")
    revision: int | None = Field(
        None, ge=0, lt=2**63, description="of that ledger; coverage of a smaller one than before is left unread"
    )
    coverage: ToldCoverage | None = Field(None, description="together with ledger_id and revision")

    @model_validator(mode="after")
    def _of_some_ledger(self) -> Self:
        if self.coverage is not None and (self.ledger_id is None or self.revision is None):
            raise ValueError("coverage needs ledger_id and revision beside it")
        return self


class Wants(BaseModel):
    """What the server would like to have."""

    coverage_from: datetime | None = Field(
        None, description="tell coverage again from there on; null: nothing is missing"
    )


class Heard(BaseModel):
    status: Literal["ok"] = "ok"
    server_time: datetime = Field(description="when this was answered, UTC, with milliseconds")
    wants: Wants
