"""The multipart form of an upload: read in bounded memory, then checked field by field."""

import re
from datetime import UTC, datetime
from typing import Annotated, Any, Self
from uuid import UUID

from fastapi import Request
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, WithJsonSchema, model_validator
from pydantic_core import PydanticCustomError
from python_multipart.exceptions import FormParserError
from starlette.datastructures import FormData, UploadFile
from starlette.exceptions import HTTPException

from domain.chunks import YEARS
from serve_apps.problems import Code, FieldError, Problem, fields_problem

FILE_FIELD = "chunk_file"
MAX_FIELDS = 32
MAX_FIELD_BYTES = 64 * 1024
_OWN_CODES = {code.code: code for code in Code}
_UNREADABLE = (FormParserError, LookupError, UnicodeError, ValueError)


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
        raise PydanticCustomError("field_invalid", "the year must lie in {years}; is the recorder's clock set?", _YEARS)
    if instant.tzinfo is None:
        raise PydanticCustomError("naive_timestamp", "has no time zone; end it with Z or an offset such as +02:00")
    return instant.astimezone(UTC)


_YEARS = {"years": f"{YEARS.start} to {YEARS.stop - 1}"}

Instant = Annotated[datetime, BeforeValidator(_instant), WithJsonSchema({"type": "string", "format": "date-time"})]


class ChunkForm(BaseModel):
    """The fields beside the file. The last three are new; a recorder of the original product sends the first eight."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    point_id: UUID
    register_id: UUID
    device_id: UUID
    start_ts: Instant = Field(description="first sample, ISO 8601 with a zone")
    end_ts: Instant = Field(description="end of the last sample, ISO 8601 with a zone")
    codec: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_./;=, +-]{0,63}$", description="opus, or the container's name")
    sample_rate: int = Field(ge=4000, le=192000, description="hertz")
    channels: int = Field(ge=1, le=8)
    session_id: UUID | None = Field(None, description="one capture run of the recorder; together with seq")
    seq: int | None = Field(None, ge=0, le=2**31 - 1, description="number of the chunk in its capture run, from 0")
    sha256: str | None = Field(None, pattern=r"^[0-9A-Fa-f]{64}$", description="of the file, hex")

    @model_validator(mode="after")
    def _run_and_number_go_together(self) -> Self:
        if (self.session_id is None) != (self.seq is None):
            absent = "session_id" if self.session_id is None else "seq"
            raise PydanticCustomError(
                "field_missing", "session_id and seq go together; {absent} is missing", {"absent": absent}
            )
        if self.end_ts <= self.start_ts:
            raise PydanticCustomError("end_not_after_start", "end_ts must be later than start_ts")
        return self


def body_schema() -> dict[str, Any]:
    """The OpenAPI `requestBody` of an upload."""
    schema = ChunkForm.model_json_schema()
    schema["properties"][FILE_FIELD] = {"type": "string", "format": "binary", "description": "Ogg/Opus, or other audio"}
    schema["required"].append(FILE_FIELD)
    return {"required": True, "content": {"multipart/form-data": {"schema": schema}}}


async def read_form(request: Request) -> FormData:
    """The body's parts; the caller closes them. A file over 1 MB is spooled to disk, so memory stays bounded.

    Raises Problem where the body is not multipart, broken, too long in one field, or over the body limit.
    """
    content_type = request.headers.get("content-type", "")
    if not re.match(r"multipart/form-data\s*(;|$)", content_type, re.IGNORECASE):
        raise Problem(Code.NOT_MULTIPART, "Send the chunk as multipart/form-data.")
    try:
        return await request.form(max_files=1, max_fields=MAX_FIELDS, max_part_size=MAX_FIELD_BYTES)
    except Problem:
        raise
    except HTTPException as error:
        if "maximum size" in str(error.detail):
            message = (
                f"A field is over {MAX_FIELD_BYTES} bytes; only {FILE_FIELD} may be long, and it needs a filename."
            )
            raise Problem(Code.FIELD_INVALID, message) from error
        raise Problem(Code.MALFORMED_MULTIPART, f"The multipart body cannot be read: {error.detail}") from error
    except OSError as error:
        raise Problem(Code.STORAGE_UNAVAILABLE, "The upload cannot be buffered on disk; try again later.") from error
    except _UNREADABLE as error:
        raise Problem(Code.MALFORMED_MULTIPART, "The multipart body cannot be read; check its boundary.") from error


def parse_form(form: FormData) -> tuple[ChunkForm, UploadFile]:
    """The checked fields and the file. Raises Problem that names each wrong field."""
    names = [name for name, _ in form.multi_items()]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        errors = [FieldError(field=name, message="is sent more than once") for name in twice]
        raise fields_problem(errors, Code.FIELD_DUPLICATED)
    file = form.get(FILE_FIELD)
    texts = {name: value for name, value in form.items() if isinstance(value, str) and name != FILE_FIELD}
    try:
        fields = ChunkForm.model_validate(texts)
    except ValidationError as error:
        raise _fields_problem(error) from None
    if file is None:
        raise fields_problem([FieldError(field=FILE_FIELD, message="is missing")], Code.FIELD_MISSING)
    if not isinstance(file, UploadFile):
        message = "is sent as text; send it as a file, with a filename"
        raise fields_problem([FieldError(field=FILE_FIELD, message=message)], Code.FIELD_INVALID)
    return fields, file


def _fields_problem(error: ValidationError) -> Problem:
    found, codes = [], []
    for e in error.errors():
        missing = e["type"] == "missing"
        field = ".".join(map(str, e["loc"])) or str(e.get("ctx", {}).get("absent", "end_ts"))
        found.append(FieldError(field=field, message="is missing" if missing else e["msg"]))
        codes.append(Code.FIELD_MISSING if missing else _OWN_CODES.get(e["type"], Code.FIELD_INVALID))
    return fields_problem(found, codes[0])
