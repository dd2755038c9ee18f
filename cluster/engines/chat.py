"""Asks a chat-completions server for one JSON answer, in the best format that it turns out to know."""

import asyncio
from dataclasses import dataclass
from typing import Any

import openai
from openai.types.chat import ChatCompletion, ChatCompletionMessageParam

from cluster.engines.failures import DOWN_S, is_about_input, meaning
from cluster.engines.wire import RESPONSE_FORMATS
from domain.errors import Rejected, Transient, Unavailable

MAX_TOKENS = 700
"""A verdict takes about 250 tokens, in Russian about 400."""
LONGER_MAX_TOKENS = 4000
"""The second try after a truncated answer; reasoning models spend tokens before they write."""

FORMATS = tuple(RESPONSE_FORMATS)
OPTIONAL_PARAMETERS = {"temperature", "max_tokens"}
"""What some models refuse: without it they use their own; max_tokens then goes as max_completion_tokens."""

Messages = list[ChatCompletionMessageParam]


@dataclass(slots=True)
class Spent:
    """What one verdict took, over all its requests."""

    requests: int = 0
    tokens_in: int = 0
    tokens_out: int = 0
    served_model: str = ""


class Chat:
    """One model of one server. Remembers for its lifetime which format and parameters the server takes."""

    def __init__(self, client: openai.AsyncOpenAI, model: str, timeout_s: float, temperature: float = 0.0) -> None:
        self.client = client
        self.model = model
        self.timeout_s = timeout_s
        self.temperature = temperature
        self.response_format = FORMATS[0]
        self._refused: set[str] = set()

    async def complete(self, messages: Messages, spent: Spent) -> str:
        """The answer's text. A truncated answer is asked for once more with room.

        Raises Rejected (refused by the model, its filter or, as a request, by the server), Transient (cut off twice)
        or Unavailable (anything that is the server's or its operator's).
        """
        for max_tokens in (MAX_TOKENS, LONGER_MAX_TOKENS):
            completion = await self._ask(messages, max_tokens)
            _note(completion, spent)
            if not completion.choices:
                return ""
            choice = completion.choices[0]
            if choice.message.refusal:
                raise Rejected(f"the language model refused: {choice.message.refusal}")
            if choice.finish_reason == "content_filter":
                raise Rejected("the language model's content filter stopped the answer")
            if choice.finish_reason != "length":
                return choice.message.content or ""
        raise Transient(f"the language model's answer was cut off, also at {LONGER_MAX_TOKENS} tokens")

    def weaken(self) -> None:
        """The server takes this format and then answers without JSON: ask in the next weaker one from now on."""
        self.response_format = FORMATS[min(FORMATS.index(self.response_format) + 1, len(FORMATS) - 1)]

    async def _ask(self, messages: Messages, max_tokens: int) -> ChatCompletion:
        """One answer, falling through the formats that the server refuses; remembers the first that it takes."""
        pending = list(FORMATS[FORMATS.index(self.response_format) :])
        while True:
            try:
                completion = await self._send(messages, max_tokens, pending[0])
            except (openai.BadRequestError, openai.UnprocessableEntityError) as error:
                if is_about_input(error):
                    raise Rejected(f"the language model cannot take this dialogue: {error.message}") from error
                if error.param in OPTIONAL_PARAMETERS - self._refused:
                    self._refused.add(str(error.param))
                elif len(pending) > 1:
                    pending.pop(0)
                else:
                    raise meaning(error) from error
            except openai.OpenAIError as error:
                raise meaning(error) from error
            else:
                self.response_format = pending[0]
                return completion

    async def _send(self, messages: Messages, max_tokens: int, response_format: str) -> ChatCompletion:
        options: dict[str, Any] = {"temperature": self.temperature, "max_tokens": max_tokens}
        options = {key: value for key, value in options.items() if key not in self._refused}
        if "max_tokens" in self._refused:
            options["max_completion_tokens"] = max_tokens
        if RESPONSE_FORMATS[response_format] is not None:
            options["response_format"] = RESPONSE_FORMATS[response_format]
        try:
            async with asyncio.timeout(self.timeout_s):  # the client's own limit is per read: a trickle defeats it
                completion = await self.client.chat.completions.create(model=self.model, messages=messages, **options)
        except TimeoutError as error:
            raise Unavailable(f"the language model did not answer within {self.timeout_s:g} s", DOWN_S) from error
        except ValueError as error:
            raise Unavailable(f"the language model's server answers broken JSON: {error}", DOWN_S) from error
        if not isinstance(completion, ChatCompletion):
            raise Unavailable("the server does not answer as OpenAI's API does: check OPENAI_BASE_URL", DOWN_S)
        return completion


def _note(completion: ChatCompletion, spent: Spent) -> None:
    spent.requests += 1
    spent.served_model = completion.model or spent.served_model
    if completion.usage is not None:
        spent.tokens_in += completion.usage.prompt_tokens or 0
        spent.tokens_out += completion.usage.completion_tokens or 0
