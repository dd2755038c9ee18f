"""What the asr stage asks of Whisper and what it gets back: wire types, no audio in them."""

from dataclasses import dataclass
from enum import StrEnum

from domain.status import AsrPass
from domain.transcript import Transcript


@dataclass(frozen=True, slots=True)
class SpeechRef:
    """A stretch of speech in a stored chunk. `start_ms`, `end_ms`: from the chunk's first decoded sample;
    `at_ms`: when `start_ms` sounded, ms since the epoch; `sha256`: hex of the whole file."""

    stored_path: str
    sha256: str
    start_ms: int
    end_ms: int
    at_ms: int


@dataclass(frozen=True, slots=True)
class Decoding:
    """How a model is asked. `pack`: share windows with other dialogues; `prompt`: words to expect;
    `temperature`: None for greedy or beam search, with rising temperatures where that fails (unpacked only)."""

    beam_size: int = 1
    pack: bool = True
    prompt: str | None = None
    temperature: float | None = None


@dataclass(frozen=True, slots=True)
class Wanted:
    """One pass by one of the served models, instead of the pipeline's two: what a re-analysis asks for."""

    asr_pass: str
    """The name in the settings that serves it: fast, accurate or rerun."""
    model: str
    compute_type: str
    decoding: Decoding


@dataclass(frozen=True, slots=True)
class TranscribeItem:
    """One dialogue to transcribe. `language`: ISO 639-1, or auto; `speech`: ascending, disjoint, without padding."""

    item_id: str
    language: str
    speech: tuple[SpeechRef, ...]
    alone: bool = False
    """Not in one batch with others: it may be what killed the last one."""
    wanted: Wanted | None = None

    @property
    def speech_ms(self) -> int:
        return sum(ref.end_ms - ref.start_ms for ref in self.speech)


@dataclass(frozen=True, slots=True)
class Heard:
    """A transcript before it is judged. `model`: id@revision, compute type."""

    transcript: Transcript
    model: str

    @property
    def avg_logprob(self) -> float:
        """Mean over utterances, weighted by words; 0 where there are none."""
        return _mean([(u.avg_logprob, len(u.words)) for u in self.transcript.utterances])

    @property
    def no_speech_prob(self) -> float:
        """Mean over utterances, weighted by words."""
        return _mean([(u.no_speech_prob, len(u.words)) for u in self.transcript.utterances])


def _mean(weighted: list[tuple[float, int]]) -> float:
    total = sum(weight for _, weight in weighted)
    return sum(value * weight for value, weight in weighted) / total if total else 0.0


class FailureKind(StrEnum):
    """Which of the errors of `domain.errors` a failed item stands for."""

    REJECTED = "rejected"
    UNAVAILABLE = "unavailable"
    TRANSIENT = "transient"


@dataclass(frozen=True, slots=True)
class Failure:
    """Why one item failed. A value: an exception in a batch would fail every caller."""

    kind: FailureKind
    message: str
    retry_after_s: float = 10.0


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one dialogue: the transcript, the pass that it is from, and what spoke for or against it."""

    transcript: Transcript
    asr_pass: AsrPass
    model: str
    reasons: tuple[str, ...]
    avg_logprob: float
    no_speech_prob: float


def window_size(replicas: int, per_replica: int) -> int:
    """How many dialogues to keep in flight: what keeps every running replica busy, and no more.

    What is in flight is ahead of whatever comes next, live or not, and its time runs; the rest waits in the queue, in
    its order. Where no replica runs, one's share goes on to ask whether there is one.
    """
    return max(1, replicas) * per_replica
