"""The real Whisper application with a clock for an engine: how long it takes depends on nothing else."""

import time
from collections.abc import Sequence

from ray.serve import Application

from audio.open import open_store
from configs.settings import load
from domain.asr import Decoding, Heard
from domain.packing import PackingRules
from domain.transcript import Transcript, Utterance, Word
from serve_apps.whisper.deployment import WhisperArgs, WhisperReplica, application_of
from serve_apps.whisper.listener import Listener
from serve_apps.whisper.options import suspicion_rules
from serve_apps.whisper.speech import Speech

TIMES_REAL_TIME = 40


class TimedEngine:
    """Hears a word a second, `TIMES_REAL_TIME` as fast as they were said."""

    identity = "clock@1"
    packing = PackingRules()
    batch_windows = 1

    def languages(self) -> Sequence[str]:
        return ["en", "ru"]

    def transcribe(self, speeches: Sequence[Speech], language: str, decoding: Decoding) -> list[Heard]:
        time.sleep(self.takes_s(speeches))
        return [Heard(Transcript(language, (_said(speech),)), self.identity) for speech in speeches]

    def takes_s(self, speeches: Sequence[Speech]) -> float:
        return sum(speech.length_ms for speech in speeches) / 1000 / TIMES_REAL_TIME


class TimedReplica(WhisperReplica):
    """Batches, takes new configurations and drains as the real one does."""

    engine: type[TimedEngine] = TimedEngine

    def __init__(self, model: str, compute_type: str) -> None:
        settings, engine = load(), self.engine()
        self._device = "cpu"
        suspicion = suspicion_rules(settings.asr)
        self._listener = Listener(
            engine,  # type: ignore[arg-type]
            open_store(settings),
            lambda samples: [],
            suspicion,
            padding_ms=settings.asr.padding_ms,
            stretch_s=settings.asr.batch_audio_s,
        )


def build(args: WhisperArgs) -> Application:
    return application_of(TimedReplica)


def _said(speech: Speech) -> Utterance:
    words = tuple(Word(at, at + 900, f" word{at}", 0.9) for at in range(0, speech.length_ms, 1000))
    return Utterance(0, speech.length_ms, "".join(word.word for word in words), words)
