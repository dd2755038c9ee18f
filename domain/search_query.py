"""What somebody typed to find dialogues by → terms: words, "phrases", beginnings*, and -what must not be there."""

import re
from dataclasses import dataclass

MAX_TERMS = 12
MAX_WORDS = 24
WORD = re.compile(r"[^\W_]+")
"""Letters and digits; whatever else stands between them divides words, in a question as in a transcript."""
_TERM = re.compile(r'(?P<minus>(?<!\S)[-−])?(?:"(?P<phrase>[^"]*)"?(?P<star>\*?)|(?P<word>[^\s"]+))')
_QUOTES = str.maketrans(dict.fromkeys("«»„“”‟″", '"'))


@dataclass(frozen=True, slots=True)
class Pattern:
    """One word, or the beginning of one."""

    word: str
    is_prefix: bool = False


@dataclass(frozen=True, slots=True)
class Term:
    """Words that follow each other; only the last can be a mere beginning."""

    words: tuple[Pattern, ...]
    is_excluded: bool = False


def parse(text: str) -> tuple[Term, ...]:
    """The terms in order. All that is not excluded has to be there.

    Raises ValueError, in words for whoever typed it, where there is nothing to look for, or too much.
    """
    terms = []
    for match in _TERM.finditer(text.translate(_QUOTES)):
        body = match["word"] if match["phrase"] is None else match["phrase"]
        words = WORD.findall(body)
        if words:
            is_prefix = body.endswith("*") or match["star"] == "*"
            patterns = (*(Pattern(word) for word in words[:-1]), Pattern(words[-1], is_prefix))
            terms.append(Term(patterns, match["minus"] is not None))
    if all(term.is_excluded for term in terms):
        raise ValueError("names no word to look for; give at least one without a minus")
    if len(terms) > MAX_TERMS or sum(len(term.words) for term in terms) > MAX_WORDS:
        raise ValueError(f"looks for too much at once; use at most {MAX_TERMS} words or phrases")
    return tuple(dict.fromkeys(terms))
