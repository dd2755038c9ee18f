"""What the routes of users take and answer."""

from datetime import datetime
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import AfterValidator, BaseModel, BeforeValidator, Field, SecretStr, model_validator

from domain.access import Permission, Role
from serve_apps.api.schemas import Body, Name, View
from serve_apps.wording import Spelled

MIN_PASSWORD_CHARS = 12
MAX_PASSWORD_CHARS = 256


def _lower(login: Any) -> Any:
    return login.lower() if isinstance(login, str) else login


def _long(password: SecretStr) -> SecretStr:
    text = password.get_secret_value()
    if len(text) < MIN_PASSWORD_CHARS:
        raise ValueError(f"is shorter than {MIN_PASSWORD_CHARS} characters; three random words do")
    if len(set(text)) < 5:
        raise ValueError("repeats a few characters; three random words do")
    return password


Readable = Spelled(r"^[^\x00-\x1f]*$", "must be text without control characters")
Login = Annotated[
    str,
    Field(max_length=64, description="a name or an e-mail address; upper and lower case are one"),
    Spelled(r"^[a-z0-9][a-z0-9._@+-]*$", "must begin with a letter or digit; letters, digits and . _ @ + - only"),
    BeforeValidator(_lower),
]
Typed = Annotated[SecretStr, Field(max_length=MAX_PASSWORD_CHARS)]
"""A password as somebody types it to come in: whether it is long enough was settled when it was set."""
Password = Annotated[
    SecretStr,
    Field(min_length=MIN_PASSWORD_CHARS, max_length=MAX_PASSWORD_CHARS),
    AfterValidator(_long),
]
PageLanguage = Literal["ru", "en"]
Points = Annotated[list[UUID], Field(max_length=1000, description="ids of the points that the user works with")]


class LoginBody(Body):
    login: Annotated[str, Field(max_length=64), Readable, BeforeValidator(_lower)]
    password: Typed


class PasswordChange(Body):
    current: Typed
    new: Password


class PointOfCaller(View):
    point_id: UUID
    name: str
    zone: str
    language: str


class CallerView(View):
    """Who is calling, and what they may do."""

    actor: str = Field(description="the login, or ADMIN_TOKEN")
    user_id: UUID | None
    name: str
    role: Role
    language: PageLanguage | None = Field(description="of the pages; null: the browser's")
    permissions: list[Permission]
    all_points: bool = Field(description="points to come are seen, too")
    points: list[PointOfCaller] = Field(description="by name")
    session_expires_at: datetime | None = Field(description="null: the token does not expire by itself")


class LoggedIn(BaseModel):
    token: str = Field(description="send it as Authorization: Bearer; shown this once")
    expires_at: datetime
    idle_s: int = Field(description="the session ends sooner after so long without a request")
    user: CallerView


class UserView(View):
    user_id: UUID
    login: str
    name: str
    role: Role
    all_points: bool
    points: list[UUID]
    is_enabled: bool
    language: PageLanguage | None
    has_password: bool
    last_seen_at: datetime | None
    created_at: datetime


class UserBody(Body):
    """A person, or a program (`machine`), which has tokens instead of a password."""

    login: Login
    name: Name
    role: Role
    all_points: bool = Field(False, description="admins see all points in any case")
    points: Points = Field(default_factory=list)
    language: PageLanguage | None = None
    password: Password | None = Field(None, description="absent: the server makes one and shows it once")

    @model_validator(mode="after")
    def _no_password_for_machines(self) -> Self:
        if self.role is Role.MACHINE and self.password is not None:
            raise ValueError("a machine has no password; make a token for it")
        return self


class NewUserView(UserView):
    password: str | None = Field(description="the one that the server made; shown this once")


class UserPatch(Body):
    """Only what is present changes. `points` replaces the whole list."""

    name: Name | None = None
    role: Role | None = None
    all_points: bool | None = None
    points: Points | None = None
    is_enabled: bool | None = None
    language: PageLanguage | None = None

    @model_validator(mode="after")
    def _required_stay(self) -> Self:
        emptied = {name for name in self.model_fields_set if getattr(self, name) is None} - {"language"}
        if emptied:
            raise ValueError(f"{', '.join(sorted(emptied))} cannot be null; leave it out to keep it")
        return self


class PasswordBody(Body):
    password: Password | None = Field(None, description="absent: the server makes one and shows it once")


class NewPassword(BaseModel):
    password: str | None = Field(description="the one that the server made; shown this once")


class MachineTokenBody(Body):
    name: Name = Field(description="what the token is for")
    valid_days: Annotated[int, Field(ge=1, le=3660)] | None = Field(None, description="absent: until it is revoked")


class UserTokenView(View):
    token_id: UUID
    name: str
    client: str | None = Field(description="the address that a session was opened from")
    created_at: datetime
    last_used_at: datetime | None
    expires_at: datetime | None
    revoked_at: datetime | None


class NewMachineToken(UserTokenView):
    token: str = Field(description="shown this once")


class EntryView(View):
    """One change that somebody made."""

    audit_id: int
    at: datetime
    actor: str = Field(description="a login, or ADMIN_TOKEN")
    actor_id: UUID | None
    action: str = Field(examples=["point.update"])
    subject: str = Field(examples=["point/123e4567-e89b-42d3-a456-426614174000"])
    details: dict[str, Any]
    request_id: str | None
