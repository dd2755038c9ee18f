"""The language model as an engine: any server that speaks OpenAI's chat completions.

A reply that is no verdict is sent back once with what is wrong. Waiting and retrying is the queue's: the client's own
retries are off, so that a Retry-After of any length pauses the stage and holds no worker.
"""

import json
from collections.abc import Sequence

import openai

from cluster.engines.chat import Chat, Messages, Spent
from cluster.engines.prompt import Prompt
from cluster.engines.wire import InvalidReply, read_reply
from configs.sections import AnalysisSettings
from domain.errors import Transient, Unavailable
from domain.injection import withhold
from domain.transcript import Transcript
from domain.verdict import Provenance, RawVerdict


class OpenAIEngine:
    """One client for the process; calls may run side by side."""

    def __init__(self, settings: AnalysisSettings, prompt: Prompt) -> None:
        self.settings = settings
        self.prompt = prompt
        self.client = openai.AsyncOpenAI(
            api_key=settings.openai_api_key.get_secret_value() or "none",  # a server of one's own may want none
            base_url=settings.openai_base_url,
            timeout=settings.timeout_s,
            max_retries=0,
        )
        self.chat = Chat(self.client, settings.openai_model, settings.timeout_s)
        self._answered = 0
        self._failed_at: dict[str, int] = {}
        """For a dialogue on which the server failed: how many others it had answered by then."""

    async def close(self) -> None:
        """Closes the connections."""
        await self.client.close()

    async def analyse(self, transcript: Transcript, catalogue: Sequence[str]) -> tuple[RawVerdict, Provenance]:
        """Asks for a verdict. Raises Transient (no verdict also after one repair; this dialogue alone makes the server
        fail), Rejected (refused) or Unavailable (server down, slow, limiting, or misconfigured)."""
        spent = Spent()
        subject = transcript.sha256
        try:
            raw = await self._verdict(self._messages(transcript, catalogue), spent)
        except Unavailable as error:
            self._blame(subject, error)
            raise
        self._answered += 1
        self._failed_at.pop(subject, None)
        return raw, self._provenance(subject, spent)

    async def _verdict(self, messages: Messages, spent: Spent) -> RawVerdict:
        reply = await self.chat.complete(messages, spent)
        try:
            return read_reply(reply)
        except InvalidReply as problem:
            if not problem.has_object:
                self.chat.weaken()
            repair: Messages = [
                {"role": "assistant", "content": reply},
                {"role": "user", "content": self.prompt.repair.replace("{problem}", str(problem))},
            ]
        reply = await self.chat.complete(messages + repair, spent)
        try:
            return read_reply(reply)
        except InvalidReply as problem:
            raise Transient(f"the language model's answer is no verdict, also after a repair: {problem}") from None

    def _messages(self, transcript: Transcript, catalogue: Sequence[str]) -> Messages:
        """The prompt, and the transcript as data: JSON, whose text can close neither its quotes nor the tag around."""
        start_ms = transcript.utterances[0].start_ms if transcript.utterances else 0
        dialogue = {
            "language": transcript.language,
            "catalogue": list(catalogue),
            "lines": [
                {"second": round((u.start_ms - start_ms) / 1000), "text": withhold(u.text.strip())}
                for u in transcript.utterances
                if u.text.strip()
            ],
        }
        data = json.dumps(dialogue, ensure_ascii=False, indent=0).replace("<", "\\u003c").replace(">", "\\u003e")
        return [
            {"role": "system", "content": self.prompt.system},
            {"role": "user", "content": f"<dialogue>\n{data}\n</dialogue>"},
        ]

    def _blame(self, subject: str, error: Unavailable) -> None:
        """A server that failed on this dialogue before and has answered others since is not down: the dialogue counts
        the attempt, or it would be given back for ever and pause the stage each time."""
        before = self._failed_at.get(subject)
        if before is not None and self._answered > before:
            raise Transient(f"{error}; it answers other dialogues") from error
        self._failed_at[subject] = self._answered

    def _provenance(self, subject: str, spent: Spent) -> Provenance:
        settings = self.settings
        cost_usd = (
            spent.tokens_in * settings.price_per_million_in_usd + spent.tokens_out * settings.price_per_million_out_usd
        ) / 1e6
        return Provenance(
            model=settings.openai_model,
            prompt_version=self.prompt.version,
            prompt_sha256=self.prompt.sha256,
            transcript_sha256=subject,
            parameters={
                "served_model": spent.served_model,
                "temperature": self.chat.temperature,
                "response_format": self.chat.response_format,
                "requests": spent.requests,
            },
            tokens_in=spent.tokens_in,
            tokens_out=spent.tokens_out,
            cost_usd=cost_usd,
        )
