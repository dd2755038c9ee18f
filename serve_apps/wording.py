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
}


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
        return _PLAIN[error["type"]]
    if error["type"] == "value_error":
        return str(error["ctx"]["error"])  # `msg` is the same behind "Value error, "
    return str(error["msg"])


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
