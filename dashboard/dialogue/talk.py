"""What was said: turns of speakers, every word with its time, evidence and search hits marked. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from dashboard.marks import Piece, pieces, placed
from dashboard.wording import Wording

SPEAKERS = ("staff", "customer")


@dataclass(frozen=True, slots=True)
class Saying:
    """One utterance. start_ms, end_ms: of the clip."""

    clock: str
    start_ms: int
    end_ms: int
    pieces: tuple[Piece, ...]


@dataclass(frozen=True, slots=True)
class Turn:
    """Utterances of one speaker, one after the other. speaker: staff, customer, or empty where nobody knows."""

    speaker: str
    name: str
    sayings: tuple[Saying, ...]


def turns(w: Wording, utterances: Sequence[Mapping[str, Any]]) -> list[Turn]:
    """In order of time."""
    return [
        Turn(speaker, w.s(f"dialogue.speaker.{speaker or 'unknown'}"), tuple(_saying(w, one) for one in said))
        for speaker, said in groupby(utterances, key=_speaker)
    ]


def _speaker(utterance: Mapping[str, Any]) -> str:
    return utterance["speaker"] if utterance["speaker"] in SPEAKERS else ""


def _saying(w: Wording, utterance: Mapping[str, Any]) -> Saying:
    text = utterance["text"]
    marked = pieces(text, {"quote": utterance["quotes"], "hit": utterance["hits"]}, placed(text, utterance["words"]))
    start_ms, end_ms = utterance["start_ms"], utterance["end_ms"]
    return Saying(w.length(start_ms / 1000), start_ms, end_ms, tuple(marked))
