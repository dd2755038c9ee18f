"""Settings → how Whisper listens and what it distrusts."""

from configs.sections import AsrPassSettings, AsrSettings
from domain.asr import Decoding
from domain.packing import PackingRules
from domain.suspicion import SuspicionRules


def suspicion_rules(asr: AsrSettings) -> SuspicionRules:
    return SuspicionRules(min_avg_logprob=asr.min_avg_logprob)


def decoding_of(asr_pass: AsrPassSettings) -> Decoding:
    return Decoding(beam_size=asr_pass.beam_size, pack=asr_pass.pack)


def batch_windows(batch_audio_s: float) -> int:
    """As many windows at once as a batch of dialogues fills."""
    return max(1, round(batch_audio_s / (PackingRules().max_window_ms / 1000)))
