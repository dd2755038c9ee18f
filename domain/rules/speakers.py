"""Who speaks which sentence: cue words say how likely each is, questions and pauses how likely the turn passes on."""

from collections.abc import Collection, Sequence
from enum import IntEnum
from itertools import pairwise
from math import log

from domain.rules.lexicon import Lexicon
from domain.rules.sentences import Sentence


class Speaker(IntEnum):
    STAFF = 0
    CUSTOMER = 1


KNOWN = 20.0
"""Log-odds of what is known."""
CUE_WEIGHT = 2.0
"""Log-odds that one cue gives to its speaker."""

HINT = 0.4
"""What a word counts that both say ("good", "sure", a price), beside a cue."""

LONG_GAP_MS = 600
SHORT_GAP_MS = 250


def speakers(lines: Sequence[Sentence], lexicon: Lexicon, staff: Collection[int] = ()) -> list[Speaker]:
    """The most likely sequence of two speakers (Viterbi over sentences). `staff`: sentences known to be the staff's."""
    if not lines:
        return []
    evidence = [(KNOWN, 0.0) if i in staff else _evidence(line, lexicon) for i, line in enumerate(lines)]
    scores = list(evidence[0])
    back: list[tuple[int, int]] = []
    for (previous, line), heard in zip(pairwise(lines), evidence[1:], strict=True):
        passes = _passes_on(previous, line)
        stay, change = log(1 - passes), log(passes)
        origins = tuple(max((0, 1), key=lambda s: scores[s] + (stay if s == now else change)) for now in (0, 1))
        scores = [
            scores[origin] + (stay if origin == now else change) + heard[now] for now, origin in enumerate(origins)
        ]
        back.append((origins[0], origins[1]))
    state = 0 if scores[0] >= scores[1] else 1
    path = [state]
    for origins in reversed(back):
        state = origins[state]
        path.append(state)
    return [Speaker(s) for s in reversed(path)]


def _evidence(line: Sentence, lexicon: Lexicon) -> tuple[float, float]:
    staff: float = sum(
        1
        for p in (lexicon.talk.staff_cue, lexicon.offers.offer, lexicon.offers.closing, lexicon.offers.ask)
        if p.search(line.norm)
    )
    staff += HINT * any(
        p.search(line.norm)
        for p in (lexicon.offers.promo, lexicon.offers.pairing, lexicon.offers.stock, lexicon.offers.price_more)
    )
    customer: float = sum(1 for p in (lexicon.talk.customer_cue, lexicon.talk.customer_request) if p.search(line.norm))
    customer += 1 if lexicon.talk.rejects.match(line.norm) else HINT if lexicon.talk.accepts.match(line.norm) else 0
    return CUE_WEIGHT * staff, CUE_WEIGHT * customer


def _passes_on(previous: Sentence, line: Sentence) -> float:
    """Probability that another person speaks now."""
    if previous.is_question:
        return 0.85
    if line.gap_ms >= LONG_GAP_MS:
        return 0.55
    return 0.2 if line.gap_ms < SHORT_GAP_MS else 0.4
