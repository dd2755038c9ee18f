"""The list of dialogues in SQL against the list in plain Python: every filter, every order, page by page."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import date, timedelta
from typing import Any
from uuid import UUID, uuid5

import pytest
from dialogue_crowd import BELGRADE, DEVICES, FIRST, KOLKATA, NAMESPACE, REGISTERS, add, crowd, in_order, passes, put
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from db.dialogues.facets import count_facets
from db.dialogues.listing import Position, find_page
from db.engine import Database
from domain.dialogue_filter import DialogueFilter, Reviewed, Sort
from domain.status import Attempted, Kind, Place, Reaction, StageStatus

CROWD = crowd()
ASKED = 25
"""Choices of filters that hypothesis makes."""


class Shelf:
    """The crowd in a database, and an event loop to ask it from plain tests."""

    def __init__(self, url: str) -> None:
        self._runner = asyncio.Runner()
        self._url = url
        self.db = self.run(self._filled)

    async def _filled(self) -> Database:
        db = Database(self._url)
        await put(db, CROWD)
        return db

    def run(self, work: Callable[[], Any]) -> Any:
        return self._runner.run(work())

    def close(self) -> None:
        self.run(self.db.dispose)
        self._runner.close()

    def listed(self, wanted: DialogueFilter, sort: Sort, limit: int = 7, patience_s: float = 5.0) -> list[UUID]:
        """Every page of the list."""

        async def ask() -> list[UUID]:
            found: list[UUID] = []
            after: Position | None = None
            while True:
                async with self.db.begin() as tx:
                    page = await find_page(tx, wanted, sort, after, limit, patience_s)
                assert len(page.dialogue_ids) <= limit
                found += page.dialogue_ids
                if page.next is None:
                    return found
                after = page.next

        return self.run(ask)  # type: ignore[no-any-return]


@pytest.fixture(scope="module")
def shelf(own_database: Callable[[], AbstractContextManager[str]]) -> Iterator[Shelf]:
    with own_database() as url:
        shelf = Shelf(url)
        yield shelf
        shelf.close()


def some(values: list[Any], most: int = 2) -> st.SearchStrategy[tuple[Any, ...]]:
    return st.lists(st.sampled_from(values), max_size=most, unique=True).map(tuple)


DAYS = st.sampled_from([date(2026, 3, 27) + timedelta(days=i) for i in range(5)])
INSTANTS = st.integers(0, 75 * 4).map(lambda quarters: FIRST + timedelta(minutes=15 * quarters))
ALONE: dict[str, st.SearchStrategy[Any]] = {
    "points": st.sampled_from([(), (BELGRADE,), (KOLKATA,), (BELGRADE, KOLKATA)]),
    "start_from": DAYS | INSTANTS,
    "start_to": DAYS | INSTANTS,
    "registers": some(list(REGISTERS)),
    "devices": some(list(DEVICES.values())),
    "places": some(list(Place), 3),
    "kinds": some(list(Kind)),
    "attempted": some(list(Attempted)),
    "quality": some([0, 1, 2, 3]),
    "categories": some(["dessert", "pastry", "syrup", "=cmd|'/c calc'!A1"]),
    "reactions": some(list(Reaction)),
    "reviewed": some(list(Reviewed)),
    "reviewers": some(["ana", "bo", "nobody"]),
    "languages": some(["ru", "en", "sr"]),
    "engines": some(["rules-1", "gpt-4o-mini"]),
    "statuses": some(list(StageStatus)),
    "weekdays": some(list(range(7))),
    "hours": some(list(range(24)), 8),
    "confidence_min": st.sampled_from([0.25, 0.5, 0.6]),
    "confidence_max": st.sampled_from([0.25, 0.5, 0.6]),
    "min_s": st.sampled_from([5.0, 12.5, 40.0]),
    "max_s": st.sampled_from([5.0, 12.5, 40.0]),
}


@st.composite
def filters(draw: st.DrawFn) -> DialogueFilter:
    names = draw(st.lists(st.sampled_from(sorted(ALONE)), max_size=4, unique=True))
    return DialogueFilter(**{name: draw(ALONE[name]) for name in names})


def expected(wanted: DialogueFilter, sort: Sort) -> list[UUID]:
    return in_order([one for one in CROWD if passes(one, wanted)], sort)


@pytest.mark.parametrize("name", sorted(ALONE))
def test_each_filter_alone_lets_through_what_it_says(shelf: Shelf, name: str) -> None:
    @given(ALONE[name])
    @settings(max_examples=6, deadline=None, database=None)
    def same(value: Any) -> None:
        wanted = DialogueFilter(**{name: value})
        assert shelf.listed(wanted, Sort.NEWEST, limit=50) == expected(wanted, Sort.NEWEST)

    same()


def test_filters_together_in_every_order_page_by_page(shelf: Shelf) -> None:
    @given(filters(), st.sampled_from(list(Sort)), st.integers(1, 20))
    @settings(max_examples=ASKED, deadline=None, database=None, suppress_health_check=[HealthCheck.too_slow])
    def same(wanted: DialogueFilter, sort: Sort, limit: int) -> None:
        assert shelf.listed(wanted, sort, limit) == expected(wanted, sort)

    same()


def test_a_page_that_was_given_no_time_is_short_and_the_next_goes_on(shelf: Shelf) -> None:
    rare = DialogueFilter(kinds=(Kind.STAFF,), attempted=(Attempted.NO,))
    for sort in (Sort.NEWEST, Sort.START):
        assert shelf.listed(rare, sort, limit=5, patience_s=-1.0) == expected(rare, sort)


def test_each_option_counts_what_passes_all_other_filters(shelf: Shelf) -> None:
    @given(filters())
    @settings(max_examples=8, deadline=None, database=None)
    def same(wanted: DialogueFilter) -> None:
        async def ask() -> Any:
            async with shelf.db.begin() as tx:
                return await count_facets(tx, wanted)

        facets = shelf.run(ask)
        values: dict[str, tuple[str, Callable[[Any], Any]]] = {
            "kind": ("kinds", lambda one: one.opinion and one.opinion.kind),
            "place": ("places", lambda one: one.place),
            "language": ("languages", lambda one: one.language),
            "register": ("registers", lambda one: one.register_id),
            "hour": ("hours", lambda one: one.local.hour),
            "weekday": ("weekdays", lambda one: one.local.weekday()),
        }
        for facet, (name, value_of) in values.items():
            others = replace(wanted, **{name: ()})
            counted: dict[str, int] = {}
            for one in CROWD:
                # Choosing a place can show superseded ones, so its options have them too.
                is_in = passes(one, others) or (facet == "place" and passes(one, replace(others, places=(one.place,))))
                if is_in and value_of(one) is not None:
                    counted[str(value_of(one))] = counted.get(str(value_of(one)), 0) + 1
            assert {option.value: option.n for option in facets.options[facet]} == counted, facet

    same()


def test_filters_that_look_into_other_tables_are_counted_by_as_well(shelf: Shelf) -> None:
    wanted = DialogueFilter(statuses=tuple(StageStatus), hours=tuple(range(24)), weekdays=tuple(range(7)))

    async def ask() -> Any:
        async with shelf.db.begin() as tx:
            return await count_facets(tx, wanted)

    kinds = shelf.run(ask).options["kind"]
    assert sum(option.n for option in kinds) == sum(passes(one, wanted) and one.opinion is not None for one in CROWD)


def test_what_is_added_between_two_pages_neither_doubles_nor_hides_anything(
    own_database: Callable[[], AbstractContextManager[str]],
) -> None:
    later = [replace(one, dialogue_id=uuid5(NAMESPACE, f"later {one.dialogue_id}")) for one in crowd(30, seed=8)]

    async def scenario(url: str) -> None:
        db = Database(url)
        await put(db, CROWD)
        for sort in (Sort.NEWEST, Sort.MOST_CONFIDENT):
            seen: list[UUID] = []
            after: Position | None = None
            while True:
                async with db.begin() as tx:
                    page = await find_page(tx, DialogueFilter(), sort, after, 9)
                seen += page.dialogue_ids
                if page.next is None:
                    break
                after = page.next
                new, later[:5] = later[:5], []
                await add(db, new)
            assert len(seen) == len(set(seen))
            assert [i for i in seen if i in {one.dialogue_id for one in CROWD}] == expected(DialogueFilter(), sort)
        await db.dispose()

    with own_database() as url:
        asyncio.run(scenario(url))
