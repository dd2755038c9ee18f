"""What the errors of an OpenAI-compatible server mean for a job."""

from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import openai

from domain.errors import Rejected, StageError, Unavailable

DOWN_S = 10.0
LIMITED_S = 20.0
MISCONFIGURED_S = 300.0
"""Seconds until the next probe, where the server names none: it is down, it limits us, its operator must act."""

INPUT_CODES = frozenset(
    {"context_length_exceeded", "content_filter", "content_policy_violation", "string_above_max_length"}
)
"""Codes of a 400 that are about this dialogue, not about how we ask."""


def meaning(error: openai.OpenAIError) -> StageError:
    """The error in the worker's words: what is the server's or its operator's gives the attempt back, so dialogues stay
    PENDING until it is mended; what is this dialogue's is Rejected."""
    if isinstance(error, openai.APITimeoutError):
        return Unavailable("the language model did not answer in time", DOWN_S)
    if isinstance(error, openai.APIConnectionError):
        return Unavailable(f"the language model cannot be reached: {error.__cause__ or error}", DOWN_S)
    if isinstance(error, openai.RateLimitError):
        wait_s = retry_after_s(error.response.headers, datetime.now(UTC))
        if error.code == "insufficient_quota":
            return Unavailable("the language model's quota is used up: top up the account", wait_s or MISCONFIGURED_S)
        return Unavailable("the language model limits our rate (429)", LIMITED_S if wait_s is None else wait_s)
    if isinstance(error, openai.APIStatusError):
        return _of_status(error)
    return Unavailable(f"the language model's answer is not that of OpenAI's API: {error}", DOWN_S)


def _of_status(error: openai.APIStatusError) -> StageError:
    mend = {
        401: "the key is refused: check OPENAI_API_KEY",
        403: "the key may not do this: check OPENAI_API_KEY and the account's rights",
        404: "no such model or address: check OPENAI_MODEL and OPENAI_BASE_URL",
    }.get(error.status_code)
    if mend is not None:
        return Unavailable(f"the language model answers {error.status_code}: {mend}", MISCONFIGURED_S)
    if error.status_code in (400, 413, 422):
        return Rejected(f"the language model refuses the request ({error.status_code}): {error.message}")
    wait_s = retry_after_s(error.response.headers, datetime.now(UTC))
    return Unavailable(f"the language model answers {error.status_code}", DOWN_S if wait_s is None else wait_s)


def is_about_input(error: openai.APIStatusError) -> bool:
    """A 400 because of what the dialogue says or how long it is: no other format will help."""
    return error.code in INPUT_CODES or "context length" in error.message.lower()


def retry_after_s(headers: Mapping[str, str], now: datetime) -> float | None:
    """Seconds that Retry-After asks for, as a number or an HTTP date (RFC 9110, 10.2.3); None where there is none."""
    milliseconds = headers.get("retry-after-ms", "")
    if milliseconds.isdigit():
        return int(milliseconds) / 1000
    value = headers.get("retry-after", "").strip()
    try:
        seconds = float(value)
    except ValueError:
        try:
            seconds = (parsedate_to_datetime(value) - now).total_seconds()
        except (ValueError, TypeError):
            return None
    return max(seconds, 0.0)
