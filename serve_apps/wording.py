"""What is wrong with a request, in words for whoever sent it: pydantic's own texts name its regexes and its classes."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

_PLAIN = {
    "missing": "is missing",
    "extra_forbidden": "is not known here; leave it out",
    "timezone_aware": "has no time zone; end it with Z or an offset such as +02:00",
    "model_attributes_type": "must be a JSON object, sent with Content-Type: application/json",
    "int_type": "must be a whole number",
    "int_parsing": "must be a whole number",
    "int_from_float": "must be a whole number",
    "int_parsing_size": "has too many digits",
    "float_type": "must be a number",
    "float_parsing": "must be a number",
    "finite_number": "must be a finite number",
    "greater_than": "must be more than {gt}",
    "greater_than_equal": "must be {ge} or more",
    "less_than": "must be less than {lt}",
    "less_than_equal": "must be {le} or less",
    "bool_type": "must be true or false",
    "bool_parsing": "must be true or false",
    "uuid_type": "must be a UUID, such as 123e4567-e89b-42d3-a456-426614174000",
    "uuid_parsing": "must be a UUID, such as 123e4567-e89b-42d3-a456-426614174000",
    "string_type": "must be text",
    "string_too_short": "must have {min_length} or more characters",
    "string_too_long": "must have at most {max_length} characters",
    "enum": "must be {expected}",
    "literal_error": "must be {expected}",
    "datetime_type": "must be ISO 8601, such as 2026-03-02T09:00:00Z",
    "datetime_parsing": "must be ISO 8601, such as 2026-03-02T09:00:00Z",
    "datetime_from_date_parsing": "must be ISO 8601, such as 2026-03-02T09:00:00Z",
    "date_type": "must be a date, such as 2026-03-02",
    "date_parsing": "must be a date, such as 2026-03-02",
    "date_from_datetime_parsing": "must be a date, such as 2026-03-02",
    "date_from_datetime_inexact": "must be a date, such as 2026-03-02",
    "time_type": "must be a time of day, such as 09:00",
    "time_parsing": "must be a time of day, such as 09:00",
    "list_type": "must be a JSON list",
    "dict_type": "must be a JSON object",
    "model_type": "must be a JSON object",
    "too_short": "must have {min_length} or more entries",
    "too_long": "must have at most {max_length} entries",
}
"""By pydantic's type of error; in braces what its context holds."""


@dataclass(frozen=True, slots=True)
class Spelled:
    """`Annotated[str, Spelled(pattern, allowed)]`: text that `pattern` fits; the error says `allowed`, not the pattern.

    OpenAPI documents show the pattern, as with `Field(pattern=...)`.
    """

    pattern: str
    allowed: str

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_after_validator_function(self._fitting, handler(source))

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return {**handler(schema), "pattern": self.pattern}

    def _fitting(self, text: str) -> str:
        if re.fullmatch(self.pattern, text) is None:
            raise PydanticCustomError("field_invalid", "{allowed}", {"allowed": self.allowed})
        return text


def message_of(error: Mapping[str, Any]) -> str:
    """One sentence, without full stop, for one of pydantic's `errors()`; it follows the field's name and a colon."""
    if error["type"] in _PLAIN:
        return _PLAIN[error["type"]].format_map(_shown(error.get("ctx", {})))
    if error["type"] == "value_error":
        return str(error["ctx"]["error"])  # `msg` is the same behind "Value error, "
    return str(error["msg"])


_MEMBER = re.compile(r"<\w+\.\w+: ('[^']*')>")


def _shown(context: Mapping[str, Any]) -> dict[str, Any]:
    """0.0 as 0, and the members of an enum by their values."""
    return {name: _plain(value) for name, value in context.items()}


def _plain(value: Any) -> Any:
    if isinstance(value, float):
        return f"{value:.12g}"
    return _MEMBER.sub(r"\1", value) if isinstance(value, str) else value


def why_not_json(error: BaseException | None) -> str | None:
    """Why a body is not JSON, from what Python's json raised that is no JSONDecodeError; None for any other error."""
    match error:
        case RecursionError():
            return "it is nested too deeply"
        case UnicodeDecodeError():
            return "it is not UTF-8 text"
        case ValueError():
            return "a number in it has too many digits"
    return None
