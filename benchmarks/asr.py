"""Transcription: packed batches with word timestamps against plain sequential faster-whisper without them.

    python benchmarks/asr.py [--rounds 3] [--save]

The same model, beam and threads on the sample day's true dialogues, whole and cut into exchanges of 5 to 15 s. Finding
speech is the vad stage's work (`benchmarks/vad.py`) and not timed. The ways take turns, and the best round of each
counts: seconds of dialogue per second of wall clock. Word error rates are of the same runs.
"""

import argparse
import json
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from faster_whisper import WhisperModel  # noqa: E402

from audio.decode import RATE_HZ, Samples, decode  # noqa: E402
from audio.vad import VoiceDetector  # noqa: E402
from cluster.truth import Truth, read_truth  # noqa: E402
from configs.settings import AsrSettings  # noqa: E402
from configs.settings import load as load_settings  # noqa: E402
from domain.packing import PackingRules, Piece, widen  # noqa: E402
from domain.speech import SpeechRules  # noqa: E402
from domain.suspicion import SuspicionRules  # noqa: E402
from domain.wer import WordErrors, word_errors  # noqa: E402
from serve_apps.whisper.engine import Engine, load  # noqa: E402
from serve_apps.whisper.models import resolve  # noqa: E402
from serve_apps.whisper.options import batch_windows, decoding_of  # noqa: E402
from serve_apps.whisper.speech import Speech, from_recording  # noqa: E402

DAY = ROOT / "samples" / "shop_day"
MARGIN_S = 0.2
SHORT_S = (5.0, 15.0)
PROMISED = {"exchanges of 5 to 15 s": 2.0, "whole dialogues": 1.6}
PROMISED_WER = 0.005


@dataclass(frozen=True, slots=True)
class Talk:
    """One stretch of the day: what it sounds like, what was said."""

    language: str
    text: str
    samples: Samples
    speech: Speech

    @property
    def seconds(self) -> float:
        return len(self.samples) / RATE_HZ


Hear = Callable[[Sequence[Talk]], list[str]]


def main() -> int:
    """Prints a table; exit 1 where a promised figure is missed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--save", action="store_true")
    arguments = parser.parse_args()
    settings = load_settings()
    asr = settings.asr
    model, identity = load(resolve("base", settings.home), "int8", "cpu", asr.cpu_threads)
    engine = Engine(model, identity, PackingRules(), SuspicionRules(), batch_windows(asr.batch_audio_s))
    day, truth = listen_to_day(), read_truth(DAY / "ground_truth.json")
    sets = {
        "exchanges of 5 to 15 s": cut(day, exchanges(truth), asr.padding_ms),
        "whole dialogues": cut(day, dialogues(truth), asr.padding_ms),
    }
    figures = {name: compare(talks, model, engine, asr, arguments.rounds) for name, talks in sets.items()}
    show(identity, figures)
    if arguments.save:
        results = ROOT / "benchmarks" / "results" / "asr.json"
        results.parent.mkdir(exist_ok=True)
        results.write_text(json.dumps(figures) + "\n")
    is_kept = all(
        figures[name]["ratio"] >= ratio and figures[name]["WER, ours"] <= figures[name]["WER, plain"] + PROMISED_WER
        for name, ratio in PROMISED.items()
    )
    return 0 if is_kept else 1


def compare(
    talks: Sequence[Talk], model: WhisperModel, engine: Engine, asr: AsrSettings, rounds: int
) -> dict[str, float]:
    """Both ways over the same talks, in turns."""
    ways: dict[str, Hear] = {"plain": plain(model, asr.fast.beam_size), "ours": packed(engine, asr)}
    best = dict.fromkeys(ways, float("inf"))
    heard: dict[str, list[str]] = {}
    for _ in range(rounds):
        for name, way in ways.items():
            begun = time.perf_counter()
            heard[name] = way(talks)
            best[name] = min(best[name], time.perf_counter() - begun)
    seconds = sum(talk.seconds for talk in talks)
    figures: dict[str, float] = {"talks": len(talks), "seconds": round(seconds, 1)}
    for name in ways:
        figures[f"× real time, {name}"] = round(seconds / best[name], 1)
        figures |= {f"{key}, {name}": value for key, value in wer(talks, heard[name]).items()}
    return figures | {"ratio": round(best["plain"] / best["ours"], 2)}


def plain(model: WhisperModel, beam_size: int) -> Hear:
    """faster-whisper as its own README shows it, one talk after the other."""

    def hear(talks: Sequence[Talk]) -> list[str]:
        answers = [model.transcribe(talk.samples, language=talk.language, beam_size=beam_size)[0] for talk in talks]
        return ["".join(segment.text for segment in segments) for segments in answers]

    return hear


def packed(engine: Engine, asr: AsrSettings) -> Hear:
    """As a replica does it: batches of one language, each of at most `batch_s` of speech, words with their times."""

    def hear(talks: Sequence[Talk]) -> list[str]:
        texts: list[str] = []
        for language, same in groupby(talks, key=lambda talk: talk.language):
            for batch in batches(list(same), asr.batch_audio_s):
                heard = engine.transcribe([talk.speech for talk in batch], language, decoding_of(asr.fast))
                texts += [one.transcript.text for one in heard]
        return texts

    return hear


def batches(talks: Sequence[Talk], batch_s: float) -> list[list[Talk]]:
    """Talks in order, a new batch wherever one is full."""
    made: list[list[Talk]] = [[]]
    for talk in talks:
        if made[-1] and sum(t.speech.length_ms for t in [*made[-1], talk]) > batch_s * 1000:
            made.append([])
        made[-1].append(talk)
    return made


def wer(talks: Sequence[Talk], heard: Sequence[str]) -> dict[str, float]:
    """By language, and over all words."""
    errors: dict[str, WordErrors] = {}
    for talk, text in zip(talks, heard, strict=True):
        errors[talk.language] = errors.get(talk.language, WordErrors()) + word_errors(talk.text, text)
    rates = {f"WER {language}": round(counted.rate, 3) for language, counted in errors.items()}
    return rates | {"WER": round(sum(errors.values(), WordErrors()).rate, 4)}


def listen_to_day() -> Samples:
    """The 25 minutes in one array."""
    paths = sorted((DAY / "chunks").glob("*.ogg"), key=lambda path: path.stem.split("_")[-1])
    whole = np.zeros(len(paths) * 60 * RATE_HZ, np.float32)
    for i, path in enumerate(paths):
        chunk = decode(path, max_s=61)[: 60 * RATE_HZ]
        whole[i * 60 * RATE_HZ :][: len(chunk)] = chunk
    return whole


Span = tuple[float, float, str, str]
"""Start and end in seconds, language, text."""


def dialogues(truth: Truth) -> list[Span]:
    return [(d.start_s, d.end_s, d.language, " ".join(u.text for u in d.utterances)) for d in truth.dialogues]


def exchanges(truth: Truth) -> list[Span]:
    """Neighbouring utterances of a dialogue, as many as fit into 15 s; what stays below 5 s is left out."""
    found: list[Span] = []
    for dialogue in truth.dialogues:
        said = list(dialogue.utterances)
        while said:
            count = max(1, sum(1 for u in said if u.end_s - said[0].start_s <= SHORT_S[1]))
            turns, said = said[:count], said[count:]
            text = " ".join(turn.text for turn in turns)
            found.append((turns[0].start_s, turns[-1].end_s, dialogue.language, text))
    return [span for span in found if SHORT_S[0] <= span[1] - span[0] <= SHORT_S[1]]


def cut(day: Samples, spans: Sequence[Span], padding_ms: int) -> list[Talk]:
    """The audio of each span with a little around it, and the speech that our detectors find in it."""
    detector, rules = VoiceDetector(SpeechRules()), PackingRules()
    talks: list[Talk] = []
    for start_s, end_s, language, text in spans:
        samples = day[round((start_s - MARGIN_S) * RATE_HZ) : round((end_s + MARGIN_S) * RATE_HZ)]
        found = [Piece(0, span.start_ms, span.end_ms) for span in detector.speech(samples)]
        speech = from_recording(samples, widen(found, padding_ms, rules.join_ms))
        talks.append(Talk(language, text, samples, speech))
    return talks


def show(identity: str, figures: dict[str, dict[str, float]]) -> None:
    """One column for each set."""
    table = Table(identity, *figures, title_justify="left")
    for key in next(iter(figures.values())):
        table.add_row(key, *(f"{column.get(key, float('nan')):g}" for column in figures.values()))
    Console().print(table)


if __name__ == "__main__":
    raise SystemExit(main())
