"""What the admin API takes and answers about enrolment codes."""

from datetime import datetime
from typing import Annotated, Self
from uuid import UUID

from pydantic import BaseModel, Field, model_validator

from serve_apps.api.schemas import Body, Country, Language, Name, View, Zone


class EnrolmentCodesBody(Body):
    """Codes for one point, made if it is new. Each stands for one device at one register."""

    point_id: UUID
    count: Annotated[int, Field(ge=1, le=500)] | None = Field(None, description="absent: one for each register name")
    register_names: Annotated[list[Name], Field(min_length=1, max_length=500)] | None = Field(
        None, description="registers, made if they are new; absent: Till 1, Till 2, … behind those in use"
    )
    replaces: UUID | None = Field(None, description="the device whose place the new one takes, at its register")
    point_name: Name | None = None
    country: Country | None = None
    zone: Zone | None = None
    language: Language | None = None

    @model_validator(mode="after")
    def _one_code_a_register(self) -> Self:
        names = self.register_names or []
        if self.replaces is not None and (names or self.count not in (None, 1)):
            raise ValueError("a replacement is one code for the old device's register; leave count and names out")
        if names and self.count not in (None, len(names)):
            raise ValueError(f"count must be {len(names)}, one for each register name; or leave it out")
        if len(set(names)) < len(names):
            raise ValueError("register_names has a name twice")
        return self

    @property
    def number(self) -> int:
        """How many codes."""
        return self.count or len(self.register_names or [1])


class EnrolmentCodeView(View):
    enrolment_id: UUID
    point_id: UUID
    register_id: UUID
    register_name: str
    replaces: UUID | None
    created_at: datetime
    expires_at: datetime
    revoked_at: datetime | None
    used_at: datetime | None
    device_id: UUID | None = Field(description="the device that it made")
    is_live: bool = Field(description="neither used, nor revoked, nor expired")


class MadeCode(EnrolmentCodeView):
    code: str = Field(description="shown this once", examples=["ABCD-EFGH-JKMN"])


class MadeCodes(BaseModel):
    items: list[MadeCode]
