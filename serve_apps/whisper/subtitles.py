"""Transcripts as OpenAI's API writes them: SubRip, WebVTT, verbose JSON. Times in seconds from the beginning."""

from collections.abc import Collection
from typing import Any

from domain.transcript import Utterance
from serve_apps.whisper.asks import HeardRecording


def srt(heard: HeardRecording) -> str:
    """SubRip: numbered cues, comma before the milliseconds."""
    return "".join(f"{i}\n{_cue(u, ',')}" for i, u in enumerate(heard.transcript.utterances, start=1))


def vtt(heard: HeardRecording) -> str:
    """WebVTT."""
    return "WEBVTT\n\n" + "".join(_cue(u, ".") for u in heard.transcript.utterances)


def plain(heard: HeardRecording) -> str:
    """The text in one line, as OpenAI's `text` has it."""
    return " ".join(u.text for u in heard.transcript.utterances)


def verbose(heard: HeardRecording, granularities: Collection[str]) -> dict[str, Any]:
    """`verbose_json` with what was asked for: `segment`, `word`."""
    utterances = heard.transcript.utterances
    document: dict[str, Any] = {
        "task": "transcribe",
        "language": heard.transcript.language,
        "duration": round(heard.duration_s, 3),
        "text": plain(heard),
        "usage": {"type": "duration", "seconds": round(heard.duration_s, 3)},
    }
    if "word" in granularities:
        document["words"] = [
            {"word": w.word.strip(), "start": w.start_ms / 1000, "end": w.end_ms / 1000, "probability": w.probability}
            for u in utterances
            for w in u.words
        ]
    if "segment" in granularities:
        document["segments"] = [_segment(i, u, heard.temperature) for i, u in enumerate(utterances)]
    return document


def _segment(i: int, utterance: Utterance, temperature: float) -> dict[str, Any]:
    return {
        "id": i,
        "seek": utterance.start_ms // 10,
        "start": utterance.start_ms / 1000,
        "end": utterance.end_ms / 1000,
        "text": utterance.text,
        "tokens": [],
        "temperature": temperature,
        "avg_logprob": utterance.avg_logprob,
        "compression_ratio": utterance.compression_ratio,
        "no_speech_prob": utterance.no_speech_prob,
    }


def _cue(utterance: Utterance, comma: str) -> str:
    times = f"{_clock(utterance.start_ms, comma)} --> {_clock(utterance.end_ms, comma)}"
    return f"{times}\n{utterance.text.replace('-->', '->')}\n\n"


def _clock(at_ms: int, comma: str) -> str:
    seconds, ms = divmod(at_ms, 1000)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02}:{minutes:02}:{seconds:02}{comma}{ms:03}"
