"""What may be concluded from the reviews of a period."""

from domain.agreement import Call, WhyNot
from domain.assessment import ENOUGH, Pair, assess
from domain.figures import Opinion, wilson
from domain.status import Attempted, Kind, Reaction

YES = Opinion(Kind.SALE, Attempted.YES, 2, Reaction.ACCEPTED)
WEAK_YES = Opinion(Kind.SALE, Attempted.YES, 1, Reaction.REJECTED)
NO = Opinion(Kind.SALE, Attempted.NO)
UNSURE = Opinion(Kind.SALE, Attempted.UNCERTAIN)
STAFF = Opinion(Kind.STAFF, Attempted.NO)


def test_only_the_random_share_says_how_often_the_machine_errs() -> None:
    found = assess(
        [Pair(True, YES, YES)] * 8
        + [Pair(True, NO, YES)] * 2
        + [Pair(True, NO, NO)] * 10
        + [Pair(False, NO, YES)] * 50,  # picked because a mistake was likely
        wilson(50, 100),
    )
    assert found.sample.n == 20
    assert found.sample.precision == wilson(8, 10)
    assert found.sample.recall == wilson(8, 8)
    assert found.picked.count(Call.YES, Call.NO) == 50


def test_what_gives_no_yes_or_no_to_a_sale_is_left_out_of_the_correction_and_counted() -> None:
    found = assess(
        [
            Pair(True, YES, YES),
            Pair(True, NO, NO),
            Pair(True, STAFF, NO),
            Pair(True, UNSURE, YES),
            Pair(True, YES, UNSURE),
        ],
        wilson(1, 2),
    )
    assert found.left_out == 3
    assert (found.corrected.sensitivity.n, found.corrected.specificity.n) == (1, 1)


def test_quality_and_reaction_are_compared_where_both_see_an_offer() -> None:
    found = assess([Pair(True, WEAK_YES, YES), Pair(True, NO, YES), Pair(True, YES, YES)], wilson(3, 3))
    assert (found.sample.quality.n, found.sample.quality.count("2", "1")) == (2, 1)
    assert (found.sample.reactions.n, found.sample.reactions.agreed) == (2, 1)
    assert found.sample.kinds.agreed == 3


def test_people_are_compared_by_their_blind_words_not_by_what_counts() -> None:
    pair = Pair(True, NO, YES, first=YES, second=NO, people=("boris", "ana"))
    found = assess([pair, Pair(True, YES, YES)], wilson(1, 2))
    assert (found.between.calls.n, found.between.calls.count(Call.YES, Call.NO)) == (1, 1)
    assert found.between.people == ("ana", "boris")
    assert not found.between.is_enough


def test_without_a_verdict_of_the_machine_there_is_nothing_to_compare() -> None:
    found = assess([Pair(True, YES, None), Pair(False, NO, None)], wilson(0, 0))
    assert (found.sample.n, found.picked.n, found.sample.missing) == (0, 0, ENOUGH)
    assert found.corrected.why_not is WhyNot.NO_RATE


def test_enough_is_where_any_share_is_known_to_within_ten_points() -> None:
    for hits in range(ENOUGH + 1):
        share = wilson(hits, ENOUGH)
        assert share.low is not None
        assert share.high is not None
        assert (share.high - share.low) / 2 <= 0.1
