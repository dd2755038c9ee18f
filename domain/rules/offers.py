"""Finds what the cashier offers unasked: the cues of a sentence and of its neighbours add up."""

from collections.abc import Iterable
from dataclasses import dataclass

from domain.rules.cues import Cues, Hint, Talk

THRESHOLD = 1.0
DOUBTFUL = 0.8
"""From here to the threshold it may be an offer: `uncertain`."""
NEIGHBOUR = 0.7
"""How much a cue of the sentence beside counts."""
REACH = 2
"""Sentences on each side that belong to one offer."""
SUPPORT = {Hint.PRICE_MORE, Hint.ANSWER}
"""No offer by themselves."""
ANCHOR = 0.6
"""A cue of this weight may be an offer by itself; weaker ones only two together."""
BARE = {Hint.ASK, Hint.ANSWER, Hint.PRICE_MORE}
"""What a closing question may have and still be no more than that."""


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


def find_offers(talk: Talk) -> list[Offer]:
    """Every offer and closing question in order, doubtful ones (score from DOUBTFUL) included."""
    found = (_offer(i, talk) for i in range(len(talk.lines)))
    return [offer for offer in found if offer is not None]


def _offer(i: int, talk: Talk) -> Offer | None:
    own, beside = talk.cues[i], _neighbourhood(i, talk)
    closing = talk.closing_question(i)
    if closing is not None and own.keys() <= BARE:
        return Offer(i, closing.first, closing.last, closing.weight, is_closing=True)
    score = _score(own, (talk.cues[j] for j in beside))
    if score < DOUBTFUL or not _is_anchor(own):
        return None
    best = max(own.values(), key=lambda cue: cue.weight)
    is_reasoned = Hint.PAIRING in own or any(
        talk.lexicon.offers.reason.search(talk.lines[j].norm) for j in (i, *beside)
    )
    return Offer(i, best.first, best.last, score, is_upsize=Hint.UPSIZE in own, is_reasoned=is_reasoned)


def _is_anchor(own: Cues) -> bool:
    """One strong cue or two hints; a price or an answer alone is no offer."""
    weights = [cue.weight for hint, cue in own.items() if hint not in SUPPORT]
    return len(weights) > 1 or any(weight >= ANCHOR for weight in weights)


def _score(own: Cues, beside: Iterable[Cues]) -> float:
    """Each kind of cue counts once, at its strongest."""
    total = {hint: cue.weight for hint, cue in own.items()}
    for cues in beside:
        for hint, cue in cues.items():
            total[hint] = max(total.get(hint, 0.0), NEIGHBOUR * cue.weight)
    return sum(total.values())


def _neighbourhood(i: int, talk: Talk) -> list[int]:
    """Sentences around that may belong to the same turn: none beyond one that is the customer's by its words."""
    near: list[int] = []
    for step in (-1, 1):
        for j in range(i + step, i + step * (REACH + 1), step):
            if not 0 <= j < len(talk.lines) or talk.is_customers(j):
                break
            near.append(j)
    return near
