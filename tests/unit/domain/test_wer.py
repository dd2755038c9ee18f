"""Word error rate."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.wer import WordErrors, normalise, word_errors


@given(st.text())
def test_a_text_has_no_errors_against_itself(text: str) -> None:
    assert word_errors(text, text).errors == 0


@pytest.mark.parametrize(
    ("reference", "hypothesis"),
    [
        ("Всё, оплата прошла.", "все оплата прошла"),
        ("Don't you?", "Don’t you"),
        ("An ice-cream!", "an ice cream"),
    ],
)
def test_case_punctuation_and_the_letter_yo_do_not_count(reference: str, hypothesis: str) -> None:
    assert normalise(reference) == normalise(hypothesis)


def test_edits_are_counted_by_kind() -> None:
    assert word_errors("one two three four five six", "one too three five six seven") == WordErrors(
        substitutions=1, deletions=1, insertions=1, reference_words=6
    )


def test_sums_weigh_every_reference_word_alike() -> None:
    total = word_errors("a b c d e f g h i", "a b c d e f g h i") + word_errors("x", "y")
    assert total.rate == pytest.approx(0.1)


def test_invented_text_over_silence_shows() -> None:
    assert word_errors("", "hello there").rate == 2.0
