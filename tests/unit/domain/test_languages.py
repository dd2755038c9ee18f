"""The languages that a point may be given."""

import pytest
from faster_whisper.tokenizer import _LANGUAGE_CODES

from domain.languages import WHISPER_LANGUAGES, is_spoken_language


def test_they_are_exactly_those_that_faster_whisper_knows() -> None:
    assert frozenset(_LANGUAGE_CODES) == WHISPER_LANGUAGES


@pytest.mark.parametrize(
    ("code", "known"), [("ru", True), ("auto", True), ("xx", False), ("RU", False), ("", False), ("russian", False)]
)
def test_a_code_or_auto_is_a_language_and_nothing_else(code: str, known: bool) -> None:
    assert is_spoken_language(code) is known
