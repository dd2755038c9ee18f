"""What is not worth judging is skipped with a reason."""

import pytest

from domain.prefilter import NO_WORDS, TOO_SHORT, PrefilterRules, skip_reason
from domain.transcript import Transcript, Utterance

RULES = PrefilterRules(min_words=3, min_duration_ms=3000)


def heard(*lines: str, language: str = "ru", each_ms: int = 2000) -> Transcript:
    return Transcript(language, tuple(Utterance(5000 * i, 5000 * i + each_ms, line) for i, line in enumerate(lines)))


@pytest.mark.parametrize(
    "lines", [(), ("",), ("...",), ("[музыка]",), ("*beep*", "(applause)"), ("♪ la la ♪",), ("Продолжение следует...",)]
)
def test_sounds_and_what_the_recogniser_writes_over_noise_are_no_words(lines: tuple[str, ...]) -> None:
    assert skip_reason(heard(*lines), RULES) == NO_WORDS


def test_few_words_are_too_short() -> None:
    assert skip_reason(heard("Добрый день.", "Ага."), RULES) is None
    assert skip_reason(heard("Ага.", "Угу."), RULES) == TOO_SHORT


def test_little_time_is_too_short() -> None:
    assert skip_reason(heard("Ну вот так вот оно и бывает", each_ms=900), RULES) == TOO_SHORT


@pytest.mark.parametrize(
    ("language", "line"), [("ru", "Что-нибудь ещё?"), ("ru", "Картой."), ("en", "Anything else?"), ("en", "Card?")]
)
def test_a_marker_rescues_a_short_dialogue(language: str, line: str) -> None:
    assert skip_reason(heard(line, language=language, each_ms=800), RULES) is None


def test_a_language_without_rules_has_no_markers() -> None:
    assert skip_reason(heard("Još nešto?", language="sr", each_ms=800), RULES) == TOO_SHORT
    assert skip_reason(heard("Dobar dan, izvolite.", "Jednu kafu, molim.", language="sr"), RULES) is None
