"""The overview says what the api answered, how sure it is, and leads to the dialogues behind every mark."""

import re
from typing import Any
from urllib.parse import parse_qs

import pytest
from httpx import QueryParams

from dashboard.dialogues.filters import Filters
from dashboard.overview import bars, charts
from dashboard.overview.cards import cards
from dashboard.overview.heatmap import heatmap
from dashboard.overview.league import is_steady, movers, ordered, other_way, rows
from dashboard.pages.overview import Overview
from dashboard.strings import Strings
from dashboard.wording import Wording
from domain.figures import Counts
from tests.unit.dashboard.answers import POINTS, SCRIPT, report, sales
from tests.unit.dashboard.desk import Desk, pressed

W = Wording(Strings("en"))
BASE = Filters.of({"from": "2026-03-02", "to": "2026-03-08"})
NOW = {"Ада": sales(40, 60, enquiry=5, skipped=3), "Зелени венац": sales(10, 90), "Нови": sales(2, 1)}
BEFORE = {"Ада": sales(38, 62), "Зелени венац": sales(45, 55), "Нови": Counts()}
REPORT = report(NOW, BEFORE)


def behind(href: str) -> dict[str, list[str]]:
    return parse_qs(href.removeprefix("?"))


def test_every_card_has_its_n_interval_change_and_the_dialogues_behind_it() -> None:
    found = {card.key: card for card in cards(W, REPORT, BASE)}
    rate = found["rate"]
    assert (rate.value, rate.of, rate.sure) == ("26%", "52 of 203 sales", "95%: 20–32%")
    assert rate.change.tone == "worse"
    assert rate.change.text.startswith("▼ −16")
    assert rate.goal == 0.4
    assert behind(rate.href)["place"] == ["yes", "no"]
    assert behind(found["specific_rate"].href)["quality"] == ["2", "3"]
    assert behind(found["acceptance"].href)["reaction"] == ["accepted", "rejected"]
    assert found["average_quality"].value == "1.5"
    assert found["dialogues"].of == "203 of them sales"
    assert (found["coverage"].value, found["coverage"].href) == ("75%", "?page=places")


def test_a_change_within_noise_is_said_to_be_maybe_chance() -> None:
    same = report({"Ада": sales(42, 58)}, {"Ада": sales(40, 60)})
    said = cards(W, same, BASE)[0].change
    assert (said.tone, said.text) == ("noise", "+2\u00a0pp: may be chance")
    assert "with 95% confidence" in said.title


def test_without_a_period_before_there_is_nothing_to_compare_with() -> None:
    alone = report({"Ада": sales(42, 58)}, {})
    assert {card.change.text for card in cards(W, alone, BASE)} == {"nothing to compare with"}


def test_the_league_hides_the_place_of_a_point_with_few_sales() -> None:
    found = {row.name: row.rank for row in rows(W, REPORT, BASE, "rank")}
    assert found == {"Ада": "1", "Зелени венац": "2", "Нови": ""}


def test_who_got_worse_is_named_with_how_much_and_the_missed_sales_behind_it() -> None:
    (worse,) = movers(W, REPORT, BASE, is_worse=True)
    assert (worse.name, worse.difference) == ("Зелени венац", "−35\u00a0pp")
    assert behind(worse.href)["place"] == ["no"]
    assert behind(worse.href)["point"] == [str(POINTS["Зелени венац"])]
    assert movers(W, REPORT, BASE, is_worse=False) == []


def test_calm_is_only_said_where_changes_are_known() -> None:
    calm = report({"Ада": sales(42, 58), "Нови": sales(2, 1)}, {"Ада": sales(40, 60)})
    assert [is_steady(one) for one in (calm, REPORT, report(NOW, {}))] == [True, False, False]


@pytest.mark.parametrize(
    ("sort", "first", "last"),
    [
        ("change", "Зелени венац", "Нови"),
        ("-rate", "Нови", "Зелени венац"),
        ("name", "Ада", "Нови"),
        ("??", "Ада", "Нови"),
    ],
)
def test_the_league_is_put_in_any_order_and_the_unknown_comes_last(sort: str, first: str, last: str) -> None:
    names = [point["name"] for point in ordered(REPORT["points"], sort)]
    assert (names[0], names[-1]) == (first, last)


def test_a_click_on_a_head_begins_with_what_matters_then_turns_round() -> None:
    assert other_way("rank", "change") == "change"
    assert other_way("change", "change") == "-change"
    assert other_way("rank", "rate") == "-rate"
    assert other_way("-rate", "rate") == "rate"


def test_every_day_is_a_mark_with_its_interval_and_leads_to_that_day() -> None:
    chart = charts.by_day(W, REPORT, BASE, 0.4)
    line, low, width = chart.option["series"]
    assert [mark["value"] for mark in line["data"]] == [0.2562, None, None, None, None, None, None]
    assert low["data"][0] + width["data"][0] == pytest.approx(REPORT["by_day"][0]["figures"]["rate"]["high"], abs=1e-3)
    first = behind(line["data"][0]["go"]["search"])
    assert (first["from"], first["to"], first["place"]) == (["2026-03-02"], ["2026-03-02"], ["yes", "no"])
    assert line["markLine"]["data"] == [{"yAxis": 0.4}]
    assert len(chart.rows) == 7


def test_the_bars_of_an_hour_lead_to_its_offers_and_to_its_misses() -> None:
    chart = charts.by_hour(W, REPORT, BASE)
    offered, left = chart.option["series"]
    assert chart.option["xAxis"]["data"] == ["09:00", "10:00", "11:00"]
    assert ([m["value"] for m in offered["data"]], [m["value"] for m in left["data"]]) == ([52, 0, 1], [151, 0, 1])
    query = behind(left["data"][0]["go"]["search"])
    assert (query["hour"], query["place"]) == (["9"], ["no"])


def test_a_cell_of_the_heat_map_has_no_colour_where_sales_are_few() -> None:
    found = heatmap(W, REPORT, BASE)
    monday, friday = found.rows[0][1][0], found.rows[4][1][2]
    assert monday is not None
    assert friday is not None
    assert (monday.text, monday.level, friday.level) == ("26", 1, None)
    assert behind(friday.href) | {"from": 0, "to": 0} == {
        "page": ["dialogues"],
        "from": 0,
        "to": 0,
        "place": ["yes", "no"],
        "weekday": ["4"],
        "hour": ["11"],
    }


def test_the_funnel_narrows_from_dialogues_to_accepted_offers() -> None:
    steps = bars.funnel(W, REPORT, BASE)
    assert [step.n for step in steps] == ["211", "203", "52", "26", "16"]
    assert steps[1].share == "96% of dialogues"
    assert behind(steps[4].href)["reaction"] == ["accepted"]


async def opened(address: str, answer: Any = REPORT, language: str = "en") -> tuple[Overview, Desk]:
    desk = Desk({"/api/v1/reports/overview": answer}, language)
    page = Overview(desk)
    await page.load(QueryParams(address))
    return page, desk


@pytest.mark.parametrize("language", ["ru", "en"])
async def test_the_page_names_engines_where_two_mix_and_escapes_what_was_typed(language: str) -> None:
    mixed = report(NOW, BEFORE, {"rules-3": 150, "gpt-4o-mini": 53})
    page, _ = await opened("period=7d", mixed, language)
    html = "".join(page.regions().values())
    assert "rules-3, gpt-4o-mini" in html
    assert SCRIPT not in html
    assert "&lt;script&gt;" in html
    assert html.count('data-figure="') == 6


async def test_a_period_without_dialogues_says_what_to_do() -> None:
    page, _ = await opened("period=today", report({"Ада": Counts()}, {}))
    html = page.regions()["figures"]
    assert "There are no dialogues on these days" in html
    assert 'value="90d"' in html


async def test_what_is_chosen_is_asked_for_and_stays_in_the_address() -> None:
    ada = str(POINTS["Ада"])
    page, desk = await opened(f"from=2026-03-08&to=2026-03-02&point={ada}&point=nonsense")
    assert desk.api.asked[0][1]["point"] == (ada,)
    assert [str(desk.api.asked[0][1][name]) for name in ("from", "to")] == ["2026-03-02", "2026-03-08"]
    await page.on("points", pressed("points", point=[str(POINTS["Нови"])]))
    await page.on("period", pressed("period", "28d"))
    assert [str(query) for query in desk.went] == [
        f"page=overview&point={POINTS['Нови']}&from=2026-03-02&to=2026-03-08",
        f"page=overview&point={ada}&period=28d",
    ]


async def test_the_table_beside_each_chart_says_the_same_numbers() -> None:
    page, _ = await opened("period=7d")
    tables = re.findall(r"<table.*?</table>", page.regions()["series"], re.DOTALL)
    by_day, by_hour, _heat = (re.sub(r"<[^>]*>|\s+", " ", table) for table in tables)
    assert re.search(r"Mon, 2.Mar\s+26%\s+203\s+20–32%\s+75%", by_day)
    assert re.search(r"11:00\s+50%\s+2\s+9–91%", by_hour)
