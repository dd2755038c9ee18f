"""Keeps a language model from being asked about what nobody said: too short, no words. Decides from the transcript."""

import re
from dataclasses import dataclass

from domain.rules.engine import LEXICONS
from domain.rules.sentences import normalise
from domain.transcript import Transcript

NO_WORDS = "no_words"
TOO_SHORT = "too_short"

_CAPTION = re.compile(r"[\[(*♪][^\])*♪]*[\])*♪]")
"""[music], (applause), *beep*, ♪ … ♪: Whisper's captions for sounds."""

_PHANTOM = re.compile(
    r"(?:продолжение следует|субтитры \w+(?: \w+)?|редактор субтитров.*|спасибо за просмотр|спасибо за внимание|"
    r"телефонный звонок|играет музыка|музыка|аплодисменты|"
    r"thanks? (?:you )?(?:so much )?for watching|subtitles by.*|please subscribe|you|music)"
)
"""What Whisper is known to write over noise; alone it is no speech."""


@dataclass(frozen=True, slots=True)
class PrefilterRules:
    """min_words: fewer are too few; min_duration_ms: shorter speech is too short. A marker rescues either."""

    min_words: int
    min_duration_ms: int


def skip_reason(transcript: Transcript, rules: PrefilterRules) -> str | None:
    """Why the dialogue is not worth judging (NO_WORDS, TOO_SHORT), or None where it is.

    A short one that holds an offer, a closing question or a payment phrase of its language is judged all the same.
    """
    lines = [normalise(_CAPTION.sub(" ", u.text)) for u in transcript.utterances]
    lines = [line for line in lines if line and not _PHANTOM.fullmatch(line)]
    words = sum(len(line.split()) for line in lines)
    if words == 0:
        return NO_WORDS
    duration_ms = sum(u.end_ms - u.start_ms for u in transcript.utterances)
    is_short = words < rules.min_words or duration_ms < rules.min_duration_ms
    return TOO_SHORT if is_short and not _has_marker(lines, transcript.language) else None


def _has_marker(lines: list[str], language: str) -> bool:
    lexicon = LEXICONS.get(language)
    if lexicon is None:
        return False
    markers = (lexicon.offers.offer, lexicon.offers.closing, lexicon.talk.payment)
    return any(marker.search(line) for line in lines for marker in markers)
