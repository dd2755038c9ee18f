"""Text that Whisper invents where nobody speaks: film captions, fillers, loops."""

import re
from dataclasses import replace

from domain.asr import Heard
from domain.suspicion import SuspicionRules, longest_run
from domain.transcript import Transcript, Utterance
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


def is_caption(utterance: Utterance) -> bool:
    """A film caption, not speech."""
    return _CAPTIONS.fullmatch(" ".join(normalise(utterance.text))) is not None


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
    if spoken.no_speech_prob > rules.max_no_speech and spoken.avg_logprob < rules.min_avg_logprob:
        return "invented_in_silence"
    doubtful = spoken.avg_logprob < _FILLER_MIN_LOGPROB or spoken.no_speech_prob > _FILLER_MAX_NO_SPEECH
    if doubtful and " ".join(words) in _FILLERS:
        return "only_a_filler"
    if longest_run(words) >= _LOOP and len(set(words)) <= 3:
        return "only_a_loop"
    return None
