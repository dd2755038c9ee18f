"""Measures of agreement in sentences."""

from typing import Any

import pytest

from dashboard.agreement.said import confusion_table, corrected_said, kappa_said, sample_said
from dashboard.strings import Strings
from dashboard.wording import Wording
from domain.agreement import WhyNot

EN = Wording(Strings("en"))
RU = Wording(Strings("ru"))


def corrected(value: float, low: float, high: float, apparent: float = 0.6) -> dict[str, Any]:
    return {"why_not": None, "apparent": {"value": apparent}, "value": value, "low": low, "high": high}


def sample(n: int) -> dict[str, Any]:
    return {"sample": {"n": n, "wanted": 97, "missing": max(0, 97 - n), "is_enough": n >= 97}}


def test_a_small_sample_says_how_many_are_missing() -> None:
    assert sample_said(RU, sample(76)).text.endswith("Нужен ещё 21 диалог.")
    assert "Review 97" in sample_said(EN, sample(0)).text
    assert sample_said(EN, sample(76)).tone == "warn"
    assert sample_said(EN, sample(120)).tone == "good"


def test_a_wide_interval_is_not_taken_for_agreement() -> None:
    assert "so wide" in corrected_said(EN, corrected(0.42, 0.04, 0.72)).text
    assert "may be chance" in corrected_said(EN, corrected(0.55, 0.5, 0.65)).text


def test_a_clear_difference_says_which_way_the_machine_errs() -> None:
    assert "more offers than there are" in corrected_said(EN, corrected(0.4, 0.3, 0.5)).text
    assert "misses some" in corrected_said(EN, corrected(0.8, 0.7, 0.9)).text


@pytest.mark.parametrize("why", WhyNot)
def test_every_reason_for_no_correction_has_its_words(why: WhyNot) -> None:
    for words in (EN, RU):
        assert len(corrected_said(words, {"why_not": why.value}).text) > 20


@pytest.mark.parametrize(
    ("value", "level"),
    [(1.0, "almost perfect"), (0.7, "substantial"), (0.5, "moderate"), (0.3, "fair"), (0.1, "slight"), (-0.2, "none")],
)
def test_kappa_has_a_word_and_its_limits(value: float, level: str) -> None:
    said = kappa_said(EN, {"value": value, "low": value - 0.1, "high": value + 0.1}).text
    assert level in said
    assert f"{value - 0.1:.2f}" in said.replace("−", "-")


def test_kappa_of_three_dialogues_is_given_no_word() -> None:
    said = kappa_said(EN, {"value": 1.0, "low": -0.26, "high": 1.0}).text
    assert "can't be told from so few" in said
    assert "−0.26" in said


def test_kappa_that_is_not_defined_is_not_shown_as_nought() -> None:
    assert "can't be told" in kappa_said(EN, {"value": None}).text


def test_a_table_leaves_out_what_nobody_said() -> None:
    found = {
        "first": "machine",
        "second": "reviewer",
        "labels": ["yes", "no", "uncertain", "no_sale"],
        "counts": [[3, 1, 0, 0], [0, 0, 0, 0], [0, 0, 0, 0], [0, 0, 0, 2]],
    }
    table = confusion_table(EN, found)
    assert table.columns == ("offered", "not offered", "no sale")
    assert [[cell.n for cell in cells] for _, cells in table.rows] == [[3, 1, 0], [0, 0, 0], [0, 0, 2]]
    assert [cell.is_same for cell in table.rows[2][1]] == [False, False, True]
