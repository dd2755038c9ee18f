"""A replica's work without Ray: reads audio, lets the one engine listen, keeps a broken dialogue's harm to itself."""

import asyncio
import logging
import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import replace
from typing import TypeVar

from audio.decode import RATE_HZ, Samples, decode
from audio.store import AudioStore
from configs import logs, meters
from domain import metrics as m
from domain.asr import Decoding, Failure, FailureKind, Heard
from domain.errors import Rejected, Unavailable
from domain.hallucination import gate
from domain.packing import Piece, joined, widen
from domain.suspicion import SuspicionRules
from domain.transcript import Transcript
from serve_apps.whisper.asks import Ask, HeardRecording, Recording
from serve_apps.whisper.engine import Engine
from serve_apps.whisper.options import batch_windows
from serve_apps.whisper.speech import Speech, from_recording, load_speech

log = logging.getLogger(__name__)

MAX_RECORDING_S = 4 * 3600.0
STUCK_S = 900.0
"""Longer than any batch takes on the slowest machine that is worth its power."""
AUTO = "auto"
T = TypeVar("T")


class Listener:
    """padding_ms: audio kept around speech; stretch_s: a long recording is listened to in stretches of this length, so
    that dialogues get their turn in between; find_speech: samples → speech in ms."""

    def __init__(
        self,
        engine: Engine,
        store: AudioStore,
        find_speech: Callable[[Samples], list[Piece]],
        suspicion: SuspicionRules,
        *,
        padding_ms: int,
        stretch_s: float,
    ) -> None:
        self._engine = engine
        self._store = store
        self._find_speech = find_speech
        self._suspicion = suspicion
        self._padding_ms = padding_ms
        self._stretch_ms = round(stretch_s * 1000)
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="whisper")
        self._began_s: float | None = None

    async def transcribe(self, asks: Sequence[Ask]) -> list[Heard | Failure]:
        """One answer for each, in order. Never raises for an item's sake: a failure is a value."""
        with logs.about(dialogue_ids=[ask.item.item_id for ask in asks]):
            return await self._transcribe(asks)

    async def _transcribe(self, asks: Sequence[Ask]) -> list[Heard | Failure]:
        answers: dict[int, Heard | Failure] = {}
        speeches: dict[int, Speech] = {}
        for i, loaded in enumerate(await asyncio.gather(*(self._load(ask) for ask in asks))):
            if isinstance(loaded, Failure):
                answers[i] = loaded
            else:
                speeches[i] = loaded
        groups: dict[tuple[str, Decoding], list[int]] = defaultdict(list)
        for i, speech in speeches.items():
            language = await self._language(asks[i].item.language, speech)
            if isinstance(language, Failure):
                answers[i] = language
            else:
                groups[language, asks[i].decoding].append(i)
        for (language, decoding), members in groups.items():
            named = {asks[i].item.item_id: speeches[i] for i in members}
            heard = await self._group(named, language, decoding)
            answers.update(zip(members, heard, strict=True))
        return [answers[i] for i in range(len(asks))]

    async def transcribe_recording(self, recording: Recording) -> HeardRecording | Failure:
        """A whole file: speech is found first, so that nothing is invented between."""
        try:
            samples = await asyncio.to_thread(decode, recording.encoded, max_s=MAX_RECORDING_S)
            speech = await asyncio.to_thread(self._find_speech, samples)
            transcript = await self._stretches(samples, speech, recording)
        except Exception as error:
            return failure(error)
        spoken, _ = gate(Heard(transcript, self._engine.identity), self._suspicion)
        return HeardRecording(spoken, len(samples) / RATE_HZ, recording.decoding.temperature or 0.0)

    def identity(self) -> str:
        """id@revision, compute type."""
        return self._engine.identity

    def hear_at_once(self, audio_s: float) -> None:
        """From the next batch on: the windows of so many seconds of speech together."""
        self._stretch_ms = round(audio_s * 1000)
        self._engine.batch_windows = batch_windows(audio_s)

    def check(self) -> None:
        """Raises where the engine has been at one call for so long that it must hang."""
        if self._began_s is not None and time.monotonic() - self._began_s > STUCK_S:
            raise RuntimeError(f"the engine has not come back for {STUCK_S:g} s")

    def close(self) -> None:
        """Waits for what is being transcribed."""
        self._thread.shutdown()

    async def _load(self, ask: Ask) -> Speech | Failure:
        try:
            return await asyncio.to_thread(
                load_speech, self._store, ask.item.speech, self._padding_ms, self._engine.packing
            )
        except Exception as error:
            return failure(error)

    async def _language(self, wanted: str, speech: Speech) -> str | Failure:
        try:
            if wanted != AUTO:
                return self._known(wanted)
            return await self._in_thread(lambda: self._engine.detect_language(speech))
        except Exception as error:
            return failure(error)

    def _known(self, language: str) -> str:
        if language not in self._engine.languages():
            raise Rejected(f"language {language}: Whisper knows no such; use ISO 639-1, or auto")
        return language

    async def _group(self, speeches: Mapping[str, Speech], language: str, decoding: Decoding) -> list[Heard | Failure]:
        """All at once; if that fails, one by one, so that only the one at fault fails. `speeches` by dialogue."""
        together = list(speeches.values())
        try:
            return list(await self._in_thread(lambda: self._engine.transcribe(together, language, decoding)))
        except Exception as error:
            if len(speeches) == 1:
                about = {"dialogue_id": next(iter(speeches)), "speech_ms": together[0].length_ms}
                log.exception("dialogue_failed", extra=about)
                return [failure(error)]
            log.warning("batch_failed", extra={"dialogues": len(speeches), "reason": repr(error)})
        return [(await self._group({name: speech}, language, decoding))[0] for name, speech in speeches.items()]

    async def _stretches(self, samples: Samples, found: Sequence[Piece], recording: Recording) -> Transcript:
        rules = self._engine.packing
        pieces = joined(widen(found, self._padding_ms, rules.join_ms))
        language = recording.language if recording.language == AUTO else self._known(recording.language)
        transcript = Transcript("" if language == AUTO else language, ())
        while pieces:
            end_ms = pieces[0].start_ms + self._stretch_ms
            count = max(1, sum(1 for piece in pieces if piece.end_ms <= end_ms))
            speech, pieces = from_recording(samples, pieces[:count]), pieces[count:]
            if language == AUTO:
                language = await self._in_thread(lambda s=speech: self._engine.detect_language(s))  # type: ignore[misc]
            (heard,) = await self._in_thread(
                lambda s=speech, lang=language: self._engine.transcribe([s], lang, recording.decoding)  # type: ignore[misc]
            )
            utterances = transcript.utterances + heard.transcript.utterances
            transcript = replace(transcript, language=language, utterances=utterances)
        return transcript

    async def _in_thread(self, work: Callable[[], T]) -> T:
        context = copy_context()  # the thread's lines in the log say what they are about
        return await asyncio.get_running_loop().run_in_executor(self._thread, context.run, self._timed, work)

    def _timed(self, work: Callable[[], T]) -> T:
        self._began_s = time.monotonic()
        try:
            return work()
        finally:
            meters.count(m.BUSY, time.monotonic() - self._began_s, model=self._engine.identity)
            self._began_s = None


def failure(error: Exception) -> Failure:
    """The value that stands for an error."""
    if isinstance(error, Rejected):
        return Failure(FailureKind.REJECTED, str(error))
    if isinstance(error, Unavailable):
        return Failure(FailureKind.UNAVAILABLE, str(error), error.retry_after_s)
    return Failure(FailureKind.TRANSIENT, f"{type(error).__name__}: {error}")
