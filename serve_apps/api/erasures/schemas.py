"""What the erasure routes take and answer. None of it holds any content."""

from datetime import datetime
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import Field, model_validator

from db.erasure.orders import ErasureKind
from serve_apps.api.schemas import Body, Instant, View

MAX_DAYS = 31


class ErasureBody(Body):
    """A dialogue, or a stretch of a point's time: on every device of it, or on one."""

    kind: Literal[ErasureKind.DIALOGUE, ErasureKind.INTERVAL]
    dialogue_id: UUID | None = Field(None, description="of kind dialogue: its time is erased, with a second around it")
    point_id: UUID | None = Field(None, description="of kind interval")
    device_id: UUID | None = Field(None, description="absent: every device of the point")
    start: Annotated[Instant | None, Field(alias="from", description="of kind interval")] = None
    end: Annotated[Instant | None, Field(alias="to", description=f"at most {MAX_DAYS} days later")] = None
    dry_run: bool = Field(False, description="only says what would go")

    @model_validator(mode="after")
    def _one_of_the_two(self) -> Self:
        interval = (self.point_id, self.start, self.end)
        if self.kind is ErasureKind.DIALOGUE:
            if self.dialogue_id is None:
                raise ValueError("an erasure of kind dialogue needs dialogue_id")
            if any(given is not None for given in (*interval, self.device_id)):
                raise ValueError("an erasure of kind dialogue takes dialogue_id only; leave the rest out")
            return self
        if self.dialogue_id is not None or any(given is None for given in interval):
            raise ValueError("an erasure of kind interval needs point_id, from and to, and no dialogue_id")
        assert self.start is not None
        assert self.end is not None
        if not 0 < (self.end - self.start).total_seconds() <= MAX_DAYS * 86_400:
            raise ValueError(f"to must be later than from, by {MAX_DAYS} days at most; send longer stretches in parts")
        return self


class ErasedCounts(View):
    """How much went, or would go."""

    chunks_deleted: int = Field(0, description="recordings that lay inside")
    chunks_silenced: int = Field(0, description="recordings that reached in; the rest of them stays")
    dialogues_erased: int = 0
    dialogues_cut: int = Field(0, description="that reached in; what is left of them is heard and judged anew")
    transcripts: int = 0
    results: int = Field(0, description="of earlier runs and revisions")
    reviews: int = 0


class ErasureView(View):
    erasure_id: UUID | None = Field(description="null after a dry run")
    kind: ErasureKind
    point_id: UUID
    device_id: UUID | None = Field(description="null: every device of the point")
    dialogue_id: UUID | None
    start_ts: datetime
    end_ts: datetime
    requested_by: str
    at: datetime | None = Field(description="null after a dry run")
    finished_at: datetime | None = Field(description="null while it is at work: it ends by itself")
    counts: ErasedCounts
