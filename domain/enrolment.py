"""Enrolment codes: what a person types into a Pi, and what counters are called that nobody named."""

import re
from collections.abc import Collection

CODE_CHARS = 12
CODE_BITS = 5 * CODE_CHARS
_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's base 32: no letter looks like a digit or another letter."""
_MISREAD = str.maketrans("OIL", "011", " -\u2010\u2011\u2012\u2013\u2014")
_TILL = re.compile(r"Till ([1-9][0-9]{0,8})")


def spelled(bits: int) -> str:
    """The code for a number of CODE_BITS bits: ABCD-EFGH-JKMN."""
    signs = [_ALPHABET[bits >> shift & 31] for shift in range(CODE_BITS - 5, -1, -5)]
    return "-".join("".join(signs[n : n + 4]) for n in range(0, CODE_CHARS, 4))


def canonical(typed: str) -> str | None:
    """The code's twelve signs, however it was typed: case, dashes, blanks, O for 0, I and L for 1. None: it is none."""
    signs = typed.upper().translate(_MISREAD)
    return signs if len(signs) == CODE_CHARS and set(signs) <= set(_ALPHABET) else None


def next_tills(taken: Collection[str], count: int) -> list[str]:
    """Names for `count` more counters, behind the highest number that is taken."""
    numbers = [int(match[1]) for name in taken if (match := _TILL.fullmatch(name))]
    first = max(numbers, default=0) + 1
    return [f"Till {number}" for number in range(first, first + count)]
