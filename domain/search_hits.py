"""Where in a text the hits of a search stand, as ranges of characters: the marks are for whoever shows it."""

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from domain.search_query import WORD, Pattern, Term

Meanings = Mapping[str, frozenset[Pattern]]
"""Which patterns of the question a word answers, by the word as it stands in the text."""
SNIPPET_CHARS = 160
_LEAD_CHARS = 50
"""So much of a snippet stands before its first hit."""
_LATIN = str.maketrans("абвгдђежзијклљмнњопрстћуфхцчџшё", "abvgddezzijkllmnnoprstcufhccdse")


@dataclass(frozen=True, slots=True)
class Snippet:
    """A part of a text on one line. hits: ranges of it, [start, end), in characters."""

    text: str
    hits: tuple[tuple[int, int], ...]


def first_letter(word: str) -> str:
    """In small Latin without diacritics, whatever the script: a word's stem begins with the letter of the word."""
    letter = word[:1].lower().translate(_LATIN).replace("đ", "d")
    return unicodedata.normalize("NFKD", letter)[:1]


def words_to_ask(texts: Iterable[str], patterns: Iterable[Pattern]) -> list[str]:
    """The distinct words of the texts that may answer one of the patterns."""
    letters = {first_letter(pattern.word) for pattern in patterns}
    return sorted({word for text in texts for word in WORD.findall(text) if first_letter(word) in letters})


def find_hits(text: str, terms: Sequence[Term], meanings: Meanings) -> tuple[tuple[int, int], ...]:
    """Ranges [start, end) in characters, ascending and disjoint; a phrase is one range."""
    words = [(match.span(), meanings.get(match.group(), frozenset())) for match in WORD.finditer(text)]
    found = []
    for term in terms:
        if term.is_excluded:
            continue
        for at in range(len(words) - len(term.words) + 1):
            run = words[at : at + len(term.words)]
            if all(pattern in answered for pattern, (_, answered) in zip(term.words, run, strict=True)):
                found.append((run[0][0][0], run[-1][0][1]))
    return _disjoint(sorted(found))


def snippet(text: str, hits: Sequence[tuple[int, int]], chars: int = SNIPPET_CHARS) -> Snippet:
    """About `chars` characters around the first hit, cut between words; an ellipsis stands where something was left
    out. Without hits: the beginning."""
    start = _word_start(text, max(hits[0][0] - _LEAD_CHARS, 0)) if hits else 0
    end = _word_end(text, start + chars)
    before, after = "…" if start else "", "…" if end < len(text) else ""
    shift = len(before) - start
    inside = tuple((first + shift, last + shift) for first, last in hits if start <= first and last <= end)
    shown = "".join(" " if char.isspace() else char for char in text[start:end])
    return Snippet(f"{before}{shown}{after}", inside)


def _disjoint(ranges: Sequence[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
    joined: list[tuple[int, int]] = []
    for start, end in ranges:
        if joined and start < joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], end))
        else:
            joined.append((start, end))
    return tuple(joined)


def _word_start(text: str, at: int) -> int:
    while at > 0 and not text[at - 1].isspace():
        at -= 1
    return at


def _word_end(text: str, at: int) -> int:
    at = min(at, len(text))
    while at < len(text) and not text[at].isspace():
        at += 1
    return at
