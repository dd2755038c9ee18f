"""Filters are an address that a colleague can open, and nothing but that."""

from urllib.parse import parse_qs

from hypothesis import given, settings
from hypothesis import strategies as st

from dashboard.dialogues.filters import MANY, ONE, PLACES, QUALITIES, Filters
from domain.dialogue_filter import Reviewed, Sort
from domain.status import Attempted, Kind, Reaction, StageStatus

TEXTS = st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1, max_size=20)
VALUES = {
    "point": st.uuids().map(str),
    "register": st.uuids().map(str),
    "place": st.sampled_from(PLACES),
    "kind": st.sampled_from(Kind),
    "attempted": st.sampled_from(Attempted),
    "quality": st.sampled_from(QUALITIES),
    "category": TEXTS,
    "reaction": st.sampled_from(Reaction),
    "reviewed": st.sampled_from(Reviewed),
    "reviewer": TEXTS,
    "language": st.sampled_from(["ru", "sr", "en"]),
    "engine": TEXTS,
    "status": st.sampled_from(StageStatus),
    "weekday": st.integers(0, 6).map(str),
    "hour": st.integers(0, 23).map(str),
    "q": st.sampled_from(["тирамису", '"большой латте"', "кофе* -чай", "50%"]),
    "confidence_min": st.floats(0, 1).map(str),
    "confidence_max": st.floats(0, 1).map(str),
    "min_s": st.integers(0, 500).map(str),
    "max_s": st.integers(0, 500).map(str),
    "sort": st.sampled_from(Sort),
    "from": st.dates().filter(lambda day: 2000 <= day.year < 2100).map(str),
    "to": st.dates().filter(lambda day: 2000 <= day.year < 2100).map(str),
}
CHOICES = st.fixed_dictionaries(
    {}, optional={name: st.lists(value, min_size=1, max_size=3) for name, value in VALUES.items()}
)


def test_every_filter_is_tried_here() -> None:
    assert set(VALUES) == {*MANY, *ONE}


@given(CHOICES)
@settings(max_examples=50)
def test_an_address_opens_exactly_the_filters_that_wrote_it(choice: dict[str, list[str]]) -> None:
    filters = Filters.of(choice)
    address = filters.href()
    assert address.startswith("?page=dialogues")
    assert Filters.of(parse_qs(address[1:])) == filters
    assert Filters.of(filters.query()) == filters


@given(CHOICES)
@settings(max_examples=30)
def test_taking_every_chip_away_leaves_the_period_alone(choice: dict[str, list[str]]) -> None:
    filters = Filters.of(choice)
    for name, value in filters.chosen:
        filters = filters.without(name, value)
    assert filters.chosen == []
    assert {name for name, _ in filters.pairs()} <= {"from", "to", "sort"}


@given(st.dictionaries(st.sampled_from([*MANY, *ONE, "page", "after", "__class__"]), st.lists(st.text(), max_size=3)))
@settings(max_examples=50)
def test_no_address_is_an_error_and_nonsense_is_left_out(address: dict[str, list[str]]) -> None:
    filters = Filters.of(address)
    assert {name for name, _ in filters.pairs()} <= {*MANY, *ONE}
    assert Filters.of(filters.query()) == filters


def test_what_no_filter_takes_is_left_out() -> None:
    address = {
        "quality": ["9", "2"],
        "from": ["soon"],
        "hour": ["24"],
        "kind": ["SALE"],
        "min_s": ["-1"],
        "point": ["1"],
    }
    assert Filters.of(address).pairs() == [("quality", "2")]


def test_a_period_from_end_to_beginning_is_turned_round() -> None:
    assert Filters.of({"from": "2026-03-08", "to": "2026-03-02"}).one == {"from": "2026-03-02", "to": "2026-03-08"}


def test_a_change_replaces_a_filter_and_an_empty_one_takes_it_away() -> None:
    filters = Filters.of({"quality": ["1"], "q": "тирамису"})
    changed = filters.with_(quality=["2", "3"], q="", from_="2026-03-02")
    assert changed.pairs() == [("from", "2026-03-02"), ("quality", "2"), ("quality", "3")]
    assert not changed.has("quality", "1")
    assert changed.has("quality", "3")


def test_clearing_keeps_the_period_the_points_and_the_order() -> None:
    point = "8f14e45f-ceea-467f-a0e6-4e3b8f0d4f6b"
    filters = Filters.of({"from": "2026-03-02", "point": point, "sort": "length", "kind": "sale", "q": "сироп"})
    assert filters.only_period().pairs() == [("from", "2026-03-02"), ("sort", "length"), ("point", point)]
