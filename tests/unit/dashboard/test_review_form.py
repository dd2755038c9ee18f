"""The reviewer's form: keys, what is missing, and what is sent."""

import pytest
from httpx import QueryParams
from hypothesis import given, settings
from hypothesis import strategies as st

from dashboard.review.draft import Draft, agrees, body_of, of_form, of_review
from dashboard.review.keys import FREE, letters
from domain.verdict import DEFAULT_CATALOGUE

TAKEN = set("ynuarxkczs")


def test_the_usual_categories_have_keys_of_their_own_names() -> None:
    found = letters(DEFAULT_CATALOGUE)
    assert set(found) == set(DEFAULT_CATALOGUE)
    assert (found["dessert"], found["pastry"], found["takeaway"]) == ("d", "p", "t")


@given(st.lists(st.text(min_size=1, max_size=12), max_size=30, unique=True))
@settings(max_examples=60)
def test_no_two_categories_share_a_key_and_none_takes_one_of_the_pages(categories: list[str]) -> None:
    found = letters(categories)
    assert len(set(found.values())) == len(found) == min(len(categories), len(FREE))
    assert TAKEN.isdisjoint(found.values())


def test_a_sale_needs_an_answer_and_an_offer_its_quality() -> None:
    assert Draft().missing == "attempted"
    assert Draft(attempted="yes").missing == "quality"
    assert Draft(attempted="yes", quality="0").missing == ""
    assert Draft(attempted="no").missing == ""
    assert Draft(kind="staff").missing == ""


def test_what_belongs_to_an_offer_is_not_sent_without_one() -> None:
    form = QueryParams(
        [
            ("kind", "sale"),
            ("attempted", "no"),
            ("quality", "3"),
            ("category", "dessert"),
            ("reaction", "accepted"),
            ("note", "n"),
        ]
    )
    assert body_of(of_form(form), "random", 4) == {
        "kind": "sale",
        "attempted": "no",
        "reason": "random",
        "revision": 4,
        "note": "n",
    }


def test_an_offer_is_sent_whole_and_an_unsaid_reaction_is_unclear() -> None:
    form = QueryParams(
        [("kind", "sale"), ("attempted", "yes"), ("quality", "2"), ("category", "a"), ("category", "b"), ("note", "")]
    )
    body = body_of(of_form(form), "manual", 1)
    assert (body["quality_score"], body["categories"], body["customer_reaction"]) == (2, ["a", "b"], "unclear")


def test_talk_of_staff_is_sent_as_no_offer_whatever_was_ticked_before() -> None:
    body = body_of(Draft(kind="staff", attempted="yes", quality="2"), "manual", 1)
    assert (body["kind"], body["attempted"], "quality_score" in body) == ("staff", "no", False)


def test_what_is_no_choice_counts_as_not_chosen() -> None:
    draft = of_form(QueryParams([("kind", "robbery"), ("attempted", "<b>"), ("quality", "9"), ("reaction", "")]))
    assert draft == Draft()


@pytest.mark.parametrize("attempted", ["yes", "no", "uncertain"])
def test_a_stored_review_comes_back_into_the_form_as_it_was_sent(attempted: str) -> None:
    draft = Draft(attempted=attempted, note="x")
    if attempted == "yes":
        draft = Draft(attempted="yes", quality="0", categories=("syrup",), reaction="rejected", note="x")
    stored = {"quality_score": 0, "categories": [], "customer_reaction": "unclear", **body_of(draft, "manual", 1)}
    assert of_review(stored) == draft


def test_agreeing_is_about_what_it_is_and_whether_something_was_offered() -> None:
    machine = {"kind": "sale", "attempted": "yes", "quality_score": 3}
    assert agrees({"kind": "sale", "attempted": "yes", "quality_score": 1}, machine)
    assert not agrees({"kind": "sale", "attempted": "no"}, machine)
    assert agrees({"kind": "staff", "attempted": "no"}, {"kind": "staff", "attempted": "uncertain"})
