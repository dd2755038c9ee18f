"""The fields of an upload, checked one by one."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Any, Self
from uuid import UUID

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, WithJsonSchema, model_validator
from pydantic_core import PydanticCustomError

from domain.chunks import YEARS
from serve_apps.problems import Code, FieldError, Problem, fields_problem
from serve_apps.wording import Spelled, message_of

FILE_FIELD = "chunk_file"
_OWN_CODES = {code.code: code for code in Code}


def _instant(value: object) -> datetime:
    """ISO 8601 with a zone → UTC."""
    try:
        text = value if isinstance(value, str) and value.isprintable() else ""  # Python itself overlooks a trailing NUL
        instant = datetime.fromisoformat(text)
    except ValueError:
        instant = None
    if instant is None:
        raise PydanticCustomError("field_invalid", "send ISO 8601, such as 2026-03-02T09:00:00Z")
    if instant.year not in YEARS:
        raise PydanticCustomError("field_invalid", "must lie in the years {years}; check the recorder's clock", _YEARS)
    if instant.tzinfo is None:
        raise PydanticCustomError("naive_timestamp", "has no time zone; end it with Z or an offset such as +02:00")
    return instant.astimezone(UTC)


_YEARS = {"years": f"{YEARS.start} to {YEARS.stop - 1}"}

Instant = Annotated[datetime, BeforeValidator(_instant), WithJsonSchema({"type": "string", "format": "date-time"})]


class ChunkForm(BaseModel):
    """The fields beside the file. The last four are new; a recorder of the original product sends the first eight."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    point_id: UUID
    register_id: UUID
    device_id: UUID
    start_ts: Instant = Field(description="first sample, ISO 8601 with a zone")
    end_ts: Instant = Field(description="end of the last sample, ISO 8601 with a zone")
    codec: Annotated[
        str,
        Spelled(
            r"^[A-Za-z0-9][A-Za-z0-9_./;=, +-]{0,63}$",
            "must be up to 64 Latin letters, digits and _ . / ; = , + - only, such as opus",
        ),
    ] = Field(description="opus, or the container's name")
    sample_rate: int = Field(ge=4000, le=192000, description="hertz")
    channels: int = Field(ge=1, le=8)
    session_id: UUID | None = Field(None, description="one capture run of the recorder; together with seq")
    seq: int | None = Field(None, ge=0, le=2**31 - 1, description="number of the chunk in its capture run, from 0")
    sha256: Annotated[str, Spelled(r"^[0-9A-Fa-f]{64}$", "must be 64 hex digits")] | None = Field(
        None, description="of the file, hex"
    )
    dry_run: bool = Field(False, description="check everything, store nothing")

    @model_validator(mode="after")
    def _run_and_number_go_together(self) -> Self:
        if (self.session_id is None) != (self.seq is None):
            absent = "session_id" if self.session_id is None else "seq"
            raise PydanticCustomError(
                "field_missing", "is missing; send session_id and seq together, or neither", {"absent": absent}
            )
        if self.end_ts <= self.start_ts:
            raise PydanticCustomError("end_not_after_start", "must be later than start_ts")
        return self


def body_schema() -> dict[str, Any]:
    """The OpenAPI `requestBody` of an upload."""
    schema = ChunkForm.model_json_schema()
    schema["properties"][FILE_FIELD] = {"type": "string", "format": "binary", "description": "Ogg/Opus, or other audio"}
    schema["required"].append(FILE_FIELD)
    return {"required": True, "content": {"multipart/form-data": {"schema": schema}}}


def parse_fields(texts: Mapping[str, str], has_file: bool) -> ChunkForm:
    """The checked fields. Raises Problem that names each wrong or missing one."""
    absent = [] if has_file else [FieldError(field=FILE_FIELD, message="is missing")]
    try:
        fields = ChunkForm.model_validate(texts)
    except ValidationError as error:
        raise _fields_problem(error, absent) from None
    if absent:
        raise fields_problem(absent, Code.FIELD_MISSING)
    return fields


def _fields_problem(error: ValidationError, absent: list[FieldError]) -> Problem:
    found, codes = [], []
    for e in error.errors():
        missing = e["type"] == "missing"
        field = ".".join(map(str, e["loc"])) or str(e.get("ctx", {}).get("absent", "end_ts"))
        found.append(FieldError(field=field, message=message_of(e)))
        codes.append(Code.FIELD_MISSING if missing else _OWN_CODES.get(e["type"], Code.FIELD_INVALID))
    return fields_problem([*found, *absent], codes[0])
