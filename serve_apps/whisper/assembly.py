"""The one place where a model replica's parts are put together."""

from faster_whisper.vad import VadOptions, get_speech_timestamps

from audio.decode import Samples
from audio.open import open_store
from configs.settings import Settings
from domain.packing import PackingRules, Piece
from domain.suspicion import SuspicionRules
from serve_apps.whisper.engine import Engine, load
from serve_apps.whisper.listener import Listener
from serve_apps.whisper.models import resolve
from serve_apps.whisper.options import batch_windows, suspicion_rules
from serve_apps.whisper.speech import SAMPLES_PER_MS


def build_listener(settings: Settings, model: str, compute_type: str) -> Listener:
    """Resolves and loads the model: seconds, and its memory. Raises what `models.resolve` raises."""
    asr = settings.asr
    suspicion = suspicion_rules(asr)
    return Listener(
        build_engine(settings, model, compute_type, suspicion),
        open_store(settings),
        find_speech,
        suspicion,
        padding_ms=asr.padding_ms,
        stretch_s=asr.batch_audio_s,
    )


def build_engine(settings: Settings, model: str, compute_type: str, suspicion: SuspicionRules) -> Engine:
    asr = settings.asr
    loaded, identity = load(resolve(model, settings.home), compute_type, asr.device, asr.cpu_threads)
    return Engine(loaded, identity, PackingRules(), suspicion, batch_windows=batch_windows(asr.batch_audio_s))


def find_speech(samples: Samples) -> list[Piece]:
    """Speech of an uploaded recording by Silero, in ms; pauses of a sentence do not cut it."""
    found = get_speech_timestamps(samples, VadOptions(min_silence_duration_ms=300, speech_pad_ms=0))
    return [Piece(0, s["start"] // SAMPLES_PER_MS, s["end"] // SAMPLES_PER_MS) for s in found]
