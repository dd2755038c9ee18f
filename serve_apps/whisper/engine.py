"""One loaded Whisper model and how it listens: packed windows of many dialogues, or one dialogue at a time."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import chain
from statistics import fmean

import numpy as np
from faster_whisper import BatchedInferencePipeline, WhisperModel
from faster_whisper.transcribe import Segment

from audio.decode import RATE_HZ, Samples
from configs import meters
from domain import metrics as m
from domain.asr import Decoding, Heard
from domain.packing import HeardWord, PackingRules, Window, carry_back, holes, joined, pack, whole_words
from domain.suspicion import SuspicionRules, better, reasons
from domain.transcript import Transcript, Word
from domain.utterances import group
from serve_apps.whisper.models import ModelFiles
from serve_apps.whisper.speech import SAMPLES_PER_MS, Speech

SLOT_S = 30
"""Windows of a batch start this far apart in their array, so that a segment's position names its window."""
ALONE = PackingRules(max_window_ms=3_600_000, gap_ms=1_000, join_ms=1_000, look_back_ms=0)
"""One dialogue by itself: Whisper slides over it by its own rules, and longer pauses help it to find sentences."""
TEMPERATURES = (0.0, 0.4, 0.8)
"""Half of faster-whisper's own ladder: a window that fails at three temperatures holds no words."""
HOLE_MS = 1_500
"""Speech this long without a word was skipped and is listened to again."""
HOLE_MIN_PROBABILITY = 0.5
"""Less sure words in a hole are noise."""


@dataclass(slots=True)
class _Notes:
    """What was heard of one dialogue so far."""

    words: list[Word] = field(default_factory=list)
    no_speech: list[float] = field(default_factory=list)


class Engine:
    """Blocking, one call at a time: call it from one thread.

    batch_windows: windows that the model decodes at once; may change between two calls.
    """

    def __init__(
        self, model: WhisperModel, identity: str, packing: PackingRules, suspicion: SuspicionRules, batch_windows: int
    ) -> None:
        self._model = model
        self._pipeline = BatchedInferencePipeline(model)
        self.identity = identity
        self.packing = packing
        self._suspicion = suspicion
        self.batch_windows = batch_windows

    def languages(self) -> Sequence[str]:
        """What the model understands, ISO 639-1."""
        return list(self._model.supported_languages)

    def detect_language(self, speech: Speech) -> str:
        """The language of the first 30 s of speech."""
        language, _, _ = self._model.detect_language(np.concatenate([sound.samples for sound in speech.sounds]))
        return str(language)

    def transcribe(self, speeches: Sequence[Speech], language: str, decoding: Decoding) -> list[Heard]:
        """One transcript for each, in order; `language` ISO 639-1, the same for all."""
        meters.count(m.HEARD_AUDIO, sum(speech.length_ms for speech in speeches) / 1000, model=self.identity)
        if not decoding.pack:
            meters.count(m.HEARD, len(speeches), model=self.identity, how="alone")
            return [self._alone(speech, language, decoding) for speech in speeches]
        return [
            self._again_if_suspicious(heard, speech, language, decoding)
            for heard, speech in zip(self._packed(speeches, language, decoding), speeches, strict=True)
        ]

    def _again_if_suspicious(self, heard: Heard, speech: Speech, language: str, decoding: Decoding) -> Heard:
        is_suspicious = bool(reasons(heard, speech.length_ms, self._suspicion))
        meters.count(m.HEARD, model=self.identity, how="again" if is_suspicious else "packed")
        if not is_suspicious:
            return heard
        return better(heard, self._alone(speech, language, decoding), speech.length_ms, self._suspicion)

    def _packed(self, speeches: Sequence[Speech], language: str, decoding: Decoding) -> list[Heard]:
        pieces = [speech.pieces(owner) for owner, speech in enumerate(speeches)]
        notes = self._listen(speeches, pack(list(chain(*pieces)), self.packing), language, decoding)
        skipped = [hole for o, mine in enumerate(pieces) for hole in holes(joined(mine), notes[o].words, HOLE_MS)]
        found = self._listen(speeches, pack(skipped, self.packing), language, decoding)
        for owner, more in found.items():
            if fmean(word.probability for word in more.words) >= HOLE_MIN_PROBABILITY:
                notes[owner].words = sorted(notes[owner].words + more.words, key=lambda word: word.start_ms)
        return [self._heard(notes[owner].words, notes[owner].no_speech, language) for owner in range(len(speeches))]

    def _listen(
        self, speeches: Sequence[Speech], windows: Sequence[Window], language: str, decoding: Decoding
    ) -> dict[int, _Notes]:
        """Notes by owner, of those of whom a word was heard; windows share batches."""
        notes: dict[int, _Notes] = defaultdict(_Notes)
        if not windows:
            return notes
        self._measure(windows)
        audio = np.zeros(len(windows) * SLOT_S * RATE_HZ, np.float32)
        for i, window in enumerate(windows):
            _lay(window, speeches, audio[i * SLOT_S * RATE_HZ :])
        segments, _ = self._pipeline.transcribe(
            audio,
            language=language,
            beam_size=decoding.beam_size,
            initial_prompt=decoding.prompt,
            temperature=decoding.temperature or 0.0,
            clip_timestamps=[
                {"start": i * SLOT_S, "end": i * SLOT_S + window.length_ms / 1000} for i, window in enumerate(windows)
            ],
            batch_size=self.batch_windows,
            word_timestamps=True,
            vad_filter=False,
        )
        for segment in segments:
            slot = segment.seek // (SLOT_S * self._model.frames_per_second)
            carried = carry_back(windows[slot], _words([segment], slot * SLOT_S))
            for owner, word in carried:
                notes[owner].words.append(word)
            for owner in {owner for owner, _ in carried}:
                notes[owner].no_speech.append(segment.no_speech_prob)
        return notes

    def _measure(self, windows: Sequence[Window]) -> None:
        speech_ms = sum(placed.piece.length_ms for window in windows for placed in window.placed)
        slots = -(-len(windows) // self.batch_windows) * self.batch_windows
        meters.count(m.WINDOWS, len(windows), model=self.identity)
        meters.count(m.WINDOW_SLOTS, slots, model=self.identity)
        meters.count(m.WINDOW_SPEECH, speech_ms / 1000, model=self.identity)

    def _alone(self, speech: Speech, language: str, decoding: Decoding) -> Heard:
        """One dialogue as plain Whisper does it, rising temperatures where a window fails."""
        (window,) = pack(speech.pieces(0), ALONE)
        audio = np.zeros(window.length_ms * SAMPLES_PER_MS, np.float32)
        _lay(window, [speech], audio)
        segments, _ = self._model.transcribe(
            audio,
            language=language,
            beam_size=decoding.beam_size,
            initial_prompt=decoding.prompt,
            word_timestamps=True,
            condition_on_previous_text=False,
            temperature=TEMPERATURES if decoding.temperature is None else decoding.temperature,
        )
        heard = list(segments)
        words = [word for _, word in carry_back(window, _words(heard, 0.0))]
        return self._heard(words, [segment.no_speech_prob for segment in heard], language)

    def _heard(self, words: Sequence[Word], no_speech: Sequence[float], language: str) -> Heard:
        utterances = group(words, fmean(no_speech) if no_speech else 0.0)
        return Heard(Transcript(language, utterances), self.identity)


def _lay(window: Window, speeches: Sequence[Speech], into: Samples) -> None:
    for placed in window.placed:
        samples = speeches[placed.piece.owner].samples(placed.piece.start_ms, placed.piece.end_ms)
        start = placed.offset_ms * SAMPLES_PER_MS
        into[start : start + len(samples)] = samples


def _words(segments: Iterable[Segment], offset_s: float) -> list[HeardWord]:
    return whole_words(
        HeardWord((word.start - offset_s) * 1000, (word.end - offset_s) * 1000, word.word, float(word.probability))
        for segment in segments
        for word in segment.words or ()
    )


def load(files: ModelFiles, compute_type: str, device: str, cpu_threads: int) -> tuple[WhisperModel, str]:
    """The model and its identity: id@revision, compute type. `device`: cpu, cuda or auto. Seconds, and memory."""
    model = WhisperModel(str(files.folder), device=device, compute_type=compute_type, cpu_threads=cpu_threads)
    return model, f"{files.identity}, {compute_type}"
