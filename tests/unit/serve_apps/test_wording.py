"""pydantic's errors in words for whoever sent the request."""

from datetime import date, time
from typing import Annotated, Any, Literal
from uuid import UUID

import pytest
from pydantic import AwareDatetime, BaseModel, Field, TypeAdapter, ValidationError

from domain.status import Attempted
from serve_apps.wording import message_of


class Box(BaseModel):
    size: int


FEW = Annotated[int, Field(ge=1, le=2**31 - 1)]
WRONG: list[tuple[Any, Any, str]] = [
    (FEW, "many", "must be a whole number"),
    (FEW, "1.5", "must be a whole number"),
    (FEW, 1.5, "must be a whole number"),
    (FEW, None, "must be a whole number"),
    (FEW, "9" * 5000, "has too many digits"),
    (FEW, 0, "must be 1 or more"),
    (FEW, 2**31, "must be 2147483647 or less"),
    (Annotated[float, Field(gt=0)], 0, "must be more than 0"),
    (Annotated[float, Field(lt=0.5)], 0.5, "must be less than 0.5"),
    (float, "x", "must be a number"),
    (Annotated[float, Field(allow_inf_nan=False)], "nan", "must be a finite number"),
    (bool, "maybe", "must be true or false"),
    (UUID, "abc", "must be a UUID, such as 123e4567-e89b-42d3-a456-426614174000"),
    (UUID, 5, "must be a UUID, such as 123e4567-e89b-42d3-a456-426614174000"),
    (str, 5, "must be text"),
    (Annotated[str, Field(min_length=3)], "x", "must have 3 or more characters"),
    (Annotated[str, Field(max_length=3)], "xxxx", "must have at most 3 characters"),
    (Attempted, "x", "must be 'yes', 'no' or 'uncertain'"),
    (Literal["ru", "en"], "x", "must be 'ru' or 'en'"),
    (AwareDatetime, "soon", "must be ISO 8601, such as 2026-03-02T09:00:00Z"),
    (AwareDatetime, "2026-13-01T00:00:00Z", "must be ISO 8601, such as 2026-03-02T09:00:00Z"),
    (AwareDatetime, "2026-03-02T09:00:00", "has no time zone; end it with Z or an offset such as +02:00"),
    (date, "soon", "must be a date, such as 2026-03-02"),
    (date, "1", "must be a date, such as 2026-03-02"),
    (time, "soon", "must be a time of day, such as 09:00"),
    (list[int], 5, "must be a JSON list"),
    (Annotated[list[int], Field(max_length=1)], [1, 2], "must have at most 1 entries"),
    (dict[str, int], 5, "must be a JSON object"),
    (Box, 5, "must be a JSON object"),
    (Box, {}, "is missing"),
]


@pytest.mark.parametrize(("wanted", "sent", "message"), WRONG)
def test_what_is_wrong_with_a_value_is_said_by_what_it_should_be(wanted: Any, sent: Any, message: str) -> None:
    with pytest.raises(ValidationError) as raised:
        TypeAdapter(wanted).validate_python(sent)
    assert message_of(raised.value.errors()[0]) == message


def test_members_of_an_enum_are_named_by_their_values() -> None:
    context = {"expected": "<ErasureKind.DIALOGUE: 'dialogue'> or <ErasureKind.INTERVAL: 'interval'>"}
    assert message_of({"type": "literal_error", "ctx": context}) == "must be 'dialogue' or 'interval'"
