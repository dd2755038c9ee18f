"""Transcripts as subtitles and as OpenAI's JSON."""

from domain.transcript import Transcript, Utterance, Word
from serve_apps.whisper.asks import HeardRecording
from serve_apps.whisper.subtitles import plain, srt, verbose, vtt

HEARD = HeardRecording(
    Transcript(
        "en",
        (
            Utterance(
                40, 1_900, "Hello there.", (Word(40, 500, " Hello", 0.9), Word(600, 1_900, " there.", 0.8)), -0.1
            ),
            Utterance(3_723_004, 3_724_000, "a --> b", (Word(3_723_004, 3_724_000, " a", 0.7),)),
        ),
    ),
    3_725.5,
    0.0,
)
SILENCE = HeardRecording(Transcript("en", ()), 2.0, 0.0)


def test_subrip_numbers_its_cues_and_puts_commas() -> None:
    assert srt(HEARD) == (
        "1\n00:00:00,040 --> 00:00:01,900\nHello there.\n\n2\n01:02:03,004 --> 01:02:04,000\na -> b\n\n"
    )


def test_webvtt_begins_with_its_name_and_puts_dots() -> None:
    assert vtt(HEARD).startswith("WEBVTT\n\n00:00:00.040 --> 00:00:01.900\nHello there.\n\n")


def test_silence_is_an_empty_text_and_a_file_without_cues() -> None:
    assert (plain(SILENCE), srt(SILENCE), vtt(SILENCE)) == ("", "", "WEBVTT\n\n")


def test_verbose_holds_only_the_granularities_that_were_asked_for() -> None:
    both, words = verbose(HEARD, ["word", "segment"]), verbose(HEARD, ["word"])
    assert [w["word"] for w in both["words"]] == ["Hello", "there.", "a"]
    assert (both["segments"][0]["start"], both["segments"][0]["end"]) == (0.04, 1.9)
    assert "segments" not in words
    assert (both["language"], both["duration"], both["text"]) == ("en", 3_725.5, "Hello there. a --> b")
