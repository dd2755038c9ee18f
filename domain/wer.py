"""Word error rate: how far a transcript is from what was said.

(substitutions + deletions + insertions) / words of the reference, over text with case, punctuation and ё/е evened out.
"""

import re
import unicodedata
from collections import Counter
from dataclasses import dataclass

from rapidfuzz.distance import Levenshtein

_APOSTROPHES = re.compile(r"(?<=\w)['’ʼ`](?=\w)")
_NOT_A_WORD = re.compile(r"[^\w]+|_+")


@dataclass(frozen=True, slots=True)
class WordErrors:
    """Counts over one or many texts; add them up to weigh every reference word alike."""

    substitutions: int = 0
    deletions: int = 0
    insertions: int = 0
    reference_words: int = 0

    @property
    def errors(self) -> int:
        return self.substitutions + self.deletions + self.insertions

    @property
    def rate(self) -> float:
        """Errors per reference word; may exceed 1. No reference counts as one word, so that invented text shows."""
        return self.errors / max(self.reference_words, 1)

    def __add__(self, other: "WordErrors") -> "WordErrors":
        return WordErrors(
            self.substitutions + other.substitutions,
            self.deletions + other.deletions,
            self.insertions + other.insertions,
            self.reference_words + other.reference_words,
        )


def normalise(text: str) -> list[str]:
    """Words of `text`: lower case, ё as е, punctuation dropped ("ice-cream" is two words, "don't" is one)."""
    folded = unicodedata.normalize("NFKC", text).casefold().replace("ё", "е")
    return _NOT_A_WORD.sub(" ", _APOSTROPHES.sub("", folded)).split()


def word_errors(reference: str, hypothesis: str) -> WordErrors:
    """Counts the fewest word edits that turn `reference` into `hypothesis`, both normalised."""
    expected = normalise(reference)
    kinds = Counter(op.tag for op in Levenshtein.editops(expected, normalise(hypothesis)))
    return WordErrors(kinds["replace"], kinds["delete"], kinds["insert"], len(expected))
