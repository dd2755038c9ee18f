"""What a dialogue is: a sale, an enquiry, staff talking among themselves, or unclear."""

from collections.abc import Sequence

from domain.rules.lexicon import Lexicon
from domain.rules.sentences import Sentence
from domain.status import Kind


def kind_of(lines: Sequence[Sentence], lexicon: Lexicon) -> Kind:
    """Money and orders make a sale; colleagues' words without either make staff talk; questions an enquiry."""
    price, payment, request, colleague, informal, staff, customer = (
        sum(1 for line in lines if pattern.search(line.norm))
        for pattern in (
            lexicon.talk.price,
            lexicon.talk.payment,
            lexicon.talk.customer_request,
            lexicon.talk.colleague,
            lexicon.talk.informal,
            lexicon.talk.staff_cue,
            lexicon.talk.customer_cue,
        )
    )
    counter = 2 * price + 2 * payment + request + staff + customer
    if colleague + informal >= 2 and 2 * colleague + informal > counter:
        return Kind.STAFF
    if any(lexicon.talk.leaves.search(line.norm) for line in lines) and payment + request == 0:
        return Kind.ENQUIRY
    if price + payment >= 1 or (request >= 1 and staff >= 1):
        return Kind.SALE
    questions = (lexicon.offers.wh_question, lexicon.offers.advice_asked, lexicon.talk.asks_back)
    is_asked = any(line.is_question or any(p.search(line.norm) for p in questions) for line in lines)
    if is_asked and len(lines) >= 2:
        return Kind.ENQUIRY
    return Kind.UNCLEAR
