"""Words → utterances: a turn ends at a pause, or at the end of a sentence with a breath after it."""

import math
import zlib
from collections.abc import Sequence
from itertools import pairwise

from domain.transcript import Utterance, Word

PAUSE_MS = 700
"""A pause this long ends an utterance."""
BREATH_MS = 150
"""After the end of a sentence this much is enough."""
_SENTENCE_ENDS = (".", "?", "!", "…", "。")


def group(words: Sequence[Word], no_speech_prob: float) -> tuple[Utterance, ...]:
    """`words` in ascending time. `no_speech_prob`: of the windows that they were heard in."""
    groups: list[list[Word]] = []
    for before, word in pairwise([None, *words]):
        if word is None:
            continue
        if before is None or _ends(before, word):
            groups.append([])
        groups[-1].append(word)
    return tuple(_utterance(turn, no_speech_prob) for turn in groups)


def _ends(before: Word, word: Word) -> bool:
    pause_ms = word.start_ms - before.end_ms
    return pause_ms >= PAUSE_MS or (pause_ms >= BREATH_MS and before.word.rstrip().endswith(_SENTENCE_ENDS))


def _utterance(words: Sequence[Word], no_speech_prob: float) -> Utterance:
    text = "".join(word.word for word in words).strip()
    logprob = sum(math.log(max(word.probability, 1e-6)) for word in words) / len(words)
    return Utterance(
        words[0].start_ms,
        words[-1].end_ms,
        text,
        tuple(words),
        avg_logprob=round(logprob, 4),
        no_speech_prob=round(no_speech_prob, 4),
        compression_ratio=round(compression_ratio(text), 3),
    )


def compression_ratio(text: str) -> float:
    """Bytes per compressed byte, as Whisper computes it: above 2.4 a text mostly repeats itself. 1.0 for no text."""
    encoded = text.encode()
    return len(encoded) / len(zlib.compress(encoded)) if encoded else 1.0
