"""What the customer did with an offer: the first decisive answer after it, also after a question in between."""

from domain.rules.cues import Talk
from domain.rules.lexicon import Lexicon
from domain.rules.offers import Offer
from domain.rules.sentences import Sentence
from domain.rules.speakers import Speaker
from domain.status import Reaction

REACH = 8
"""Sentences after the offer in which an answer is looked for."""


def reaction_to(offer: Offer, talk: Talk) -> Reaction:
    """ACCEPTED or REJECTED by the first decisive sentence that is not the cashier's; UNCLEAR where there is none."""
    lines, lexicon = talk.lines, talk.lexicon
    rest = _after(lines[offer.sentence], offer.last)
    in_same = _decide(rest, lexicon, anywhere_only=True) if rest else None
    if in_same is not None:
        return in_same
    answered_next = False
    for j in range(offer.sentence + 1, min(offer.sentence + 1 + REACH, len(lines))):
        line = lines[j]
        asks_back = lexicon.talk.asks_back.search(line.norm) is not None
        if answered_next or (talk.who[j] is Speaker.STAFF and not asks_back and not _is_plain_answer(line, lexicon)):
            answered_next = False
            continue
        if asks_back or (line.is_question and not lexicon.talk.accepts_anywhere.search(line.norm)):
            answered_next = True
            continue
        decision = _decide(line.norm, lexicon)
        if decision is not None:
            return decision
    return Reaction.UNCLEAR


def _is_plain_answer(line: Sentence, lexicon: Lexicon) -> bool:
    """An answer by its words alone, whoever seemed to speak."""
    offers = lexicon.offers
    if line.is_question or any(p.search(line.norm) for p in (lexicon.talk.staff_cue, offers.offer, offers.ask)):
        return False
    talk = lexicon.talk
    return bool(talk.accepts_anywhere.search(line.norm) or talk.rejects_anywhere.search(line.norm))


def _after(line: Sentence, last: int) -> str:
    """What follows the offer in an unpunctuated sentence, where the answer may have run into it."""
    return "" if last + 1 >= len(line.norm_starts) else line.norm[line.norm_starts[last + 1] :]


def _decide(text: str, lexicon: Lexicon, *, anywhere_only: bool = False) -> Reaction | None:
    if not anywhere_only:
        if lexicon.talk.rejects.match(text):
            yes_later = lexicon.talk.accepts_anywhere.search(text)
            no_stays = lexicon.talk.rejects_anywhere.search(text)
            return Reaction.ACCEPTED if yes_later and not no_stays else Reaction.REJECTED
        if lexicon.talk.accepts.match(text):
            return Reaction.REJECTED if lexicon.talk.rejects_anywhere.search(text) else Reaction.ACCEPTED
    yes, no = lexicon.talk.accepts_anywhere.search(text), lexicon.talk.rejects_anywhere.search(text)
    if no and (yes is None or no.start() < yes.start()):
        return Reaction.REJECTED
    return Reaction.ACCEPTED if yes else None
