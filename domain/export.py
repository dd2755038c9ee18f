"""The JSON export, which other tools rely on: schema 1. Instants are ISO 8601 in UTC with milliseconds and Z."""

from datetime import UTC, datetime
from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, PlainSerializer

from domain.status import AsrPass, Attempted, Kind, Reaction, StageStatus


def iso_ms(moment: datetime) -> str:
    """2026-03-02T09:10:00.250Z"""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


Instant = Annotated[AwareDatetime, PlainSerializer(iso_ms, when_used="json")]


class _Wire(BaseModel):
    model_config = ConfigDict(frozen=True, validate_by_name=True, validate_by_alias=True, serialize_by_alias=True)


class ExportedWord(_Wire):
    start_ts: Instant
    end_ts: Instant
    word: str
    probability: float


class ExportedSegment(_Wire):
    start_ts: Instant
    end_ts: Instant
    text: str
    words: list[ExportedWord]


class ExportedQuote(_Wire):
    quote: str
    start_ts: Instant
    end_ts: Instant


class ExportedAnalysis(_Wire):
    kind: Kind
    attempted: Attempted
    quality_score: int
    categories: list[str]
    closing_question: bool
    customer_reaction: Reaction
    evidence: list[ExportedQuote]
    summary: str
    confidence: float
    model: str
    prompt_version: str


class ExportedDialogue(_Wire):
    """One current dialogue. `text` is empty and `segments` has none until ASR of this revision is done; `analysis` is
    null until this revision has a verdict. `point` and `register` are names; `register` and `device_id` are null for
    whoever may not see figures by register."""

    dialogue_id: str
    point: str
    register_name: str | None = Field(alias="register")
    device_id: str | None
    start_ts: Instant
    end_ts: Instant
    revision: int
    language: str | None
    asr_status: StageStatus
    asr_pass: AsrPass | None
    asr_model: str | None
    text: str
    segments: list[ExportedSegment]
    analysis_status: StageStatus
    analysis: ExportedAnalysis | None


class Export(_Wire):
    schema_version: Literal[1] = Field(default=1, alias="schema")
    dialogues: list[ExportedDialogue]
