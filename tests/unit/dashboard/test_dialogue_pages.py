"""The list and the page of a dialogue: what is asked for, what is shown, and that nothing spoken becomes markup."""

import re
from typing import Any

import pytest
from httpx import QueryParams
from hypothesis import given, settings
from hypothesis import strategies as st

from dashboard.client import ApiError
from dashboard.dialogue.clip import is_shortened
from dashboard.dialogue.verdict import SAID_OTHERWISE, headline, judged_by, verdict
from dashboard.dialogues.choices import total
from dashboard.dialogues.filters import Filters
from dashboard.dialogues.rows import new_above
from dashboard.marks import pieces, placed
from dashboard.pages.dialogue import Dialogue
from dashboard.pages.dialogues import Dialogues
from dashboard.strings import Strings
from dashboard.wording import Wording
from domain.reasons import Why
from tests.unit.dashboard.answers import DIALOGUE, OPINION, SCRIPT, detail, facets, row
from tests.unit.dashboard.desk import Api, Desk, pressed

EN, RU = Wording(Strings("en")), Wording(Strings("ru"))
ROWS, FACETS = "/api/v1/dialogues/rows", "/api/v1/dialogues/facets"
DETAIL = f"/api/v1/dialogues/{DIALOGUE}/detail"
COUNTS = facets(place={"yes": 12, "no": 20}, quality={"2": 8, "1": 4}, reaction={"accepted": 5, "rejected": 2})


@given(
    st.text(max_size=30),
    st.lists(st.tuples(st.integers(-3, 40), st.integers(-3, 40)), max_size=4),
    st.lists(st.tuples(st.integers(0, 30), st.integers(0, 30)), max_size=4),
)
@settings(max_examples=60)
def test_marking_loses_no_letter_and_marks_exactly_the_ranges(
    text: str, quotes: list[tuple[int, int]], hits: list[tuple[int, int]]
) -> None:
    found = pieces(text, {"quote": quotes, "hit": hits})
    assert "".join(piece.text for piece in found) == text
    marked = [name for piece in found for name in [piece.marks] for _ in piece.text]
    for at, marks in enumerate(marked):
        assert ("quote" in marks) is any(start <= at < end for start, end in quotes)
        assert ("hit" in marks) is any(start <= at < end for start, end in hits)


def test_words_keep_their_times_also_where_one_is_missing_from_the_text() -> None:
    words = [
        {"w": " Да,", "start_ms": 0, "end_ms": 9},
        {"w": "эхо", "start_ms": 1, "end_ms": 2},
        {"w": "да", "start_ms": 10, "end_ms": 19},
    ]
    found = placed("Да, да", words)
    assert [(word.start, word.end, word.start_ms) for word in found] == [(0, 3, 0), (4, 6, 10)]


def test_the_total_is_that_of_the_chosen_places() -> None:
    assert total(COUNTS, Filters()) == 32
    assert total(COUNTS, Filters.of({"place": ["yes"]})) == 12


def test_what_came_above_is_counted() -> None:
    assert new_above(["b", "a"], ["d", "c", "b", "a"]) == 2
    assert new_above(["b"], ["b"]) == 0
    assert new_above([], ["a"]) == 1


async def opened_list(address: str, items: list[Any], following: str | None = None) -> tuple[Dialogues, Desk]:
    links = {"url": "/api/v1/dialogues/export.csv?signature=1", "expires_at": "2026-03-02T10:00:00+01:00"}
    answers = {ROWS: {"items": items, "next": following}, FACETS: COUNTS, "/api/v1/dialogues/export-links": links}
    desk = Desk(answers)
    page = Dialogues(desk)
    await page.load(QueryParams(address))
    return page, desk


async def test_a_line_says_what_happened_in_whose_words_and_leads_to_the_dialogue() -> None:
    page, _ = await opened_list("quality=2&sort=-length", [row()])
    html = page.regions()["list"]
    assert f'href="?page=dialogue&amp;sort=-length&amp;quality=2&amp;id={DIALOGUE}"' in html
    text = re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", html))
    for said in (
        "Mon 2 Mar 09:05",
        "Ада · Касса 1",
        "offered",
        "quality 2 of 3",
        "dessert · declined",
        "82% sure",
        "0:41",
    ):
        assert said in text.replace("\u00a0", " ")
    assert "<q>может тирамису</q>" in html


async def test_hits_are_marked_and_what_was_said_is_escaped() -> None:
    snippet = {"text": f"{SCRIPT} сироп", "hits": [[26, 31]]}
    page, _ = await opened_list("q=сироп", [row(snippet=snippet, point=SCRIPT, summary=SCRIPT)])
    html = "".join(page.regions().values())
    assert "<mark>сироп</mark>" in html
    assert "<script" not in html


async def test_every_filter_is_a_chip_that_can_be_taken_away() -> None:
    page, _ = await opened_list("place=yes&place=no&hour=9&confidence_min=0.5&from=2026-03-02", [row()])
    head = page.regions()["head"].replace("\u00a0", " ")
    for chip in ("Outcome: offered", "Outcome: not offered", "Hour: 09:00–09:59", "Sure at least: 50%"):
        assert f'aria-label="Remove the filter {chip}"' in head
    assert 'href="?page=dialogues&amp;from=2026-03-02&amp;confidence_min=0.5&amp;place=no&amp;hour=9"' in head
    assert "32 dialogues" in head


async def test_ticks_typed_fields_days_and_search_go_into_the_address() -> None:
    page, desk = await opened_list("from=2026-03-02&place=yes&q=сироп", [row()])
    await page.on("filter", pressed("filter", place=["yes", "no"], min_s="20", max_s=""))
    await page.on("days", pressed("days", **{"from": "2026-03-01", "to": "2026-03-05"}))
    await page.on("search", pressed("search", q="тирамису"))
    await page.on("sort", pressed("sort", "length"))
    assert [dict(query.multi_items()) | {"place": query.get_list("place")} for query in desk.went] == [
        {"page": "dialogues", "from": "2026-03-02", "q": "сироп", "min_s": "20", "place": ["yes", "no"]},
        {"page": "dialogues", "from": "2026-03-01", "to": "2026-03-05", "q": "сироп", "place": ["yes"]},
        {"page": "dialogues", "from": "2026-03-02", "q": "тирамису", "place": ["yes"]},
        {"page": "dialogues", "from": "2026-03-02", "q": "сироп", "sort": "length", "place": ["yes"]},
    ]


async def test_a_search_for_nothing_is_explained_and_changes_nothing() -> None:
    page, desk = await opened_list("", [row()])
    await page.on("search", pressed("search", q="-сахар"))
    assert desk.went == []
    assert desk.notes[0].startswith("There is nothing to look for")


async def test_pages_go_on_and_back_by_the_places_they_began() -> None:
    page, _ = await opened_list("quality=2", [row()] * 30, "c1")
    assert 'rel="next" href="?page=dialogues&amp;quality=2&amp;after=c1"' in page.regions()["list"]
    assert 'rel="prev"' not in page.regions()["list"]
    await page.load(QueryParams("quality=2&after=c1"))
    await page.load(QueryParams("quality=2&after=c2"))
    assert 'rel="prev" href="?page=dialogues&amp;quality=2&amp;after=c1"' in page.regions()["list"]
    await page.load(QueryParams("quality=2&after=c1"))
    assert 'rel="prev" href="?page=dialogues&amp;quality=2"' in page.regions()["list"]


async def test_a_page_that_came_short_is_asked_on_for() -> None:
    class Steps(Api):
        async def get(self, path: str, params: Any = None) -> Any:
            self.asked.append((path, params))
            if path != ROWS:
                return COUNTS
            return {"items": [row()], "next": None} if params["after"] == "2" else {"items": [], "next": "2"}

    desk = Desk({})
    desk.client = desk.api = Steps({})  # type: ignore[assignment]
    page = Dialogues(desk)
    await page.load(QueryParams("q=редкость"))
    assert len(page.page["items"]) == 1


async def test_a_place_to_read_on_from_that_is_of_another_list_begins_anew() -> None:
    class Refusing(Api):
        async def get(self, path: str, params: Any = None) -> Any:
            if path == ROWS and params["after"]:
                raise ApiError("query.after is not of this list", "field_invalid", 422)
            return {ROWS: {"items": [row()], "next": None}, FACETS: COUNTS}[path]

    desk = Desk({})
    desk.client = Refusing({})  # type: ignore[assignment]
    page = Dialogues(desk)
    await page.load(QueryParams("after=made-up"))
    assert len(page.page["items"]) == 1
    assert 'rel="prev"' not in page.regions()["list"]


async def test_what_is_new_is_offered_and_the_rows_stay() -> None:
    page, desk = await opened_list("", [row()])
    other = row(dialogue_id="00000000-0000-0000-0000-000000000008")
    desk.api.answers[ROWS] = {"items": [other, row()], "next": None}
    await page.refresh()
    html = page.regions()["list"]
    assert 'data-new="1"' in html
    assert html.count('class="row is-good"') == 1


async def test_the_download_is_of_exactly_these_filters() -> None:
    page, desk = await opened_list("quality=2&sort=length", [row()])
    await page.on("export", pressed("export", "csv"))
    assert desk.api.asked[-1][1] == {"format": "csv", "filters": {"sort": "length", "quality": ["2"]}}
    assert desk.downloads == ["http://api.example/api/v1/dialogues/export.csv?signature=1"]


@pytest.mark.parametrize(
    ("address", "says"), [("", "There are no dialogues yet"), ("quality=3", "No dialogue is like that")]
)
async def test_an_empty_list_says_what_to_do(address: str, says: str) -> None:
    page, _ = await opened_list(address, [])
    assert says in page.regions()["list"]


async def opened(answer: Any, language: str = "en") -> Dialogue:
    page = Dialogue(Desk({DETAIL: answer}, language))
    await page.load(QueryParams(f"id={DIALOGUE}&quality=2"))
    return page


@pytest.mark.parametrize("made_up", ["", "7", "../users", "..%2Fusers"])
async def test_an_id_that_is_none_is_not_there_and_asks_for_nothing(made_up: str) -> None:
    desk = Desk({})
    with pytest.raises(ApiError) as refused:
        await Dialogue(desk).load(QueryParams({"id": made_up}))
    assert refused.value.status == 404
    assert desk.api.asked == []


@pytest.mark.parametrize("language", ["ru", "en"])
async def test_the_page_says_why_and_nothing_spoken_or_guessed_is_markup(language: str) -> None:
    page = await opened(detail(), language)
    regions = page.regions()
    html = "".join(regions.values())
    assert "<script" not in html
    assert 'data-span="1000 2100"' in regions["verdict"]
    assert '<mark class="hit quote" data-w="1500 2100">тирамису</mark>' in regions["talk"]
    assert 'href="?page=dialogues&amp;quality=2"' in regions["head"]
    assert "rules-3" in regions["verdict"]


def test_why_it_is_an_offer_is_answered_by_rule_words_and_confidence() -> None:
    found = verdict(EN, detail())
    assert found.headline == "A specific offer: dessert. The customer declined."
    assert "unasked, offers something beyond the order" in found.why[1]
    assert found.why[2] == "Quality 2: it names a product."
    assert found.why[-1].startswith("The machine is unsure: 55%")
    assert [quote.text for quote in found.quotes] == ["Может тирамису?"]
    assert found.counted == "In the rates as a sale with an offer."


def test_a_person_who_judged_otherwise_is_named_beside_what_the_machine_said() -> None:
    answer = detail(effective={**OPINION, "attempted": "no", "by": "review"}, reasons=["quoted", "specific"])
    answer["row"]["review"] = {"state": "stale", "reviewer": "Мила", "at": "2026-03-02T12:00:00+01:00"}
    found = verdict(RU, answer)
    assert found.headline == "Ничего не предложили"
    assert found.why[0].startswith("Считается оценка человека: Мила")
    assert found.why[1].startswith("После проверки диалог изменился")
    assert found.why[2] == "Машина думала иначе: Конкретное предложение: десерт. Покупатель отказался."


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"kind": "staff"}, "Staff among themselves"),
        ({"attempted": "no"}, "Nothing was offered"),
        ({"attempted": "uncertain"}, "Unclear whether anything was offered"),
        (
            {"quality_score": 3, "categories": ["своё", "syrup"], "reaction": "accepted"},
            "A personal offer with a reason: своё, syrup. The customer accepted.",
        ),
    ],
)
def test_a_verdict_is_one_plain_sentence(changes: dict[str, Any], says: str) -> None:
    assert headline(EN, {**OPINION, **changes}) == says


@pytest.mark.parametrize("reason", sorted(set(Why) - SAID_OTHERWISE))
def test_every_reason_is_put_into_words(reason: Why) -> None:
    words = Strings("en")(f"dialogue.why.{reason}")
    assert words in verdict(EN, detail(reasons=[reason])).why


async def test_reviews_are_listed_with_which_one_counts() -> None:
    review = {
        **{name: value for name, value in OPINION.items() if name != "reaction"},
        **{"customer_reaction": "accepted", "review_id": DIALOGUE, "dialogue_id": DIALOGUE, "revision": 1},
        **{"reviewer": "Мила", "reason": "manual", "note": SCRIPT, "created_at": "2026-03-02T11:00:00Z"},
        **{"undone_at": None, "undone_by": None, "is_counting": True, "is_stale": False},
    }
    html = re.sub(r"\s+", " ", (await opened(detail(reviews=[review]))).regions()["verdict"])
    assert "<b>Мила</b>, 2 Mar, 12:00: A specific offer: dessert. The customer accepted." in html
    assert "counts" in html
    assert "<script" not in html


@pytest.mark.parametrize(("later", "is_so"), [("09:05:30", False), ("09:05:31", False), ("09:05:35", True)])
def test_missing_audio_is_told_of_only_where_it_was_shortened(later: str, is_so: bool) -> None:
    stretches = [(0, "09:05:00", 30_000), (30_000, later, 5_000)]
    segments = [
        {"clip_start_ms": at, "start_ts": f"2026-03-02T{start}+01:00", "length_ms": length}
        for at, start, length in stretches
    ]
    assert is_shortened({"gap_ms": 1000, "segments": segments}) is is_so
    assert not is_shortened(None)


def test_rules_are_not_called_a_language_model() -> None:
    assert "without a language model" in judged_by(EN, "rules-3")
    assert judged_by(EN, "gpt-4o-mini") == "Judged by the language model gpt-4o-mini."


async def test_what_could_have_been_offered_is_said_with_what_it_goes_with() -> None:
    with_coffee = [{"category": name, "because": ["капучино"]} for name in ("dessert", "syrup")]
    ideas = [*with_coffee, {"category": "свечи", "because": []}]
    page = await opened(detail(missed={"is_missed": True, "bought": ["капучино"], "ideas": ideas}))
    assert "<li>With капучино: dessert, syrup</li><li>With anything: свечи</li>" in page.regions()["verdict"]


@pytest.mark.parametrize(
    ("place", "more", "says"),
    [
        ("skipped", {"skip_reason": "too short"}, "Reason: too short"),
        ("failed", {"error": SCRIPT}, "It could not be processed"),
        ("pending", {}, "Still in work"),
        ("pending", {"state": "open"}, "The talk may still be going on"),
    ],
)
async def test_without_a_verdict_the_page_says_what_became_of_it(place: str, more: dict[str, Any], says: str) -> None:
    unjudged = {"machine": None, "effective": None, "reasons": [], "missed": None, "quotes": [], "history": []}
    answer = detail(**unjudged, **more)
    answer["row"] |= {"place": place, "kind": None, "attempted": None}
    html = (await opened(answer)).regions()["verdict"]
    assert says in html
    assert "<script" not in html
