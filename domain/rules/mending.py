"""Reads a misheard word as the one it must be: a recogniser that is off by a letter hides an offer from every phrase.

A word that stands in no phrase, but is one letter away from exactly one that does, is read as that one. First and last
letter must be right, which leaves few words of the language in danger; a doubtful word stays as it was heard.
"""

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, fields, replace

from domain.rules.lexicon import Lexicon
from domain.rules.sentences import Sentence

SHORTEST = 4
"""Shorter words have too many neighbours."""
_CLASS_OR_ESCAPE = re.compile(r"\\.|\[[^\]]*\]")
_WORD = re.compile(rf"(?<![\w\x00)\]])([^\W\d_]{{{SHORTEST},}})(\?|(?=[\x00\[(]))?(?![*+{{])")
"""A word of a pattern, not the ending of one. After it: ? where its last letter may be missing, nothing where it stands
in full; else it is a stem, and what follows is matched as an empty group."""


@dataclass(frozen=True, slots=True)
class Mending:
    """known: words of the lexicon in full; stems: how others of its words begin; near: a word with one letter blotted
    out → the known words that fit."""

    known: frozenset[str]
    stems: tuple[str, ...]
    near: dict[str, frozenset[str]]

    @classmethod
    def of(cls, lexicon: Lexicon) -> "Mending":
        """By the words of the lexicon's phrases and things."""
        known: set[str] = set()
        stems: set[str] = set()
        for word, after in _words(lexicon):
            if after is None:
                known.add(word)
            elif after == "?":
                known |= {word, word[:-1]}
            else:
                stems.add(word)
        near: dict[str, set[str]] = defaultdict(set)
        for word in known:
            for blotted in _blotted(word):
                near[blotted].add(word)
        return cls(frozenset(known), tuple(stems), {b: frozenset(words) for b, words in near.items()})

    def mend(self, sentence: Sentence) -> Sentence:
        """Words keep their lengths, so that their places in the sentence stay."""
        return replace(sentence, norm=" ".join(self._word(word) for word in sentence.norm.split(" ")))

    def _word(self, heard: str) -> str:
        if len(heard) < SHORTEST or heard in self.known or heard.startswith(self.stems):
            return heard
        fitting = {word for blotted in _blotted(heard) for word in self.near.get(blotted, ())}
        return fitting.pop() if len(fitting) == 1 else heard


def _blotted(word: str) -> Iterator[str]:
    return (f"{word[:i]}\x00{word[i + 1 :]}" for i in range(1, len(word) - 1))


def _words(lexicon: Lexicon) -> Iterator[tuple[str, str | None]]:
    """Every word that its patterns spell, and what follows it there (see _WORD)."""
    patterns = [getattr(part, field.name) for part in (lexicon.offers, lexicon.talk) for field in fields(part)]
    patterns += [lexicon.goods, *lexicon.categories.values()]
    for pattern in patterns:
        for found in _WORD.finditer(_CLASS_OR_ESCAPE.sub("\x00", pattern.pattern)):
            yield found.group(1), found.group(2)
