"""What the admin API takes and answers."""

import re
from datetime import UTC, datetime
from typing import Annotated, Any, Generic, Self, TypeVar
from uuid import UUID
from zoneinfo import ZoneInfo, available_timezones

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    model_validator,
)

from domain.chunks import YEARS
from domain.languages import is_spoken_language
from domain.opening_hours import effective
from serve_apps.api.hours_schemas import OpeningHours
from serve_apps.wording import Spelled

MIN_TOKEN_CHARS = 16
_EARLIEST, _TOO_LATE = (datetime(year, 1, 1, tzinfo=UTC) for year in (YEARS.start, YEARS.stop))

Item = TypeVar("Item")


class Body(BaseModel):
    """What a client sends: an unknown member is a mistake."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class View(BaseModel):
    """What we answer."""

    model_config = ConfigDict(from_attributes=True, frozen=True)


def _known_zone(name: str) -> str:
    # Names without a region are the machine's own (localtime, Factory) or old aliases, which PostgreSQL may not know.
    if name not in available_timezones() or ("/" not in name and name != "UTC"):
        raise ValueError("is no time zone; use an IANA name such as Europe/Belgrade")
    return ZoneInfo(name).key


def _known_language(code: str) -> str:
    if not is_spoken_language(code):
        raise ValueError("is no language that Whisper knows; use an ISO 639-1 code such as ru or en, or auto")
    return code


def _fresh_token(token: SecretStr) -> SecretStr:
    text = token.get_secret_value()
    if len(text) < MIN_TOKEN_CHARS:
        raise ValueError(f"is shorter than {MIN_TOKEN_CHARS} characters; use `openssl rand -hex 24`")
    if not re.fullmatch(r"[A-Za-z0-9._~+/=-]{1,256}", text):
        raise ValueError("may hold up to 256 letters, digits and . _ ~ + / = - only, as it travels in a header")
    return token


Name = Annotated[
    str,
    Field(min_length=1, max_length=200),
    Spelled(
        r"^[^\x00-\x1f\x7f-\x9f\u2028\u2029]*[^\x00-\x20\x7f-\x9f\u2028\u2029][^\x00-\x1f\x7f-\x9f\u2028\u2029]*$",
        "must be one line with something to read, without control characters",
    ),
]
Country = Annotated[
    str,
    Spelled(r"^[A-Z]{2}$", "must be two capital letters of ISO 3166-1, such as RS"),
    Field(description="ISO 3166-1, two letters"),
]
Language = Annotated[str, Field(max_length=8, description="ISO 639-1, or auto"), AfterValidator(_known_language)]
Zone = Annotated[str, Field(max_length=64), AfterValidator(_known_zone)]
TokenPlain = Annotated[
    SecretStr, AfterValidator(_fresh_token), Field(description="16 to 256 characters, kept as a hash")
]
Instant = Annotated[AwareDatetime, Field(ge=_EARLIEST, lt=_TOO_LATE)]
"""Bounded, since Python and PostgreSQL fail on the first and last hours that they know when they turn them into UTC."""


class DeviceBody(Body):
    """A device to register, with its point and register. The first four members are those of the original product."""

    point_id: UUID
    register_id: UUID
    device_id: UUID
    token_plain: TokenPlain | None = Field(None, description="absent: the server makes one and shows it once")
    name: Name | None = None
    point_name: Name | None = None
    register_name: Name | None = None
    country: Country | None = None
    zone: Zone | None = None
    language: Language | None = None
    replaces: UUID | None = Field(None, description="the device at this register whose place this one takes")


class DevicePatch(Body):
    name: Name | None = None
    is_enabled: bool | None = None


class HeartbeatView(View):
    """The last one."""

    received_at: datetime
    sent_at: datetime | None = Field(description="by the recorder's clock")
    clock_error_ms: int | None = Field(description="positive: its clock is fast; the way here counts in")
    version: str | None
    health: dict[str, Any] | None = Field(description="the recorder's /health document")


class DeviceView(View):
    device_id: UUID
    point_id: UUID
    register_id: UUID
    name: str
    is_enabled: bool
    replaced_by: UUID | None
    replaced_at: datetime | None
    last_seen_at: datetime | None
    created_at: datetime
    heartbeat: HeartbeatView | None = None


class RegisteredDevice(DeviceView):
    created: bool = Field(description="false: it was all there already")
    token: str | None = Field(description="the token that the server made; shown this once")


class TokenBody(Body):
    token_plain: TokenPlain | None = Field(None, description="absent: the server makes one")


class NewToken(View):
    fingerprint: str
    token: str = Field(description="shown this once")


class TokenView(View):
    fingerprint: str = Field(description="the first 12 hex digits of its SHA-256")
    created_at: datetime
    revoked_at: datetime | None


class PointBody(Body):
    point_id: UUID
    name: Name | None = None
    country: Country | None = None
    zone: Zone | None = None
    language: Language | None = None


Days = Annotated[int, Field(ge=1, le=3_650, description="null: for ever")]
_CLEARED = {"country", "goal", "catalogue", "audio_days", "text_days"}


class PointPatch(Body):
    """Only what is present changes; null clears country, goal, catalogue, audio_days and text_days."""

    name: Name | None = None
    country: Country | None = None
    zone: Zone | None = None
    language: Language | None = None
    opening_hours: OpeningHours | None = None
    goal: Annotated[float, Field(ge=0, le=1, description="target upsell rate")] | None = None
    catalogue: Annotated[list[Name], Field(min_length=1, max_length=64)] | None = None
    audio_days: Days | None = Field(None, description="recordings are deleted after so many days of the point")
    text_days: Days | None = Field(
        None, description="words, quotes and summaries are deleted after so many days of the point; verdicts stay"
    )
    shows_registers: bool | None = Field(
        None, description="figures by register, and so by cashier, are shown to others than administrators"
    )

    @model_validator(mode="after")
    def _required_stay(self) -> Self:
        emptied = {n for n in self.model_fields_set if getattr(self, n) is None} - _CLEARED
        if emptied:
            raise ValueError(f"{', '.join(sorted(emptied))} cannot be null; leave it out to keep it")
        return self


class PointView(View):
    point_id: UUID
    name: str
    country: str | None
    zone: str
    language: str
    opening_hours: Annotated[OpeningHours, BeforeValidator(effective)] = Field(description="those that count")
    has_opening_hours: bool = Field(description="false: nobody gave any, and the default counts")
    goal: float | None
    catalogue: list[str] | None
    audio_days: int | None
    text_days: int | None
    shows_registers: bool
    created_at: datetime


class RegisterBody(Body):
    register_id: UUID
    point_id: UUID
    name: Name | None = None


class RegisterPatch(Body):
    name: Name


class RegisterView(View):
    register_id: UUID
    point_id: UUID
    name: str
    created_at: datetime


class Page(BaseModel, Generic[Item]):
    """`next`: pass it as `after` to get the next page; null on the last one."""

    items: list[Item]
    next: str | None
