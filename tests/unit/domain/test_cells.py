"""Cells that no spreadsheet runs as a formula."""

import pytest

from domain.cells import cell, is_formula


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t=", "\r=", "＝", "  =", "\n=", "\u00a0@"])
def test_what_would_be_a_formula_is_made_text(start: str) -> None:
    assert is_formula(f"{start}1+1")
    assert cell(f"{start}1+1").startswith("'")


def test_numbers_stay_numbers_and_text_stays_on_one_line() -> None:
    assert [cell(value) for value in (-1, -0.25, None, True, "два\nслова\r\n")] == [
        "-1",
        "-0.25",
        "",
        "true",
        "два слова",
    ]
