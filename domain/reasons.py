"""Why a verdict is what it is, and what speaks for looking at it again: codes that a page can put into words."""

from collections.abc import Sequence
from enum import StrEnum

from domain.review_queue import LOW_CONFIDENCE
from domain.status import Attempted, Kind
from domain.verdict import Verdict


class Why(StrEnum):
    """The first eight say what was found; from LOW_CONFIDENCE on they say why not to take it on trust."""

    NOT_A_SALE = "not_a_sale"
    NOTHING_OFFERED = "nothing_offered"
    QUOTED = "quoted"
    """The offer stands in the text, word for word."""
    CLOSING_QUESTION = "closing_question"
    ONLY_CLOSING_QUESTION = "only_closing_question"
    """“Anything else?” and no more: the weakest attempt."""
    SPECIFIC = "specific"
    PERSONAL = "personal"
    NO_QUOTE = "no_quote"
    """It looks like an offer, and no words of the text show it: uncertain."""
    LOW_CONFIDENCE = "low_confidence"
    FUZZY_QUOTE = "fuzzy_quote"
    """A quote stands in the text only nearly so."""
    UNCERTAIN = "uncertain"


def why(verdict: Verdict) -> list[Why]:
    """In the order in which a reader wants them."""
    found = list(_found(verdict))
    if verdict.attempted is Attempted.UNCERTAIN:
        found += [Why.UNCERTAIN] if verdict.evidence else [Why.UNCERTAIN, Why.NO_QUOTE]
    if verdict.confidence < LOW_CONFIDENCE:
        found.append(Why.LOW_CONFIDENCE)
    if any(evidence.score < 1 for evidence in verdict.evidence):
        found.append(Why.FUZZY_QUOTE)
    return found


def _found(verdict: Verdict) -> Sequence[Why]:
    what = [] if verdict.kind is Kind.SALE else [Why.NOT_A_SALE]
    if verdict.attempted is Attempted.NO:
        return [*what, Why.NOTHING_OFFERED]
    if verdict.attempted is Attempted.UNCERTAIN:
        return what
    if verdict.evidence:
        what.append(Why.QUOTED)
    if verdict.closing_question:
        what.append(Why.ONLY_CLOSING_QUESTION if verdict.quality_score <= 1 else Why.CLOSING_QUESTION)
    if verdict.quality_score >= 2:
        what.append(Why.PERSONAL if verdict.quality_score >= 3 else Why.SPECIFIC)
    return what
