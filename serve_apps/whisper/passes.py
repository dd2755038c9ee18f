"""Two passes: the fast model for all, the accurate one where its answer looks wrong, then the gate."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from domain.asr import Decoding, Failure, Heard, Outcome, TranscribeItem
from domain.hallucination import gate
from domain.status import AsrPass
from domain.suspicion import SuspicionRules, better, reasons
from serve_apps.whisper.asks import Ask

Listen = Callable[[Ask], Awaitable[Heard | Failure]]


@dataclass(frozen=True, slots=True)
class Pass:
    """A model and how it is asked."""

    listen: Listen
    decoding: Decoding


@dataclass(frozen=True, slots=True)
class Passes:
    """`accurate_min_ms`: less speech is not worth a second pass."""

    fast: Pass
    accurate: Pass
    suspicion: SuspicionRules
    accurate_min_ms: int

    async def transcribe(self, item: TranscribeItem) -> Outcome | Failure:
        """A failed second pass leaves the first one's answer standing, and says so among the reasons."""
        first = await self.fast.listen(Ask(item, self.fast.decoding))
        if isinstance(first, Failure):
            return first
        against = reasons(first, item.speech_ms, self.suspicion)
        if not against or item.speech_ms < self.accurate_min_ms:
            return self._outcome(first, AsrPass.FAST, against)
        second = await self.accurate.listen(Ask(item, self.accurate.decoding))
        if isinstance(second, Failure):
            return self._outcome(first, AsrPass.FAST, (*against, "accurate_pass_failed"))
        if better(first, second, item.speech_ms, self.suspicion) is first:
            return self._outcome(first, AsrPass.FAST, (*against, "accurate_pass_no_better"))
        return self._outcome(second, AsrPass.ACCURATE, against)

    async def once(self, item: TranscribeItem, one: Pass, asr_pass: AsrPass) -> Outcome | Failure:
        """By one model, whatever its answer looks like; what speaks against it is said all the same."""
        heard = await one.listen(Ask(item, one.decoding))
        if isinstance(heard, Failure):
            return heard
        return self._outcome(heard, asr_pass, reasons(heard, item.speech_ms, self.suspicion))

    def _outcome(self, heard: Heard, asr_pass: AsrPass, against: tuple[str, ...]) -> Outcome:
        transcript, silence = gate(heard, self.suspicion)
        said = against if silence is None else (*against, silence)
        return Outcome(transcript, asr_pass, heard.model, said, heard.avg_logprob, heard.no_speech_prob)
