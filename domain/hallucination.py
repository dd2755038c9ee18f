"""Text that Whisper invents where nobody speaks: film captions, fillers, loops."""

import re
from dataclasses import replace

from domain.asr import Heard
from domain.suspicion import SuspicionRules, longest_run
from domain.transcript import Transcript, Utterance
from domain.utterances import compression_ratio
from domain.wer import normalise

_CAPTIONS = re.compile(
    "|".join(
        (
            r"субтитр\w* (сделал|создавал|делал|подготовил|добавил|и редакт)\w*.*",
            r"редактор субтитров.*",
            r"корректор [а-я] ?[а-я]+",
            r"продолжение следует",
            r"(телефонный|дверной|школьный) звонок",
            r"(\w+ая )?музыка(льная заставка)?|музыкальная заставка|играет \w*\s?музыка",
            r"аплодисменты|смех|выстрелы?|стук в дверь|шум (мотора|ветра|дождя|двигателя)|звук \w+",
            r"(спасибо|благодарю) за (просмотр|внимание)",
            r"подпи(сывайтесь|шитесь) на (мой |наш )?канал.*|ставьте лайки.*",
            r".*amara org.*|.*dimatorzok.*",
            r"(subtitles|captions|transcription|translated|subtitled) by.*",
            r"(thank you|thanks)( so much| very much)? for watching.*",
            r"(please )?(like and )?subscribe.*",
            r"see you (in the )?next (video|time)",
            r"music( playing)?|applause|phone ringing",
            r"hvala( vam)? (što|sto) (pratite|gledate|ste gledali).*|hvala na (gledanju|pažnji|paznji)",
            r"titl(ov|ova|ovi)\w*.*|prijevod.*|nastavi(će|t će) se",
            r"хвала што (пратите|гледате|сте гледали).*|титл\w*.*",
        )
    )
)
"""Captions of films and videos, in Russian, English and Serbian: Whisper learned from them to fill stretches without
words. Only an utterance that is nothing else counts."""

_FILLERS = frozenset(
    ("спасибо", "пока", "да", "угу", "ну", "you", "thank you", "thanks", "bye", "okay", "oh", "hvala", "хвала", "da")
)
"""Said at counters and invented in noise alike: where nothing else is said, the model must be sure of them."""
_FILLER_MIN_LOGPROB = -0.5
_FILLER_MAX_NO_SPEECH = 0.3
_LOOP = 5
_DISBELIEVED_LOGPROB = -2.5
"""Words that the model itself hardly believes, however much speech it hears. Dialogues of the sample day with Whisper
base: -0.47 at worst, -0.89 under pink noise 5 dB below them; a single answer cut out of them: -2.1. What base wrote of
beeps and music: down to -4.0."""
_DOUBT_PER_SILENCE = 5.0
"""Log probability that words must gain for each unit of no-speech probability, see `min_logprob`. The sample day's
dialogues stay over that line by 1.4 at least, under noise at 10 dB by 1.3, at 5 dB by 0.7, single answers by 0.3; of
300 stretches of pink noise, a fridge, beeps and music in three precisions and on four kinds of processor, what was left
for this line to judge lay 1.0 and more below it, or was caught by the rules after it."""
_SQUEEZED_MS = 20
"""Whisper's resolution. Invented words have no place in the sound, so its alignment heaps them on one instant."""
_MAX_SQUEEZED = 1 / 3
"""Of all words. In dialogues and single answers of the sample day, clean and noisy, at most 0.05 and 0.25; in what was
invented of sounds, captions included, mostly 0.5 and more."""
_SHOUTED = 4
"""Letters. Whisper writes speech in sentences, and sounds in capitals: ПОЛИЦЕЙСКАЯ СИРЕНА, WHISTLE BLOWS."""


def is_caption(utterance: Utterance) -> bool:
    """A film caption or the name of a sound, not speech. Said twice, it is one still."""
    once = dict.fromkeys(normalise(utterance.text))
    shouted = utterance.text.isupper() and any(word.isalpha() and len(word) >= _SHOUTED for word in once)
    return shouted or _CAPTIONS.fullmatch(" ".join(once)) is not None


def min_logprob(no_speech_prob: float, rules: SuspicionRules) -> float:
    """How sure the words must be: the more of silence the model hears, the surer.

    A line through the corner of OpenAI's rule for silence (no speech 0.6, log probability here -0.7), cut off at both
    ends, so that no figure decides alone that a rounding error of another processor may move over its limit.
    """
    short_of_silence = max(0.0, rules.max_no_speech - no_speech_prob)
    return max(_DISBELIEVED_LOGPROB, rules.min_avg_logprob - _DOUBT_PER_SILENCE * short_of_silence)


def gate(heard: Heard, rules: SuspicionRules) -> tuple[Transcript, str | None]:
    """The transcript without what nobody said. Where nothing is left: no utterances, and the reason."""
    transcript = heard.transcript
    spoken = replace(transcript, utterances=tuple(u for u in transcript.utterances if not is_caption(u)))
    reason = _reason(transcript, replace(heard, transcript=spoken), rules)
    return (spoken, None) if reason is None else (replace(transcript, utterances=()), reason)


def _reason(whole: Transcript, spoken: Heard, rules: SuspicionRules) -> str | None:
    words = normalise(spoken.transcript.text)
    if not words:
        return "only_captions" if whole.text else "no_words"
    if spoken.avg_logprob < min_logprob(spoken.no_speech_prob, rules):
        return "invented_in_silence"
    if _squeezed(spoken.transcript) >= _MAX_SQUEEZED:
        return "words_without_time"
    doubtful = spoken.avg_logprob < _FILLER_MIN_LOGPROB or spoken.no_speech_prob > _FILLER_MAX_NO_SPEECH
    if doubtful and " ".join(words) in _FILLERS:
        return "only_a_filler"
    repeats = longest_run(words) >= _LOOP or compression_ratio(spoken.transcript.text) > rules.max_compression
    if repeats and len(set(words)) <= 3:
        return "only_a_loop"
    return None


def _squeezed(transcript: Transcript) -> float:
    """The share of words that last no time; 0 where there are none."""
    lengths_ms = [word.end_ms - word.start_ms for utterance in transcript.utterances for word in utterance.words]
    return sum(length <= _SQUEEZED_MS for length in lengths_ms) / max(1, len(lengths_ms))
