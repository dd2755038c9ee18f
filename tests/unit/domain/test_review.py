"""When a reviewer's judgement makes sense."""

from domain.agreement import Call
from domain.review import Judgement, contradictions
from domain.status import Attempted, Kind, Reaction

CATALOGUE = ("dessert", "syrup")


def test_an_attempt_may_have_all_and_no_attempt_none_of_it() -> None:
    full = Judgement(Kind.SALE, Attempted.YES, 3, ("syrup",), Reaction.ACCEPTED, "note")
    assert contradictions(full, CATALOGUE) == {}
    assert contradictions(Judgement(Kind.STAFF, Attempted.NO, note="tea"), CATALOGUE) == {}
    for attempted in (Attempted.NO, Attempted.UNCERTAIN):
        wrong = contradictions(Judgement(Kind.SALE, attempted, 3, ("syrup",), Reaction.REJECTED), CATALOGUE)
        assert set(wrong) == {"quality_score", "categories", "customer_reaction"}


def test_a_bad_offer_is_an_attempt_of_quality_nought() -> None:
    assert contradictions(Judgement(Kind.SALE, Attempted.YES, 0), CATALOGUE) == {}


def test_a_category_outside_the_catalogue_is_named_with_those_inside() -> None:
    wrong = contradictions(Judgement(Kind.SALE, Attempted.YES, 1, ("pizza", "syrup")), CATALOGUE)
    assert wrong["categories"] == "pizza: not in the point's catalogue, which has dessert, syrup"


def test_a_judgement_has_the_call_of_its_opinion() -> None:
    assert Judgement(Kind.ENQUIRY, Attempted.NO).call is Call.NO_SALE
