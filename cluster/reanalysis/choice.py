"""What one may ask of a run, and the settings that it is planned with. Decides from the configuration alone."""

from dataclasses import dataclass

from cluster.engines.choice import engine_name
from cluster.engines.prompt import load_prompt
from configs.sections import AnalysisSettings, AsrSettings
from configs.settings import Settings
from domain.errors import ConfigError
from domain.rules.versions import VERSIONS, rules_called
from domain.runs import Judging, Listening, RunSettings, RunStage

RULES_PREFIX = "rules-"


@dataclass(frozen=True, slots=True)
class Wish:
    """As somebody asks for it; None: as the configuration has it. Prices in USD per million tokens."""

    stage: RunStage
    model: str | None = None
    beam: int | None = None
    prompt: str | None = None
    engine: str | None = None
    price_in_usd: float | None = None
    price_out_usd: float | None = None


def settings_for(wish: Wish, settings: Settings) -> RunSettings:
    """Raises ConfigError where there is no such thing, or where two things do not go together."""
    if wish.stage is RunStage.ASR:
        return RunSettings(_as_configured(settings.analysis), _listening(wish, settings.asr))
    if wish.beam is not None:
        raise ConfigError("--beam belongs to --stage asr: how Whisper listens")
    return RunSettings(_judging(wish, settings.analysis))


def _listening(wish: Wish, asr: AsrSettings) -> Listening:
    if wish.prompt or wish.engine or wish.price_in_usd is not None or wish.price_out_usd is not None:
        raise ConfigError(
            "--prompt, --engine and prices belong to --stage analysis: a run of asr judges as the pipeline does, so "
            "that its verdicts differ by what was heard alone"
        )
    name = wish.model or "accurate"
    served = dict(reversed(asr.served.items()))  # of one model under two names the better way to ask
    found = name if name in served else next((pass_ for pass_, how in served.items() if how.model == name), None)
    if found is None:
        there = ", ".join(f"{pass_} ({how.model}, {how.compute_type})" for pass_, how in asr.served.items())
        raise ConfigError(f"Whisper serves no {name!r}; it serves {there}. Another one: set asr.rerun, then `up` again")
    how = served[found]
    return Listening(found, how.model, how.compute_type, wish.beam or how.beam_size, how.pack)


def _judging(wish: Wish, analysis: AnalysisSettings) -> Judging:
    is_rules = (wish.model or "").startswith(RULES_PREFIX)
    engine = wish.engine or ("rules" if is_rules else "openai" if wish.model else engine_name(analysis))
    if engine not in ("openai", "rules"):
        raise ConfigError(f"there is no engine {engine!r}; there are openai and rules")
    if engine == "rules":
        if wish.prompt:
            raise ConfigError("rules are told no prompt; leave out --prompt, or say --engine openai")
        return Judging("rules", rules_called(wish.model or analysis.rules).version)
    if is_rules:
        raise ConfigError(f"{wish.model} is no language model; the rules are --engine rules: {', '.join(VERSIONS)}")
    prompt = load_prompt(wish.prompt or analysis.prompt)
    return Judging(
        "openai",
        wish.model or analysis.openai_model,
        prompt.version,
        prompt.sha256,
        analysis.price_per_million_in_usd if wish.price_in_usd is None else wish.price_in_usd,
        analysis.price_per_million_out_usd if wish.price_out_usd is None else wish.price_out_usd,
    )


def _as_configured(analysis: AnalysisSettings) -> Judging:
    return _judging(Wish(RunStage.ANALYSIS), analysis)
