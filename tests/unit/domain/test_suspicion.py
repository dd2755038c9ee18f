"""Reasons to listen again, the gate against invented text, utterances, and how many dialogues are in flight."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.asr import Heard, window_size
from domain.hallucination import gate, min_logprob
from domain.suspicion import SuspicionRules, better, reasons
from domain.transcript import Transcript, Word
from domain.utterances import group

RULES = SuspicionRules()


def heard(text: str, probability: float = 0.9, no_speech: float = 0.05, seconds: float = 10.0) -> Heard:
    """Words evenly over the time, as one utterance for each sentence."""
    spoken = text.split()
    step_ms = round(seconds * 1000 / max(1, len(spoken)))
    words = [Word(i * step_ms, (i + 1) * step_ms - 160, f" {w}", probability) for i, w in enumerate(spoken)]
    return Heard(Transcript("ru", group(words, no_speech)), "base@1, int8")


TALK = "Добрый день, какая колонка? Четвёртая, до полного бака. Карта лояльности есть? Да, вот она."


def test_ordinary_talk_gives_no_reason() -> None:
    assert reasons(heard(TALK), 10_000, RULES) == ()


@pytest.mark.parametrize(
    ("transcript", "reason"),
    [
        (heard(TALK, probability=0.4), "low_logprob"),
        (heard("Да."), "little_text"),
        (heard(""), "little_text"),
        (heard("спасибо большое " * 12), "repetition"),
        (heard(TALK * 6), "repetition"),
        (heard(TALK, no_speech=0.8), "text_in_silence"),
    ],
)
def test_what_looks_wrong_is_named(transcript: Heard, reason: str) -> None:
    assert reason in reasons(transcript, 10_000, RULES)


def test_the_second_try_counts_unless_it_is_worse() -> None:
    good, bad = heard(TALK), heard("да " * 30)
    assert better(bad, good, 10_000, RULES) is good
    assert better(good, bad, 10_000, RULES) is good
    assert better(good, other := heard(TALK, probability=0.8), 10_000, RULES) is other


@pytest.mark.parametrize(
    "text",
    [
        "ТЕЛЕФОННЫЙ ЗВОНОК",
        "Продолжение следует...",
        "Субтитры сделал DimaTorzok",
        "Редактор субтитров А.Семкин Корректор А.Егорова",
        "Спасибо за просмотр!",
        "Thank you for watching!",
        "Subtitles by the Amara.org community",
        "Hvala što pratite kanal.",
        "СПОКОЙНАЯ СПОКОЙНАЯ МУЗЫКА. МУЗЫКА",
        "Телефонный звонок, телефонный звонок",
        "ПОЛИЦЕЙСКАЯ СИРЕНА",
        "WHISTLE BLOWS",
        "BEEP",
    ],
)
def test_film_captions_leave_a_transcript_without_utterances_and_a_reason(text: str) -> None:
    transcript, reason = gate(heard(text, no_speech=0.4), RULES)
    assert transcript.utterances == ()
    assert reason == "only_captions"


def test_a_caption_between_real_turns_is_dropped_and_the_turns_stay() -> None:
    transcript, reason = gate(heard(f"{TALK} Продолжение следует... До свидания."), RULES)
    assert reason is None
    assert "Продолжение" not in transcript.text
    assert "До свидания" in transcript.text


def test_a_real_thank_you_is_kept_and_an_invented_one_is_not() -> None:
    assert gate(heard("Спасибо.", probability=0.95), RULES)[1] is None
    assert gate(heard("Спасибо.", probability=0.4, no_speech=0.5), RULES)[1] == "only_a_filler"


def test_nothing_heard_is_a_result_not_an_error() -> None:
    assert gate(heard(""), RULES) == (Transcript("ru", ()), "no_words")


def test_the_gate_leaves_ordinary_talk_as_it_is() -> None:
    assert gate(heard(TALK), RULES) == (heard(TALK).transcript, None)


def test_unsure_words_in_what_the_model_calls_silence_are_invented() -> None:
    assert gate(heard("Она вышла к реке вчера", 0.3, no_speech=0.9), RULES)[1] == "invented_in_silence"


def timed(words: list[tuple[str, int, float]], no_speech: float, language: str = "ru") -> Heard:
    """Words one after another: text, ms, probability."""
    at_ms, placed = 0, []
    for text, length_ms, probability in words:
        placed.append(Word(at_ms, at_ms + length_ms, f" {text}", probability))
        at_ms += length_ms
    return Heard(Transcript(language, group(placed, no_speech)), "base@1, int8")


INVENTED = {
    "beeps, hardly believed, just under the limit of silence": timed(
        [("Дай-ка-ка-ка,", 1_400, 0.03), ("я", 0, 0.02), ("же", 0, 0.05), ("не", 0, 0.19), ("знаю.", 0, 0.08)], 0.599
    ),
    "music, in half a silence": timed([("Погрел.", 1_400, 0.108)], 0.4998),
    "music, heaped on one instant": timed([("Вдом", 1_400, 0.6), ("и", 0, 0.5)], 0.2),
    "words that nobody would believe, though it sounds like speech": timed([("Она", 300, 0.05), ("шла", 300, 0.05)], 0),
    "one long vowel": timed([("А" + "а" * 70, 1_400, 0.96)], 0.4998),
}
"""What Whisper base made of sounds without speech."""


@pytest.mark.parametrize("transcript", INVENTED.values(), ids=INVENTED)
def test_what_whisper_made_of_sounds_is_not_speech(transcript: Heard) -> None:
    assert gate(transcript, RULES)[0].utterances == ()


HEARD = {
    "a short answer, hardly understood": timed([("Да,", 200, 0.06), ("вот", 160, 0.15), ("она", 300, 0.19)], 0.26),
    "a price in noise": timed([("Синсон", 500, 0.3), ("и", 100, 0.2), ("Матсид.", 600, 0.21)], 0.12),
    "a dialogue at 5 dB above noise": timed([("Хорошо,", 400, 0.45), ("вернуть.", 480, 0.38)], 0.43),
    "one word of many without time": timed(
        [("Один", 300, 0.9), ("и", 20, 0.9), ("два", 300, 0.9), ("и", 80, 0.9)], 0.1
    ),
    "an abbreviation": timed([("USB,", 500, 0.9)], 0.1),
}


@pytest.mark.parametrize("transcript", HEARD.values(), ids=HEARD)
def test_real_speech_that_was_heard_badly_is_kept(transcript: Heard) -> None:
    assert gate(transcript, RULES) == (transcript.transcript, None)


@settings(deadline=None)
@given(st.floats(0, 1), st.floats(0, 1))
def test_the_more_silence_is_heard_the_surer_the_words_must_be(one: float, other: float) -> None:
    assert min_logprob(min(one, other), RULES) <= min_logprob(max(one, other), RULES)
    assert min_logprob(0, RULES) <= min_logprob(one, RULES) <= RULES.min_avg_logprob


words_in_time = st.lists(st.tuples(st.integers(0, 2_000), st.integers(0, 900), st.sampled_from(["да", "нет.", "что?"])))


@settings(deadline=None)
@given(words_in_time)
def test_grouping_keeps_every_word_in_order(spans: list[tuple[int, int, str]]) -> None:
    at_ms, words = 0, []
    for pause_ms, length_ms, word in spans:
        words.append(Word(at_ms + pause_ms, at_ms + pause_ms + length_ms, f" {word}", 0.5))
        at_ms = words[-1].end_ms
    utterances = group(words, 0.1)
    assert [word for utterance in utterances for word in utterance.words] == words
    assert all(u.start_ms == u.words[0].start_ms and u.end_ms == u.words[-1].end_ms for u in utterances)
    assert all(u.avg_logprob == pytest.approx(math.log(0.5), abs=1e-3) for u in utterances)


def test_a_sentence_that_ends_with_a_breath_and_a_long_pause_end_utterances() -> None:
    words = [Word(0, 300, " Да.", 1), Word(500, 800, " Вот", 1), Word(850, 900, " она", 1), Word(1_700, 1_900, " и", 1)]
    assert [u.text for u in group(words, 0)] == ["Да.", "Вот она", "и"]


def test_the_window_keeps_every_replica_busy_and_asks_on_where_there_is_none() -> None:
    assert [window_size(replicas, 16) for replicas in (0, 1, 4)] == [16, 16, 64]
