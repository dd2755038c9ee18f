"""Cuts a transcript into sentences, the unit in which offers and answers are looked for."""

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass

from domain.transcript import Transcript, Utterance

SPLIT_PAUSE_MS = 450
"""A pause inside an unpunctuated utterance that ends a sentence: between turns people leave 400 to 800 ms."""

_WORD = re.compile(r"\S+")
_ENDS = re.compile(r"[.!?…]+[\"»”')]*$")
_PUNCTUATION = re.compile(r"[.,!?…;:]")
_NOT_TEXT = re.compile(r"[^\w'$£€%]+")


def normalise(text: str) -> str:
    """Lower case, `ё` → `е`, straight apostrophes, everything else but letters, digits and money signs a space."""
    lowered = text.lower().replace("ё", "е").replace("’", "'")
    return " ".join(_NOT_TEXT.sub(" ", lowered).split())


@dataclass(frozen=True, slots=True)
class Sentence:
    """A run of words of one utterance.

    spans: character ranges of its words in the utterance's text; norm: the normalised words joined by spaces;
    norm_starts: where each word begins in `norm`; gap_ms: silence before it.
    """

    utterance: int
    spans: tuple[tuple[int, int], ...]
    norm: str
    norm_starts: tuple[int, ...]
    is_question: bool
    gap_ms: int

    def words_of(self, match: re.Match[str]) -> tuple[int, int]:
        """Indices of the first and last word that a match in `norm` covers."""
        first, last = (bisect_right(self.norm_starts, at) - 1 for at in (match.start(), max(match.end() - 1, 0)))
        return max(first, 0), max(last, 0)


def sentences(transcript: Transcript) -> list[Sentence]:
    """All sentences in order. Punctuation ends one; in unpunctuated speech a pause does."""
    found: list[Sentence] = []
    previous_end: int | None = None
    for index, utterance in enumerate(transcript.utterances):
        for words, times in _runs(utterance):
            gap = 0 if previous_end is None else max(times[0] - previous_end, 0)
            previous_end = times[1]
            sentence = _build(index, utterance.text, words, gap)
            if sentence is not None:
                found.append(sentence)
    return found


def _runs(utterance: Utterance) -> Iterator[tuple[list[re.Match[str]], tuple[int, int]]]:
    """Word matches of each sentence with its start and end in ms."""
    words = list(_WORD.finditer(utterance.text))
    timed = utterance.words if len(utterance.words) == len(words) else ()
    pauses_count = bool(timed) and _PUNCTUATION.search(utterance.text) is None
    first = 0
    for i, word in enumerate(words):
        is_last = i == len(words) - 1
        paused = pauses_count and not is_last and timed[i + 1].start_ms - timed[i].end_ms >= SPLIT_PAUSE_MS
        if is_last or paused or _ENDS.search(word.group()):
            start = timed[first].start_ms if timed else utterance.start_ms
            end = timed[i].end_ms if timed else (utterance.end_ms if is_last else utterance.start_ms)
            yield words[first : i + 1], (start, end)
            first = i + 1


def _build(index: int, text: str, words: list[re.Match[str]], gap_ms: int) -> Sentence | None:
    parts: list[str] = []
    spans: list[tuple[int, int]] = []
    starts: list[int] = []
    length = 0
    for word in words:
        norm = normalise(word.group())
        if not norm:
            continue
        starts.append(length)
        spans.append(word.span())
        parts.append(norm)
        length += len(norm) + 1
    if not parts:
        return None
    last = text[words[-1].start() : words[-1].end()]
    return Sentence(index, tuple(spans), " ".join(parts), tuple(starts), "?" in last, gap_ms)
