"""The verdict as a language model writes it, and how its reply is read."""

import json
from collections.abc import Iterator, Mapping
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from domain.status import Attempted, Kind, Reaction
from domain.verdict import RawVerdict

MAX_SUMMARY = 1000
"""Characters; a sentence or two were asked for."""


class InvalidReply(ValueError):
    """The model's answer holds no verdict; the message says why, for the model to mend."""

    def __init__(self, problem: str, *, has_object: bool) -> None:
        super().__init__(problem)
        self.has_object = has_object


class WireVerdict(BaseModel):
    """The seed's schema and `kind`. No bounds beyond enums: not every server's grammar knows them."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: Kind
    attempted: Attempted
    quality_score: Literal[0, 1, 2, 3]
    categories: list[str]
    closing_question: bool
    customer_reaction: Reaction
    evidence_quotes: list[str]
    summary: str
    confidence: float

    def verdict(self) -> RawVerdict:
        """The same in the domain's words."""
        return RawVerdict(
            kind=self.kind,
            attempted=self.attempted,
            quality_score=self.quality_score,
            categories=tuple(self.categories),
            closing_question=self.closing_question,
            customer_reaction=self.customer_reaction,
            quotes=tuple(self.evidence_quotes),
            summary=self.summary.replace("\x00", "")[:MAX_SUMMARY],
            confidence=self.confidence,
        )


RESPONSE_FORMATS: Mapping[str, Mapping[str, Any] | None] = {
    "json_schema": {
        "type": "json_schema",
        "json_schema": {"name": "verdict", "strict": True, "schema": WireVerdict.model_json_schema()},
    },
    "json_object": {"type": "json_object"},
    "prompt": None,
}
"""What a server may be asked for, best first; `prompt` asks in words only."""


def read_reply(text: str) -> RawVerdict:
    """The verdict in a reply, also where prose or a code fence surrounds it. Raises InvalidReply."""
    problem = "it holds no JSON object" if text.strip() else "it is empty"
    for candidate in _objects(text):
        try:
            return WireVerdict.model_validate(candidate).verdict()
        except ValidationError as error:
            problem = "; ".join(f"{'.'.join(map(str, e['loc'])) or 'object'}: {e['msg']}" for e in error.errors())
    raise InvalidReply(problem, has_object="{" in text)


def _objects(text: str) -> Iterator[dict[str, Any]]:
    """Every JSON object that stands in the text, outermost ones only."""
    decoder = json.JSONDecoder()
    at = text.find("{")
    while at >= 0:
        try:
            value, end = decoder.raw_decode(text, at)
        except ValueError:
            end = at + 1
        else:
            yield value
        at = text.find("{", end)
