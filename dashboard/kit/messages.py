"""What browsers say, and addresses, in the forms that pages work with."""

from collections.abc import Mapping
from typing import Any

from httpx import QueryParams

from dashboard.kit.page import Message, Params


def message_of(raw: Mapping[str, Any]) -> Message:
    """What the browser said, with everything in it text: it comes from outside."""
    data = raw.get("data")
    fields = raw.get("form")
    pairs = tuple((str(name), str(value)) for name, value in fields) if isinstance(fields, list) else ()
    texts = {str(k): str(v) for k, v in data.items()} if isinstance(data, dict) else {}
    return Message(raw["do"], str(raw.get("value", "")), texts, QueryParams(pairs))


def query_of(params: Mapping[str, Any] | Params) -> Params:
    """An address's query; several values to a name as a list, None and "" left out."""
    if isinstance(params, QueryParams):
        return params
    flat = [(k, one) for k, v in params.items() for one in (v if isinstance(v, list | tuple) else [v])]
    return QueryParams(tuple((key, str(value)) for key, value in flat if value is not None and value != ""))
