"""Voice activity detection: what it costs on one core, what it finds on the sample day, what noise gets past it.

    python benchmarks/vad.py [--hours 1] [--save]

Speed is CPU time of one thread over the day's 25 chunks, decoding apart and included, beside webrtcvad alone and Silero
over the whole chunk. Accuracy is that of the 12 s rule on the detected speech, as `salescontrol eval` counts it. Every
noise runs for `--hours` at levels from -60 to -10 dBFS; what a segment in it would cost is a false dialogue.
"""

import argparse
import json
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from audio.decode import RATE_HZ, Samples, decode  # noqa: E402
from audio.vad import SILERO_SAMPLES, VoiceDetector  # noqa: E402
from cluster.truth import read_truth  # noqa: E402
from domain.evaluation import Predicted, evaluate  # noqa: E402
from domain.sessionize import split_speech  # noqa: E402
from domain.speech import SpeechRules  # noqa: E402
from domain.timeline import Rules, Span  # noqa: E402
from tests.integration.sounds import NOISES, at_dbfs  # noqa: E402

DAY = ROOT / "samples" / "shop_day"
MINUTE_MS = 60_000
LEVELS_DBFS = (-60, -45, -34, -20, -10)
ROUNDS = 3


def main() -> int:
    """Prints the tables; exit 1 where a promised figure is missed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--hours", type=float, default=1.0)
    parser.add_argument("--save", action="store_true")
    arguments = parser.parse_args()
    detector = VoiceDetector(SpeechRules())
    paths = sorted((DAY / "chunks").glob("*.ogg"), key=lambda path: path.stem.split("_")[-1])
    encoded = [path.read_bytes() for path in paths]
    day = [decode(chunk, max_s=61) for chunk in encoded]
    figures = {"speed": speed(detector, encoded, day), "day": accuracy(detector, day)}
    figures["noise segments"] = {kind: noise(detector, kind, arguments.hours) for kind in NOISES}
    for title, rows in figures.items():
        show(title, rows)
    if arguments.save:
        results = ROOT / "benchmarks" / "results" / "vad.json"
        results.parent.mkdir(exist_ok=True)
        results.write_text(json.dumps(figures) + "\n")
    is_kept = (
        figures["speed"]["decode and both detectors"] >= 250
        and figures["day"]["dialogue F1"] >= 0.97
        and figures["day"]["boundary error, s"] <= 0.7
        and not any(figures["noise segments"].values())
    )
    return 0 if is_kept else 1


def speed(detector: VoiceDetector, encoded: Sequence[bytes], day: Sequence[Samples]) -> dict[str, float]:
    """Seconds of audio per second of one core, the best of a few rounds; the ways take turns within each round."""
    silero, webrtc = whole_chunk_silero(), VoiceDetector(SpeechRules(), confirm=False)
    talk = speech_only(day)
    ways: dict[str, tuple[Callable[[], object], float]] = {
        "decode": (lambda: [decode(chunk, max_s=61) for chunk in encoded], 60.0 * len(day)),
        "webrtcvad alone": (lambda: [webrtc.speech(chunk) for chunk in day], 60.0 * len(day)),
        "Silero over the whole chunk": (lambda: [silero(chunk) for chunk in day], 60.0 * len(day)),
        "both detectors": (lambda: [detector.speech(chunk) for chunk in day], 60.0 * len(day)),
        "both detectors, nothing but talk": (lambda: detector.speech(talk), len(talk) / RATE_HZ),
        "decode and both detectors": (
            lambda: [detector.speech(decode(chunk, max_s=61)) for chunk in encoded],
            60.0 * len(day),
        ),
    }
    best = dict.fromkeys(ways, 0.0)
    for _ in range(ROUNDS):
        for name, (way, audio_s) in ways.items():
            begun = time.process_time()
            way()
            best[name] = max(best[name], audio_s / (time.process_time() - begun))
    return {name: round(value, 1) for name, value in best.items()}


def whole_chunk_silero() -> Callable[[Samples], Samples]:
    """Silero as faster-whisper runs it, over every frame of a chunk."""
    from faster_whisper.vad import get_vad_model

    model = get_vad_model()
    return lambda samples: model(np.pad(samples, (0, -len(samples) % SILERO_SAMPLES)))


def speech_only(day: Sequence[Samples]) -> Samples:
    """The true speech of the day without its pauses: the most that the second detector can be given."""
    whole = np.concatenate(day)
    segments = read_truth(DAY / "ground_truth.json").speech_segments
    return np.concatenate([whole[round(s * RATE_HZ) : round(e * RATE_HZ)] for s, e in segments])


def accuracy(detector: VoiceDetector, day: Sequence[Samples]) -> dict[str, float]:
    """Dialogue F1 and boundary error on the sample day, and how much of the true speech was heard."""
    truth, rules = read_truth(DAY / "ground_truth.json"), Rules()
    spans = [
        Span(truth.start_ms + number * MINUTE_MS + s.start_ms, truth.start_ms + number * MINUTE_MS + s.end_ms)
        for number, chunk in enumerate(day)
        for s in detector.speech(chunk)
    ]
    result = evaluate(truth.spans(rules), [Predicted(s.start_ms, s.end_ms) for s in split_speech(spans, rules)])
    spoken = np.zeros((2, round(truth.total_seconds * 100)), bool)
    for start_s, end_s in truth.speech_segments:
        spoken[0, round(start_s * 100) : round(end_s * 100)] = True
    for span in spans:
        spoken[1, (span.start_ms - truth.start_ms) // 10 : (span.end_ms - truth.start_ms) // 10] = True
    return {
        "dialogue F1": round(result.dialogues.f1 or 0.0, 3),
        "boundary error, s": round((result.boundary_error_ms or 0.0) / 1000, 3),
        "speech heard": round(float((spoken[0] & spoken[1]).sum() / spoken[0].sum()), 3),
        "heard that is speech": round(float((spoken[0] & spoken[1]).sum() / spoken[1].sum()), 3),
    }


def noise(detector: VoiceDetector, kind: str, hours: float) -> float:
    """Segments found in `hours` of a noise, level after level."""
    return float(sum(len(detector.speech(minute)) for minute in minutes(kind, round(hours * 60))))


def minutes(kind: str, count: int) -> Iterator[Samples]:
    """Minutes of one noise, each made anew."""
    rng = np.random.default_rng(1)
    for number in range(count):
        yield at_dbfs(NOISES[kind](60, rng), LEVELS_DBFS[number % len(LEVELS_DBFS)])


def show(title: str, rows: dict[str, float]) -> None:
    """One table; speeds are × real time on one core."""
    table = Table(title, "× real time, one core" if title == "speed" else "", title_justify="left")
    for name, value in rows.items():
        table.add_row(name, f"{value:g}")
    Console().print(table)


if __name__ == "__main__":
    raise SystemExit(main())
