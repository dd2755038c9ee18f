"""Finds what the cashier offers unasked: cues of a sentence and its neighbours add up, serving questions drop out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from re import Pattern

from domain.rules.lexicon import Lexicon
from domain.rules.sentences import Sentence
from domain.rules.speakers import Speaker

THRESHOLD = 1.0
DOUBTFUL = 0.8
"""From here to the threshold it may be an offer: `uncertain`."""

WEIGHTS: Mapping[str, float] = {
    "offer": 1.0, "ask": 0.6, "upsize": 0.6, "promo": 0.6, "pairing": 0.6, "stock": 0.4, "price_more": 0.4,
    "goods": 0.4, "answer": 0.3,
}  # fmt: skip
PHRASES = ("offer", "ask", "upsize", "promo", "pairing", "stock", "price_more")
"""Cues that are a pattern of the lexicon; `goods` and `answer` look further."""
SUPPORT = ("price_more", "answer")
BARE = {"ask", "answer", "price_more"}
"""What a closing question may have and still be no more than that."""
STEM = 5
"""Letters by which a thing is known again in another form."""
GOODS_ASKED = 0.6
"""A thing named in a question."""
QUESTION_WEIGHT = 1.0
"""`ask` as a question about a thing: “Do you need batteries?”"""
NEIGHBOUR = 0.7
"""How much a cue of the sentence beside counts."""
REACH = 2
"""Sentences on each side that belong to one offer."""
SHORT_WORDS = 2
"""A question this short has its object in the sentence before."""
VETO_WORDS = 6
"""A serving word this near makes a phrase a serving question."""
ADVICE_REACH = 3
"""Sentences after “what do you recommend?” in which advice was asked for."""


@dataclass(frozen=True, slots=True)
class Offer:
    """An offer or closing question. `sentence`: index; words `first` to `last` of it carry the cue."""

    sentence: int
    first: int
    last: int
    score: float
    is_closing: bool = False
    is_upsize: bool = False
    is_reasoned: bool = False


@dataclass(frozen=True, slots=True)
class _Cue:
    weight: float
    first: int
    last: int


def find_offers(lines: Sequence[Sentence], who: Sequence[Speaker], lexicon: Lexicon) -> list[Offer]:
    """Every offer and closing question in order, doubtful ones (score from DOUBTFUL) included."""
    cues = [_cues(i, lines, who, lexicon) for i in range(len(lines))]
    found: list[Offer] = []
    for i in range(len(lines)):
        closing = _closing(i, lines, who, lexicon)
        own = cues[i]
        group = _neighbourhood(i, lines, who, lexicon)
        score = _score(own, [cues[j] for j in group])
        is_bare = closing is not None and not own.keys() - BARE
        if _is_anchor(own) and score >= DOUBTFUL and not is_bare:
            best = max(own.values(), key=lambda c: c.weight)
            reasons = [lexicon.offers.reason.search(lines[j].norm) for j in (i, *group)]
            found.append(
                Offer(i, best.first, best.last, score, False, "upsize" in own, any(reasons) or "pairing" in own)
            )
        elif closing is not None:
            found.append(Offer(i, closing.first, closing.last, closing.weight, is_closing=True))
    return found


def _is_anchor(own: Mapping[str, _Cue]) -> bool:
    """One strong cue or two hints; a price or an answer alone is no offer."""
    weights = [cue.weight for name, cue in own.items() if name not in SUPPORT]
    return len(weights) > 1 or any(weight > WEIGHTS["stock"] for weight in weights)


def _score(own: Mapping[str, _Cue], beside: Sequence[Mapping[str, _Cue]]) -> float:
    total = dict.fromkeys(WEIGHTS, 0.0)
    for name, cue in own.items():
        total[name] = cue.weight
    for cues in beside:
        for name, cue in cues.items():
            total[name] = max(total[name], NEIGHBOUR * cue.weight)
    return sum(total.values())


def _neighbourhood(i: int, lines: Sequence[Sentence], who: Sequence[Speaker], lexicon: Lexicon) -> list[int]:
    """Sentences around that may belong to the same turn: none beyond one that is the customer's by its words."""
    near: list[int] = []
    for step in (-1, 1):
        for j in range(i + step, i + step * (REACH + 1), step):
            if not 0 <= j < len(lines) or _is_customers(lines[j], who[j], lexicon):
                break
            near.append(j)
    return near


def _cues(i: int, lines: Sequence[Sentence], who: Sequence[Speaker], lexicon: Lexicon) -> dict[str, _Cue]:
    line = lines[i]
    if _is_customers(line, who[i], lexicon) or _is_unasked_ruled_out(i, lines, who, lexicon):
        return {}
    found: dict[str, _Cue] = {}
    for name in PHRASES:
        weight = WEIGHTS[name]
        pattern: Pattern[str] = getattr(lexicon.offers, name)
        match = pattern.search(line.norm)
        if match is None:
            continue
        first, last = line.word_at(match.start()), line.word_at(match.end() - 1)
        if name in ("offer", "ask") and _is_serving(line, first, last, lexicon):
            continue
        if name == "promo" and len(pattern.findall(line.norm)) > 1:
            weight = THRESHOLD
        if name == "ask":
            if Speaker.CUSTOMER not in who[:i]:
                continue
            if _is_put_to_customer(i, lines, lexicon):
                weight = QUESTION_WEIGHT
        found[name] = _Cue(weight, first, last)
    goods = _new_goods(i, lines, who, lexicon)
    if goods is not None:
        found["goods"] = goods
    if found and _is_answered(i, lines, who, lexicon):
        found["answer"] = _Cue(WEIGHTS["answer"], 0, 0)
    return found


def _new_goods(i: int, lines: Sequence[Sentence], who: Sequence[Speaker], lexicon: Lexicon) -> _Cue | None:
    """A thing on sale that nobody named before, brought up by the cashier and not asked for."""
    line = lines[i]
    if Speaker.CUSTOMER not in who[:i] or lexicon.offers.choice.search(line.norm):
        return None
    if lexicon.talk.asks_back.search(line.norm):
        return None
    if lines[i - 1].is_question and who[i - 1] is Speaker.CUSTOMER:
        return None
    said = " ".join(f" {earlier.norm}" for earlier in lines[:i])
    for match in lexicon.things(line.norm):
        first, last = line.word_at(match.start()), line.word_at(match.end() - 1)
        if f" {match.group()[:STEM]}" not in said and not _is_serving(line, first, last, lexicon):
            return _Cue(GOODS_ASKED if line.is_question else WEIGHTS["goods"], first, last)
    return None


def _is_answered(i: int, lines: Sequence[Sentence], who: Sequence[Speaker], lexicon: Lexicon) -> bool:
    """The customer takes it or leaves it right after, in so many words."""
    following = lines[i + 1 : i + 1 + REACH]
    talk = lexicon.talk
    return any(talk.accepts_anywhere.search(x.norm) or talk.rejects_anywhere.search(x.norm) for x in following)


def _is_put_to_customer(i: int, lines: Sequence[Sentence], lexicon: Lexicon) -> bool:
    """Is this a question? Where the mark was lost, an answer right after says so. “Shall I?” asks what was said before,
    so a serving word there makes it a serving question."""
    line = lines[i]
    if len(line.spans) <= SHORT_WORDS and lexicon.offers.service.search(lines[i - 1].norm):
        return False
    if line.is_question or i + 1 == len(lines):
        return line.is_question
    answer = lines[i + 1].norm
    return lexicon.talk.accepts.match(answer) is not None or lexicon.talk.rejects.match(answer) is not None


def _is_customers(line: Sentence, who: Speaker, lexicon: Lexicon) -> bool:
    if lexicon.offers.offer.search(line.norm):
        return who is Speaker.CUSTOMER and lexicon.talk.rejects.match(line.norm) is not None
    if lexicon.talk.customer_request.search(line.norm):
        return True
    answers = lexicon.talk.rejects.match(line.norm) or lexicon.talk.accepts.match(line.norm)
    return who is Speaker.CUSTOMER and bool(answers or lexicon.talk.customer_cue.search(line.norm))


def _is_unasked_ruled_out(i: int, lines: Sequence[Sentence], who: Sequence[Speaker], lexicon: Lexicon) -> bool:
    """Advice that the customer asked for, or something in place of what is sold out, is no upsell."""
    asked = False
    for j in range(max(i - ADVICE_REACH, 0), i):
        if who[j] is Speaker.CUSTOMER and lexicon.offers.advice_asked.search(lines[j].norm):
            asked = True
        elif not lines[j].is_question and _is_customers(lines[j], who[j], lexicon):
            asked = False
    gone = any(lexicon.offers.unavailable.search(lines[j].norm) for j in range(max(i - 1, 0), i + 1))
    return asked or gone


def _is_serving(line: Sentence, first: int, last: int, lexicon: Lexicon) -> bool:
    for pattern in (lexicon.offers.service, lexicon.offers.wh_question):
        for match in pattern.finditer(line.norm):
            begin, end = line.word_at(match.start()), line.word_at(match.end() - 1)
            if begin - last <= VETO_WORDS and first - end <= VETO_WORDS:
                return True
    return False


def _closing(i: int, lines: Sequence[Sentence], who: Sequence[Speaker], lexicon: Lexicon) -> _Cue | None:
    line = lines[i]
    match = lexicon.offers.closing.search(line.norm)
    if match is None or lexicon.talk.customer_request.search(line.norm) or lexicon.talk.rejects.match(line.norm):
        return None
    is_asked = line.is_question or (i + 1 < len(lines) and bool(lexicon.talk.rejects.match(lines[i + 1].norm)))
    if not is_asked or i == 0:
        return None
    return _Cue(THRESHOLD, line.word_at(match.start()), line.word_at(match.end() - 1))
