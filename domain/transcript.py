"""A transcript as the product keeps it: segments and words in absolute time."""

import hashlib
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Word:
    """One word with its place in time (integer milliseconds since the Unix epoch, UTC)."""

    start_ms: int
    end_ms: int
    word: str
    probability: float


@dataclass(frozen=True, slots=True)
class Utterance:
    """One Whisper segment: text between two instants (ms since the epoch, UTC), with its words in order.

    avg_logprob: mean log probability of the tokens; no_speech_prob: Whisper's own, in [0, 1];
    compression_ratio: gzip ratio of the text (above 2.4 suggests repetition).
    """

    start_ms: int
    end_ms: int
    text: str
    words: tuple[Word, ...] = ()
    avg_logprob: float = 0.0
    no_speech_prob: float = 0.0
    compression_ratio: float = 1.0


@dataclass(frozen=True, slots=True)
class Transcript:
    """What was said in one dialogue. language: ISO 639-1."""

    language: str
    utterances: tuple[Utterance, ...]

    @property
    def text(self) -> str:
        """All utterances, one per line."""
        return "\n".join(u.text.strip() for u in self.utterances if u.text.strip())

    @property
    def sha256(self) -> str:
        """Hex SHA-256 of language and text: what an analysis names as its input."""
        return hashlib.sha256(f"{self.language}\n{self.text}".encode()).hexdigest()
