"""When not to believe a transcript: reasons to listen again."""

from collections.abc import Iterator
from dataclasses import dataclass

from domain.asr import Heard
from domain.utterances import compression_ratio
from domain.wer import normalise


@dataclass(frozen=True, slots=True)
class SuspicionRules:
    """`min_avg_logprob`: mean log probability below this is a guess (the original product's threshold)."""

    min_avg_logprob: float = -0.7
    min_chars_per_s: float = 4.0
    """Of speech. Talk at a counter runs at 9 to 13; half of that has skipped something."""
    max_chars_per_s: float = 30.0
    max_compression: float = 2.4
    """OpenAI's own threshold for repetition."""
    max_no_speech: float = 0.6
    """OpenAI's own threshold for silence."""
    min_judged_s: float = 3.0
    """Less speech says nothing about how dense the text should be."""


def reasons(heard: Heard, speech_ms: int, rules: SuspicionRules) -> tuple[str, ...]:
    """Why a better model or a wider search should listen again; empty where all is well. `speech_ms`: by the VAD."""
    return tuple(_reasons(heard, speech_ms / 1000, rules))


def _reasons(heard: Heard, speech_s: float, rules: SuspicionRules) -> Iterator[str]:
    text = heard.transcript.text
    if text and heard.avg_logprob < rules.min_avg_logprob:
        yield "low_logprob"
    if speech_s >= rules.min_judged_s and len(text) / speech_s < rules.min_chars_per_s:
        yield "little_text"
    if is_garbled(text, speech_s, rules):
        yield "repetition"
    if text and heard.no_speech_prob > rules.max_no_speech:
        yield "text_in_silence"


def is_garbled(text: str, speech_s: float, rules: SuspicionRules) -> bool:
    """The same words over and over, or more text than anybody can say in that time."""
    too_fast = speech_s >= rules.min_judged_s and len(text) / speech_s > rules.max_chars_per_s
    return too_fast or compression_ratio(text) > rules.max_compression or longest_run(normalise(text)) >= 5


def longest_run(words: list[str]) -> int:
    """How often in a row the same one, two or three words come."""
    longest = 0
    for width in (1, 2, 3):
        run = 1
        for i in range(width, len(words) - width + 1, width):
            run = run + 1 if words[i : i + width] == words[i - width : i] else 1
            longest = max(longest, run)
    return longest


def better(first: Heard, second: Heard, speech_ms: int, rules: SuspicionRules) -> Heard:
    """The one with fewer reasons against it; the second, made with more effort, where they are even."""
    against = [len(reasons(heard, speech_ms, rules)) for heard in (first, second)]
    return first if against[0] < against[1] else second
