"""A text cut at the ends of what is marked in it, so that a template can mark it and escape every part. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

Range = Sequence[int]
"""[start, end), in characters of the text."""


@dataclass(frozen=True, slots=True)
class Piece:
    """marks: the names of what this part of the text belongs to, in one string for a class attribute."""

    text: str
    marks: str = ""
    word: str = ""
    """`start end` in ms of the word that this is (a part of); empty between words."""


@dataclass(frozen=True, slots=True)
class Word:
    """A word of the text, and when it is heard, in ms of the clip."""

    start: int
    end: int
    start_ms: int
    end_ms: int


def pieces(text: str, marks: Mapping[str, Iterable[Range]], words: Sequence[Word] = ()) -> list[Piece]:
    """The whole text in order. Ranges may overlap, and reach beyond the text where they are wrong."""
    spans = [(name, max(start, 0), min(end, len(text))) for name, ranges in marks.items() for start, end in ranges]
    ends = {0, len(text), *(at for _, start, end in spans for at in (start, end) if start < end)}
    ends |= {at for word in words for at in (word.start, word.end)}
    cuts = sorted(ends)
    found = []
    for start, end in pairwise(cuts):
        names = sorted({name for name, first, last in spans if first <= start and end <= last})
        word = next((f"{w.start_ms} {w.end_ms}" for w in words if w.start <= start and end <= w.end), "")
        found.append(Piece(text[start:end], " ".join(names), word))
    return found


def placed(text: str, words: Iterable[Mapping[str, object]]) -> list[Word]:
    """Where each word {w, start_ms, end_ms} stands in the text; those that are not there are left out."""
    found, at = [], 0
    for word in words:
        said = str(word["w"]).strip()
        start = text.find(said, at) if said else -1
        if start >= 0:
            at = start + len(said)
            found.append(Word(start, at, int(str(word["start_ms"])), int(str(word["end_ms"]))))
    return found
