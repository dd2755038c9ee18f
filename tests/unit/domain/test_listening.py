"""Which two dialogues of a day are worth listening to."""

from random import Random
from typing import Any
from uuid import UUID

from domain.listening import COMFORTABLE_MS, ENOUGH_TALK_MS, Candidate, pick
from domain.status import Attempted, Kind, Reaction


def dialogue(n: int, register: int = 1, **changes: Any) -> Candidate:
    """A sale of half a minute with an accepted specific offer."""
    given: dict[str, Any] = {
        "kind": Kind.SALE,
        "attempted": Attempted.YES,
        "quality_score": 2,
        "reaction": Reaction.ACCEPTED,
        "confidence": 0.8,
        "is_reviewed": False,
        "length_ms": 30_000,
    }
    return Candidate(UUID(int=n), UUID(int=register), **{**given, **changes})


def missed(n: int, register: int = 1, **changes: Any) -> Candidate:
    values = {"attempted": Attempted.NO, "quality_score": 0, "reaction": Reaction.UNCLEAR, **changes}
    return dialogue(n, register, **values)


def good_of(*candidates: Candidate) -> int | None:
    good = pick(candidates).good
    return None if good is None else good.dialogue_id.int


def missed_of(*candidates: Candidate) -> int | None:
    found = pick(candidates).missed
    return None if found is None else found.dialogue_id.int


def test_an_accepted_offer_goes_before_a_better_one_that_was_rejected() -> None:
    assert good_of(dialogue(1, quality_score=3, reaction=Reaction.REJECTED), dialogue(2)) == 2


def test_then_the_better_offer_goes_first_then_the_surer() -> None:
    assert good_of(dialogue(1, confidence=0.99), dialogue(2, quality_score=3, confidence=0.6)) == 2
    assert good_of(dialogue(1, confidence=0.7), dialogue(2, confidence=0.9)) == 2


def test_a_reviewer_is_believed_before_any_confidence() -> None:
    assert good_of(dialogue(1, confidence=0.99), dialogue(2, confidence=0.4, is_reviewed=True)) == 2
    assert missed_of(missed(1, confidence=0.99), missed(2, confidence=0.4, is_reviewed=True)) == 2


def test_a_bare_closing_question_is_no_example() -> None:
    assert good_of(dialogue(1, quality_score=1)) is None


def test_a_sale_too_short_for_an_offer_is_no_missed_opportunity() -> None:
    assert missed_of(missed(1, length_ms=ENOUGH_TALK_MS - 1)) is None
    assert missed_of(missed(1, length_ms=ENOUGH_TALK_MS)) == 1


def test_neither_staff_nor_enquiries_are_examples() -> None:
    assert missed_of(missed(1, kind=Kind.STAFF), missed(2, kind=Kind.ENQUIRY)) is None
    assert good_of(dialogue(1, kind=Kind.ENQUIRY)) is None


def test_a_long_dialogue_comes_after_a_short_one_that_is_less_sure() -> None:
    assert good_of(dialogue(1, length_ms=COMFORTABLE_MS + 1, confidence=0.95), dialogue(2)) == 2


def test_the_missed_one_is_of_another_register_where_there_is_one() -> None:
    assert missed_of(dialogue(1, register=1), missed(2, 1, confidence=0.99), missed(3, 2, confidence=0.7)) == 3
    assert missed_of(dialogue(1, register=1), missed(2, 1)) == 2


def test_the_choice_does_not_depend_on_the_order_in_which_dialogues_come() -> None:
    rows = [*(dialogue(n) for n in range(10)), *(missed(n) for n in range(10, 20))]
    chosen = pick(rows)
    for seed in range(5):
        assert pick(Random(seed).sample(rows, len(rows))) == chosen


def test_an_empty_day_has_no_examples() -> None:
    assert pick([]).good is None
    assert pick([]).missed is None
