from datetime import UTC, datetime, timedelta
from html import unescape
from re import sub

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.client import Dialogue, Quote, Verdict
from dashboard.strings import LANGUAGES, Strings, preferred_language
from dashboard.views import figures_html, figures_of, marked_html, table_html

NINE = datetime(2026, 3, 2, 9, tzinfo=UTC)
EVIL = "<script>alert(1)</script>"


def dialogue(verdict: Verdict | None, text: str = "Чай? Да.", asr: str = "DONE", analysis: str = "DONE") -> Dialogue:
    return Dialogue("d", "Bakery", "Till 1", NINE, NINE + timedelta(seconds=41), asr, analysis, text, verdict)


def verdict(attempted: str = "yes", quote: str = "Чай?", kind: str = "sale", model: str = "rules-1") -> Verdict:
    return Verdict(kind, attempted, 2, "accepted", (Quote(quote, NINE),), EVIL, model)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_row_shows_clock_verdict_and_quote_in_each_language(language: str) -> None:
    strings = Strings(language)
    html = table_html([dialogue(verdict())], {"Bakery": "Europe/Belgrade"}, strings)
    assert "2026-03-02 10:00:00" in html
    assert "<q>Чай?</q>" in html
    assert "2/3" in html
    assert strings("accepted") in html
    assert "<mark>Чай?</mark> Да." in html


def test_nothing_that_was_said_or_typed_becomes_html() -> None:
    row = Dialogue("d", EVIL, EVIL, NINE, NINE, "DONE", "DONE", EVIL, verdict(quote=EVIL, model=EVIL))
    strings = Strings("en")
    html = table_html([row], {}, strings) + figures_html(figures_of([row]), strings)
    assert "<script" not in html
    assert "&lt;script&gt;" in html


def test_a_dialogue_without_a_verdict_says_what_it_waits_for() -> None:
    strings = Strings("en")
    assert strings("pending") in table_html([dialogue(None, "", "PENDING", "PENDING")], {}, strings)
    assert strings("failed") in table_html([dialogue(None, "", "ERROR", "PENDING")], {}, strings)
    assert strings("skipped") in table_html([dialogue(None, "ага", "DONE", "SKIPPED")], {}, strings)
    assert strings("none") in table_html([], {}, strings)


def test_figures_show_n_interval_and_what_is_beside() -> None:
    day = [
        dialogue(verdict()),
        dialogue(verdict("no")),
        dialogue(verdict("uncertain")),
        dialogue(verdict(kind="staff")),
    ]
    html = figures_html(figures_of(day), Strings("en"))
    assert "<b>50%</b><span>Upsell offered</span><small>1 of 2 sales<br>95 %: 9% to 91%" in html
    assert "uncertain 1, staff 1" in html
    assert "rules-1" in html


def test_an_empty_day_has_dashes_for_figures() -> None:
    assert figures_html(figures_of([]), Strings("ru")).count("<b>–</b>") == 4


@given(st.text(max_size=40), st.lists(st.text(max_size=6), max_size=4))
def test_marking_quotes_changes_nothing_but_adds_marks(text: str, quotes: list[str]) -> None:
    html = marked_html(text, quotes)
    assert unescape(sub("</?mark>", "", html).replace("<br>", "\n")) == text
    assert html.count("<mark>") == html.count("</mark>")
    for quote in quotes:
        if quote and quote in text:
            assert "<mark>" in html


def test_the_browsers_language_is_taken() -> None:
    assert preferred_language("ru-RU,ru;q=0.9") == "ru"
    assert preferred_language("de, en;q=0.5") == preferred_language("") == "en"
