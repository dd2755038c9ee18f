"""What the front asks of a model's deployment. Pickled between processes."""

from dataclasses import dataclass
from math import ceil

from domain.asr import Decoding, TranscribeItem
from domain.transcript import Transcript

LONGEST_ITEM_S = 150
"""A dialogue is at most 120 s; anything longer weighs as much as this in a batch."""


@dataclass(frozen=True, slots=True)
class Ask:
    """One dialogue, and how to listen to it."""

    item: TranscribeItem
    decoding: Decoding

    @property
    def weight_s(self) -> int:
        """What it adds to a batch, in seconds of speech."""
        return min(max(1, ceil(self.item.speech_ms / 1000)), LONGEST_ITEM_S)


@dataclass(frozen=True, slots=True)
class Recording:
    """A whole file of any format, as somebody uploaded it. `language`: ISO 639-1, or auto."""

    encoded: bytes
    language: str
    decoding: Decoding


@dataclass(frozen=True, slots=True)
class HeardRecording:
    """Its transcript; times in ms from the recording's beginning."""

    transcript: Transcript
    duration_s: float
    temperature: float
