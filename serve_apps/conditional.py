"""Answers with an ETag: whoever has the same already is told so, and gets no body."""

from hashlib import sha256
from typing import Annotated, Any

from fastapi import Header, Response
from pydantic import BaseModel

IfNoneMatch = Annotated[str | None, Header(description="the ETag of the answer that you have", max_length=1000)]
UNCHANGED: dict[int | str, dict[str, Any]] = {304: {"description": "it is what If-None-Match names; no body"}}
"""For the `responses` of routes that answer with `conditional`."""


def conditional(body: BaseModel, if_none_match: str | None) -> Response:
    """The body as JSON with its ETag, or 304. The tag is a hash of the body: it changes where a figure does, and only
    there. An answer is the caller's own, and to be asked for again each time (RFC 9110, 8.8.3 and 13.1.2)."""
    content = body.model_dump_json(by_alias=True).encode()
    tag = f'"{sha256(content).hexdigest()[:32]}"'
    headers = {"ETag": tag, "Cache-Control": "private, no-cache", "Vary": "Authorization"}
    if _names(if_none_match, tag):
        return Response(status_code=304, headers=headers)
    return Response(content, media_type="application/json", headers=headers)


def _names(if_none_match: str | None, tag: str) -> bool:
    named = [one.strip().removeprefix("W/") for one in (if_none_match or "").split(",")]
    return tag in named or named == ["*"]
