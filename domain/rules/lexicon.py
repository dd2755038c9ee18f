"""What a language knows about selling at a counter: patterns over normalised sentences.

A pattern is a regular expression over lower-case words with `ё` → `е`, without punctuation, one space between words
(`domain.rules.sentences.normalise`). Stems stand for whole families of forms: `рекоменд\\w*`.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields
from re import Pattern


def any_of(patterns: Iterable[str]) -> Pattern[str]:
    """One pattern that matches where any of them does, at word borders.

    Raises re.error for a pattern that is none by itself: unbalanced, it would swallow its neighbours unseen.
    """
    alone = [re.compile(p).pattern for p in patterns]
    joined = "|".join(f"(?:{p})" for p in alone)
    return re.compile(rf"(?<!\w)(?:{joined})(?!\w)")


@dataclass(frozen=True, slots=True)
class OfferPhrases:
    """What makes an offer. Each cue has a weight of its own in `domain.rules.offers`."""

    offer: Pattern[str]
    """Says by itself that something is offered."""
    ask: Pattern[str]
    """Offers or merely asks, by its object: “would you like …”."""
    upsize: Pattern[str]
    promo: Pattern[str]
    pairing: Pattern[str]
    price_more: Pattern[str]
    stock: Pattern[str]
    """Hints that add up: a bigger size, a promotion, what goes with what, a price on top, what there is today."""
    closing: Pattern[str]
    """“Anything else?”"""
    service: Pattern[str]
    """Part of serving: bag, receipt, card, payment, which size, here or away."""
    wh_question: Pattern[str]
    choice: Pattern[str]
    """This or that: asks which, not whether."""
    unavailable: Pattern[str]
    """Sold out: what is offered now is instead, not on top."""
    advice_asked: Pattern[str]
    """The customer asks what to take: the answer is no upsell."""
    reason: Pattern[str]
    """Why the customer should want it."""


@dataclass(frozen=True, slots=True)
class TalkPhrases:
    """Who says what. `accepts` and `rejects` are matched at the start of a sentence, the `_anywhere` ones within it."""

    staff_cue: Pattern[str]
    customer_cue: Pattern[str]
    customer_request: Pattern[str]
    """The customer wants something: never an offer."""
    price: Pattern[str]
    payment: Pattern[str]
    colleague: Pattern[str]
    """What only colleagues talk about: shifts, keys, deliveries."""
    informal: Pattern[str]
    leaves: Pattern[str]
    """The customer goes without buying."""
    asks_back: Pattern[str]
    """The customer wants to know more about what is offered."""
    accepts: Pattern[str]
    accepts_anywhere: Pattern[str]
    rejects: Pattern[str]
    rejects_anywhere: Pattern[str]


@dataclass(frozen=True, slots=True)
class Lexicon:
    """One language. language: ISO 639-1; categories: words that name a default category; summaries: templates."""

    language: str
    offers: OfferPhrases
    talk: TalkPhrases
    categories: Mapping[str, Pattern[str]]
    goods: Pattern[str]
    """Things that shops sell on the side; every category's words count as well."""
    summaries: Mapping[str, str]

    def things(self, text: str) -> Iterator[re.Match[str]]:
        """Every thing on sale that the text names."""
        for pattern in (self.goods, *self.categories.values()):
            yield from pattern.finditer(text)

    def fingerprint(self) -> str:
        """Every pattern as text, in a stable order: what a rules version is hashed from."""
        return "\n".join([self.language, *_patterns(self.offers), *_patterns(self.talk), *self._words()])

    def _words(self) -> Iterator[str]:
        yield from (f"{name}={pattern.pattern}" for name, pattern in sorted(self.categories.items()))
        yield f"goods={self.goods.pattern}"
        yield from (f"{name}={template}" for name, template in sorted(self.summaries.items()))


def _patterns(phrases: OfferPhrases | TalkPhrases) -> Iterator[str]:
    for field in fields(phrases):
        yield f"{field.name}={getattr(phrases, field.name).pattern}"
