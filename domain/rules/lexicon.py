"""What a language knows about selling at a counter: patterns over normalised sentences.

A pattern is a regular expression over lower-case words with `ё` → `е`, without punctuation, one space between words
(`domain.rules.sentences.normalise`). Stems stand for whole families of forms: `рекоменд\\w*`.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from re import Pattern


def any_of(patterns: Iterable[str]) -> Pattern[str]:
    """One pattern that matches where any of them does, at word borders."""
    joined = "|".join(f"(?:{p})" for p in patterns)
    return re.compile(rf"(?<!\w)(?:{joined})(?!\w)")


@dataclass(frozen=True, slots=True)
class Lexicon:
    """All patterns of one language.

    Offer cues, each with a weight of its own in `domain.rules.offers`: `offer` says by itself that something is
    offered; `ask` is a frame that offers or merely asks, by its object; `upsize`, `promo`, `pairing`, `price_more` and
    `stock` are hints that add up.
    """

    language: str
    offer: Pattern[str]
    ask: Pattern[str]
    upsize: Pattern[str]
    promo: Pattern[str]
    pairing: Pattern[str]
    price_more: Pattern[str]
    stock: Pattern[str]
    closing: Pattern[str]
    service: Pattern[str]
    """Objects and questions that are part of serving: bag, receipt, card, payment, which size, here or away."""
    wh_question: Pattern[str]
    unavailable: Pattern[str]
    advice_asked: Pattern[str]
    reason: Pattern[str]
    staff_cue: Pattern[str]
    customer_cue: Pattern[str]
    customer_request: Pattern[str]
    price: Pattern[str]
    payment: Pattern[str]
    colleague: Pattern[str]
    informal: Pattern[str]
    asks_back: Pattern[str]
    """The customer wants to know more about what is offered."""
    accepts: Pattern[str]
    """Matched at the start of the customer's sentence."""
    accepts_anywhere: Pattern[str]
    rejects: Pattern[str]
    """Matched at the start of the customer's sentence."""
    rejects_anywhere: Pattern[str]
    categories: Mapping[str, Pattern[str]]
    summaries: Mapping[str, str]

    def fingerprint(self) -> str:
        """Every pattern as text, in a stable order: what a rules version is hashed from."""
        parts = []
        for field in fields(self):
            value = getattr(self, field.name)
            if isinstance(value, Mapping):
                parts += [f"{key}={getattr(v, 'pattern', v)}" for key, v in sorted(value.items())]
            else:
                parts.append(f"{field.name}={getattr(value, 'pattern', value)}")
        return "\n".join(parts)
