"""Periods and changes in words."""

from datetime import date

import pytest

from dashboard.strings import Strings
from dashboard.wording import Wording
from domain.change import Change, Period

EN, RU = Wording(Strings("en")), Wording(Strings("ru"))


@pytest.mark.parametrize(
    ("first", "last", "said"),
    [
        (date(2026, 11, 25), date(2026, 11, 25), "Wed, 25 Nov 2026"),
        (date(2026, 11, 12), date(2026, 11, 18), "12–18 Nov 2026"),
        (date(2026, 10, 29), date(2026, 11, 25), "29 Oct – 25 Nov 2026"),
        (date(2025, 12, 30), date(2026, 1, 5), "30 Dec 2025 – 5 Jan 2026"),
    ],
)
def test_a_period_says_no_more_than_it_must(first: date, last: date, said: str) -> None:
    assert EN.period(Period(first, last)).replace("\u00a0", " ") == said


@pytest.mark.parametrize(
    ("change", "tone", "said"),
    [
        (Change(0.09, 0.02, 0.16), "better", "▲ +9 pp: clearly better"),
        (Change(-0.09, -0.16, -0.02), "worse", "▼ −9 pp: clearly worse"),
        (Change(0.03, -0.05, 0.11), "noise", "+3 pp: may be chance"),
        (Change(None, None, None), "unknown", "nothing to compare with"),
        (None, "unknown", "nothing to compare with"),
    ],
)
def test_a_change_is_called_by_how_sure_it_is(change: Change | None, tone: str, said: str) -> None:
    found = EN.change(change)
    assert (found.tone, found.text.replace("\u00a0", " ")) == (tone, said)


def test_a_change_of_an_average_is_in_its_own_unit() -> None:
    found = RU.change({"difference": -0.31, "low": -0.7, "high": 0.1}, is_share=False)
    assert found.text == "−0,3: может быть случайностью"
    assert "от −0,7 до +0,1" in found.title


def test_what_has_no_name_is_called_as_it_was_typed() -> None:
    assert RU.label("category", "dessert") == "десерт"
    assert RU.label("category", "свечи") == "свечи"
