"""What in a sentence speaks for an offer, seen with the sentences around it and with who spoke them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property

from domain.rules.lexicon import Lexicon
from domain.rules.sentences import Sentence
from domain.rules.speakers import Speaker


class Hint(StrEnum):
    """Kinds of cues. The first seven are phrases of the lexicon; GOODS is a thing newly named, ANSWER a yes or no."""

    OFFER = "offer"
    ASK = "ask"
    UPSIZE = "upsize"
    PROMO = "promo"
    PAIRING = "pairing"
    STOCK = "stock"
    PRICE_MORE = "price_more"
    GOODS = "goods"
    ANSWER = "answer"


STRONG = 1.0
WEIGHTS: Mapping[Hint, float] = {
    Hint.OFFER: STRONG,
    Hint.ASK: 0.6,
    Hint.UPSIZE: 0.6,
    Hint.PROMO: 0.6,
    Hint.PAIRING: 0.6,
    Hint.STOCK: 0.4,
    Hint.PRICE_MORE: 0.4,
    Hint.GOODS: 0.4,
    Hint.ANSWER: 0.3,
}
"""Set by hand on the labelled dialogues: a strong cue, or two that agree, make an offer (1.0)."""
GOODS_ASKED = 0.6
"""A thing named in a question."""
GOODS_ANSWERED = 0.4
"""A yes or no after a new thing was named: in a question with nothing else in it, the two make an offer."""

PHRASES = (Hint.OFFER, Hint.ASK, Hint.UPSIZE, Hint.PROMO, Hint.PAIRING, Hint.STOCK, Hint.PRICE_MORE)
ANSWER_REACH = 2
"""Sentences after an offer in which its answer speaks for it."""
ADVICE_REACH = 3
"""Sentences after “what do you recommend?” in which advice was asked for."""
VETO_WORDS = 6
"""A serving word this near makes a phrase a serving question."""
SHORT_WORDS = 2
"""A question this short has its object in the sentence before."""
STEM = 5
"""Letters by which a thing is known again in another form."""


@dataclass(frozen=True, slots=True)
class Cue:
    """Its weight, and the words `first` to `last` of the sentence that carry it."""

    weight: float
    first: int
    last: int


Cues = Mapping[Hint, Cue]


@dataclass(frozen=True)
class Talk:
    """A dialogue's sentences, who spoke each, and the phrases of their language."""

    lines: Sequence[Sentence]
    who: Sequence[Speaker]
    lexicon: Lexicon

    @cached_property
    def cues(self) -> list[Cues]:
        """The cues of every sentence; none where the customer speaks or what is offered was asked for."""
        silent = [self.is_customers(i) or self._was_asked_for(i) for i in range(len(self.lines))]
        return [{} if silent[i] else self._cues(i) for i in range(len(self.lines))]

    def is_customers(self, i: int) -> bool:
        """By its words: an order is, an offering form is not; else also by who seems to speak."""
        norm, talk, is_customer = self.lines[i].norm, self.lexicon.talk, self.who[i] is Speaker.CUSTOMER
        if self.lexicon.offers.offer.search(norm):
            return is_customer and talk.rejects.match(norm) is not None
        if talk.customer_request.search(norm):
            return True
        asks_advice = self.lexicon.offers.advice_asked.search(norm)
        answers = (talk.rejects.match(norm), talk.accepts.match(norm))
        return is_customer and any((*answers, asks_advice, talk.customer_cue.search(norm)))

    def closing_question(self, i: int) -> Cue | None:
        """“Anything else?” by the cashier, told as a question by its mark or by the refusal after it."""
        line, talk = self.lines[i], self.lexicon.talk
        match = self.lexicon.offers.closing.search(line.norm)
        if match is None or i == 0 or talk.customer_request.search(line.norm) or talk.rejects.match(line.norm):
            return None
        is_refused = i + 1 < len(self.lines) and talk.rejects.match(self.lines[i + 1].norm) is not None
        return Cue(STRONG, *line.words_of(match)) if line.is_question or is_refused else None

    def _cues(self, i: int) -> Cues:
        phrases = ((hint, self._phrase(i, hint)) for hint in PHRASES)
        found = {hint: cue for hint, cue in phrases if cue is not None}
        goods = self._new_goods(i)
        if goods is not None:
            found[Hint.GOODS] = goods
        if found and self._is_answered(i):
            found[Hint.ANSWER] = Cue(WEIGHTS[Hint.ANSWER] if goods is None else GOODS_ANSWERED, 0, 0)
        return found

    def _phrase(self, i: int, hint: Hint) -> Cue | None:
        line = self.lines[i]
        spans = [line.words_of(match) for match in getattr(self.lexicon.offers, hint.value).finditer(line.norm)]
        if hint in (Hint.OFFER, Hint.ASK):
            spans = [span for span in spans if not self._is_serving(i, span)]
        if not spans or (hint is Hint.ASK and Speaker.CUSTOMER not in self.who[:i]):
            return None
        is_strong = (hint is Hint.PROMO and len(spans) > 1) or (hint is Hint.ASK and self._is_put_to_customer(i))
        return Cue(STRONG if is_strong else WEIGHTS[hint], *spans[0])

    def _is_serving(self, i: int, span: tuple[int, int]) -> bool:
        """A bag, a receipt, which size: near these a phrase serves what was ordered."""
        first, last = span
        line, offers = self.lines[i], self.lexicon.offers
        serving = (line.words_of(m) for p in (offers.service, offers.wh_question) for m in p.finditer(line.norm))
        return any(begin - last <= VETO_WORDS and first - end <= VETO_WORDS for begin, end in serving)

    def _is_put_to_customer(self, i: int) -> bool:
        """Is it a question? Where the mark was lost, an answer right after says so. “Shall I?” is about what was said
        before, so a serving word there makes it a serving question."""
        line, talk = self.lines[i], self.lexicon.talk
        if len(line.spans) <= SHORT_WORDS and self.lexicon.offers.service.search(self.lines[i - 1].norm):
            return False
        following = [x.norm for x in self.lines[i + 1 : i + 2]]
        return line.is_question or any(talk.accepts.match(x) or talk.rejects.match(x) for x in following)

    def _new_goods(self, i: int) -> Cue | None:
        """A thing on sale that nobody named before, brought up by the cashier and not asked for."""
        line = self.lines[i]
        is_answer = i > 0 and self.lines[i - 1].is_question and self.who[i - 1] is Speaker.CUSTOMER
        if is_answer or Speaker.CUSTOMER not in self.who[:i] or self.lexicon.offers.choice.search(line.norm):
            return None
        if self.lexicon.talk.asks_back.search(line.norm):
            return None
        said = " ".join(f" {earlier.norm}" for earlier in self.lines[:i])
        for match in self.lexicon.things(line.norm):
            span = line.words_of(match)
            if f" {match.group()[:STEM]}" not in said and not self._is_serving(i, span):
                return Cue(GOODS_ASKED if line.is_question else WEIGHTS[Hint.GOODS], *span)
        return None

    def _is_answered(self, i: int) -> bool:
        """The customer takes it or leaves it right after, in so many words."""
        talk = self.lexicon.talk
        following = self.lines[i + 1 : i + 1 + ANSWER_REACH]
        return any(talk.accepts_anywhere.search(x.norm) or talk.rejects_anywhere.search(x.norm) for x in following)

    def _was_asked_for(self, i: int) -> bool:
        """Advice that the customer asked for, or something in place of what is sold out, is no upsell."""
        offers = self.lexicon.offers
        is_asked = False
        for j in range(max(i - ADVICE_REACH, 0), i):
            if self.who[j] is Speaker.CUSTOMER and offers.advice_asked.search(self.lines[j].norm):
                is_asked = True
            elif not self.lines[j].is_question and self.is_customers(j):
                is_asked = False  # the customer has chosen since
        return is_asked or any(offers.unavailable.search(line.norm) for line in self.lines[max(i - 1, 0) : i + 1])
