"""What a run over history may cost and how long it may take, and on which figures that rests. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass

from domain.runs import Estimate, RunSettings

REPLY_TOKENS = 250
"""A verdict, as measured with gpt-4o-mini; in Russian about 400."""
CHARACTERS_PER_TOKEN = 3.0
"""English takes about 4 characters a token, Russian about 2.5."""
ASSUMED_TIMES_REAL_TIME = 8.0
"""Whisper base on two cores (README, Measured)."""
ASSUMED_REPLY_S = 3.0
"""One verdict of a language model."""
ASSUMED_RULES_PER_S = 20.0
"""The rules take 4 ms; the rest is the queue and the database."""


@dataclass(frozen=True, slots=True)
class Tokens:
    """Measured means of one language model over `n` dialogues."""

    n: int
    tokens_in: float
    tokens_out: float


@dataclass(frozen=True, slots=True)
class Measured:
    """What this installation knows. tokens: by language model; times_real_time, judged_per_s: the pipeline's speed in
    its busiest minute of late, None where nothing was done; is_same_engine: it judges with the engine of the run."""

    tokens: Mapping[str, Tokens]
    times_real_time: float | None = None
    judged_per_s: float | None = None
    is_same_engine: bool = False


@dataclass(frozen=True, slots=True)
class Work:
    """What is planned. text_chars: of an average transcript; prompt_chars: of what the model is told beside it;
    concurrency: verdicts asked for at once."""

    dialogues: int
    audio_s: float
    text_chars: float
    prompt_chars: int
    concurrency: int


def estimate(work: Work, settings: RunSettings, measured: Measured) -> Estimate:
    """Money by tokens, time by the slower of listening and judging: they go on side by side."""
    cost_usd, cost_from = _cost(work, settings, measured)
    time_s, time_from = _judging(work, settings, measured)
    if settings.listening is not None:
        time_s, time_from = max((_listening(work, measured), (time_s, time_from)), key=lambda pair: pair[0])
    return Estimate(cost_usd, cost_from, time_s, f"{time_from}; longer while the shops are busy")


def _cost(work: Work, settings: RunSettings, measured: Measured) -> tuple[float, str]:
    judging = settings.judging
    if judging.engine == "rules":
        return 0.0, "rules cost nothing"
    own, others = measured.tokens.get(judging.model), list(measured.tokens.values())
    if own is not None:
        tokens, source = own, f"tokens of {own.n} dialogues judged by {judging.model}"
    elif others:
        most = max(others, key=lambda known: known.n)
        tokens, source = most, f"tokens of {most.n} dialogues judged by another model"
    else:
        asked = (work.prompt_chars + work.text_chars) / CHARACTERS_PER_TOKEN
        tokens = Tokens(0, asked, REPLY_TOKENS)
        source = f"no model has judged here yet: prompt and transcript of {asked:.0f} tokens, a reply of {REPLY_TOKENS}"
    usd = (tokens.tokens_in * judging.price_in_usd + tokens.tokens_out * judging.price_out_usd) / 1e6
    prices = f"{judging.price_in_usd:g} and {judging.price_out_usd:g} USD per million tokens in and out"
    return work.dialogues * usd, f"{source}; {prices}"


def _listening(work: Work, measured: Measured) -> tuple[float, str]:
    if measured.times_real_time:
        speed = measured.times_real_time
        return work.audio_s / speed, f"listening at {speed:.1f} × real time, as in the busiest minute of late"
    speed = ASSUMED_TIMES_REAL_TIME
    return work.audio_s / speed, f"listening at an assumed {speed:g} × real time: nothing was transcribed here of late"


def _judging(work: Work, settings: RunSettings, measured: Measured) -> tuple[float, str]:
    is_model = settings.judging.engine != "rules"
    assumed = work.concurrency / ASSUMED_REPLY_S if is_model else ASSUMED_RULES_PER_S
    seen = measured.judged_per_s if measured.is_same_engine and measured.judged_per_s else 0.0
    if seen >= assumed:
        return work.dialogues / seen, f"{seen:.1f} verdicts a second, as in the busiest minute of late"
    return work.dialogues / assumed, f"an assumed {assumed:.1f} verdicts a second: no busy minute was seen here of late"
