"""The kit's pure parts: charts, the player, judgements of a day, addresses of apis, errors in words."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.apis import apis_of
from dashboard.client import ApiError, AwayError, NotAllowedError
from dashboard.error_page import sentence
from dashboard.kit.charts import Mark, Series, attribute, series_chart
from dashboard.kit.player import MOST_BARS, merged, player_view
from dashboard.kit.render import Look, environment
from dashboard.strings import Strings
from dashboard.today.judgement import Doubt, to_goal, trust

EVIL = "\"><script>alert(1)</script>'"


def test_a_chart_and_its_table_say_the_same() -> None:
    marks = [Mark(0.25, {"day": "2026-03-02"}, "25 %"), Mark(None)]
    chart = series_chart("Rate by day", ["Mon", "Tue"], [Series("rate", marks, "line")], is_share=True)
    assert [point["value"] for point in chart.option["series"][0]["data"]] == [0.25, None]
    assert chart.option["series"][0]["data"][0]["go"] == {"day": "2026-03-02"}
    assert [[mark.label or mark.value for mark in row] for row in chart.rows] == [["Mon", "25 %"], ["Tue", None]]


def test_what_a_chart_shows_is_escaped_in_the_page() -> None:
    chart = series_chart(EVIL, [EVIL], [Series(EVIL, [Mark(1, {"x": EVIL}, EVIL)])])
    template = '{% import "macros.html" as ui with context %}{{ ui.chart(chart, do="open") }}'
    look = Look("en")
    html = environment().from_string(template).render(s=look.s, f=look.f, chart=chart)
    assert "<script" not in html
    assert json.loads(attribute(chart.option))["series"][0]["name"] == EVIL


@given(st.lists(st.floats(0, 1), max_size=2000))
def test_a_waveform_has_a_bar_for_every_bin_and_never_too_many(bins: list[float]) -> None:
    bars = merged(bins, MOST_BARS)
    assert len(bars) <= MOST_BARS
    assert max(bars, default=0) == max(bins, default=0)
    view = player_view("d", "http://api/clip", 10_000, bins)
    assert view.wave.count("M") == len(bars)


def test_quotes_stand_where_they_sound() -> None:
    [span] = player_view("d", "src", 10_000, quotes=[{"text": "q", "start_ms": 2500, "end_ms": 5000}]).quotes
    assert (span.left, span.width, span.start_ms, span.end_ms) == (25.0, 25.0, 2500, 5000)


def rate(hits: int, n: int, low: float | None, high: float | None) -> dict[str, Any]:
    return {"hits": hits, "n": n, "value": hits / n if n else None, "low": low, "high": high}


@pytest.mark.parametrize(
    ("share", "goal", "goals", "key"),
    [
        (rate(90, 100, 0.83, 0.94), 0.5, [0.5], "today.above"),
        (rate(10, 100, 0.06, 0.17), 0.5, [0.5], "today.below"),
        (rate(3, 5, 0.23, 0.88), 0.5, [0.5], "today.maybe_above"),
        (rate(2, 5, 0.12, 0.77), 0.5, [0.5], "today.maybe_below"),
        (rate(2, 5, 0.12, 0.77), None, [], "today.no_goal"),
        (rate(2, 5, 0.12, 0.77), None, [0.4, 0.6], ""),
        (rate(0, 0, None, None), 0.5, [0.5], ""),
    ],
)
def test_only_an_interval_that_leaves_the_goal_out_is_sure(
    share: dict[str, Any], goal: float | None, goals: list[float], key: str
) -> None:
    assert to_goal(share, goal, goals).key == key


def test_what_is_missing_from_the_figures_is_told_and_nothing_else() -> None:
    figures = {"failed": 0, "uncertain": 2, "pending": 1}
    coverage = {"lost_by_reason": {"off": 60_000, "silent": 0}, "paused_ms": 0, "waiting_ms": 5000}
    assert trust(figures, coverage) == [
        Doubt("today.lost", 60_000, True, "off"),
        Doubt("today.waiting", 5000, True),
        Doubt("today.uncertain", 2),
        Doubt("today.pending", 1),
    ]


def test_only_the_apis_that_the_operator_named_are_spoken_to() -> None:
    apis = apis_of(
        {"SALESCONTROL_API_URL": "http://a:1/, http://b:2", "SALESCONTROL_API_PUBLIC_URL": "https://a.example"}
    )
    assert dict(apis.public_urls) == {"http://a:1": "https://a.example", "http://b:2": "http://b:2"}
    assert apis.client("http://evil", "t").public_url("/x") == "https://a.example/x"
    assert apis.client("http://b:2", "t").public_url("/x") == "http://b:2/x"
    assert list(apis_of({}).public_urls) == ["http://127.0.0.1:8000"]


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (AwayError("ConnectError"), "The server does not answer. Wait a little and try again."),
        (NotAllowedError("no", "not_permitted", 403), "You may not do this."),
        (ApiError("no point", "not_found", 404), "It does not exist, or it is not yours to see."),
        (ApiError("boom", "internal_error", 500), "A mistake of ours. It is in the log; try again later."),
        (ApiError("name: is empty.", "field_invalid", 422), "The server refused: name: is empty."),
    ],
)
def test_errors_are_plain_sentences(error: ApiError, said: str) -> None:
    assert sentence(Strings("en"), error) == said
