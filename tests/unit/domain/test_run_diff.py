"""What a run says otherwise: counted once, whatever the order, and the surest of each kind to hear first."""

from collections import Counter
from datetime import UTC, datetime
from random import Random
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st

from domain.figures import Opinion, Row, figures
from domain.ids import DialogueId
from domain.run_diff import COMPARED, Flip, Pair, Said, Standing, compare, differs, to_listen
from domain.status import Attempted, Kind, Place, Reaction, StageStatus

DONE = StageStatus.DONE
patient = settings(max_examples=40, deadline=None)
opinions = st.builds(
    Opinion, st.sampled_from(Kind), st.sampled_from(Attempted), st.integers(0, 3), st.sampled_from(Reaction)
)
named = st.lists(st.sampled_from(["dessert", "syrup"]), unique=True, max_size=2).map(tuple)
judged = st.builds(Said, st.just(DONE), opinions, named, st.sampled_from(["rules-1", "rules-2"]))
without = st.sampled_from([StageStatus.SKIPPED, StageStatus.ERROR, StageStatus.PENDING]).map(Said)
said = judged | without


@st.composite
def pairs(draw: st.DrawFn) -> Pair:
    standing = draw(st.sampled_from(Standing))
    new = draw(judged | st.just(Said(StageStatus.SKIPPED))) if standing in COMPARED else None
    review = draw(st.none() | opinions)
    return Pair(standing, draw(said), new, review, *(draw(st.booleans()) for _ in range(3)))


@patient
@given(st.lists(pairs(), max_size=20))
def test_every_dialogue_stands_once_and_every_compared_one_is_once_in_each_table(found: list[Pair]) -> None:
    diff = compare(found)
    assert sum(diff.standing.values()) == len(found)
    assert diff.compared == sum(pair.new is not None for pair in found)
    assert diff.places.n == diff.attempted.n == diff.kinds.n == diff.compared
    assert diff.flipped == diff.places.n - diff.places.agreed
    assert diff.flipped <= diff.differing <= diff.compared
    assert diff.quality.n == diff.reactions.n == diff.places.count("yes", "yes")
    assert compare(Counter(found)) == diff == compare(reversed(found))


@patient
@given(st.lists(pairs(), max_size=20))
def test_figures_are_those_of_the_dialogues_and_only_compared_ones_move(found: list[Pair]) -> None:
    diff = compare(found)

    def rows(new: bool) -> list[Row]:
        one = [(pair, pair.new if new and pair.new else pair.old) for pair in found]
        return [Row(x.status, not pair.is_current, x.opinion, x.engine, pair.review) for pair, x in one]

    assert diff.old_figures == figures(rows(False))
    assert diff.new_figures == figures(rows(True))
    still = compare([pair for pair in found if pair.new is None])
    assert still.old_figures == still.new_figures


@patient
@given(st.lists(pairs(), max_size=20))
def test_both_judges_are_held_against_the_same_reviewed_dialogues(found: list[Pair]) -> None:
    against = compare(found).reviewed
    assert against.n == against.old_calls.n == against.new_calls.n
    hits = against.hits
    assert hits.both + hits.only_old == against.old_calls.agreed
    assert hits.both + hits.only_new == against.new_calls.agreed
    assert compare(found).share.n <= against.n


def test_a_run_that_is_right_where_the_present_judge_errs_is_told_so() -> None:
    yes, no = Opinion(Kind.SALE, Attempted.YES, 2), Opinion(Kind.SALE, Attempted.NO)
    right = Pair(Standing.READY, Said(DONE, no), Said(DONE, yes), yes, is_fresh=True, is_random=True)
    same = Pair(Standing.READY, Said(DONE, no), Said(DONE, no), no, is_fresh=True, is_random=True)
    stale = Pair(Standing.READY, Said(DONE, no), Said(DONE, yes), no, is_fresh=False, is_random=True)
    diff = compare(Counter({right: 8, same: 12, stale: 5}))
    share = diff.share
    assert (share.n, share.old.agreed.hits, share.new.agreed.hits) == (20, 12, 20)
    assert share.hits.p_value is not None
    assert share.hits.p_value < 0.01
    assert share.hits.difference.is_more_than_noise


@patient
@given(st.lists(st.tuples(judged, judged, st.floats(0, 1)), max_size=25), st.randoms())
def test_what_to_hear_first_is_the_same_whatever_the_order_and_goes_round_the_kinds(
    found: list[tuple[Said, Said, float]], shuffled: Random
) -> None:
    at = datetime(2026, 3, 2, tzinfo=UTC)
    flips = [Flip(DialogueId(UUID(int=i)), UUID(int=0), at, *one) for i, one in enumerate(found)]
    first = to_listen(flips)
    mixed = list(flips)
    shuffled.shuffle(mixed)
    assert to_listen(mixed) == first
    assert len(first) == min(10, len(flips))
    kinds = {(flip.old.place, flip.new.place) for flip in flips if flip.old.place is not flip.new.place}
    heard = Counter((flip.old.place, flip.new.place) for flip in first)
    assert sum(kind in heard for kind in kinds) == min(10, len(kinds))
    for kind in kinds & heard.keys():
        surest = max(flip.confidence for flip in flips if (flip.old.place, flip.new.place) == kind)
        assert max(flip.confidence for flip in first if (flip.old.place, flip.new.place) == kind) == surest


def test_the_order_of_categories_is_no_difference() -> None:
    yes = Opinion(Kind.SALE, Attempted.YES, 2)
    one, other = Said(DONE, yes, ("syrup", "dessert"), "a"), Said(DONE, yes, ("dessert", "syrup"), "b")
    assert not differs(one, other)
    assert differs(one, Said(DONE, yes, ("dessert",)))
    assert one.place is Place.YES
