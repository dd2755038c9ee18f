"""Which engine judges: said by the settings, never changed by what fails."""

from cluster.engines.base import Engine
from cluster.engines.prompt import load_prompt
from cluster.engines.rules import RulesEngine
from configs.sections import AnalysisSettings
from domain.errors import ConfigError
from domain.rules.versions import rules_called
from domain.runs import Judging


def engine_name(settings: AnalysisSettings) -> str:
    """`openai` or `rules`; `auto` is openai where a key is set."""
    if settings.engine != "auto":
        return settings.engine
    return "openai" if settings.openai_api_key.get_secret_value() else "rules"


def build_engine(settings: AnalysisSettings) -> Engine:
    """The engine that the settings name.

    Raises ConfigError where openai lacks both a key and a server of its own, or there are no such rules or prompt.
    """
    if engine_name(settings) == "rules":
        return RulesEngine(rules_called(settings.rules))
    if not settings.openai_api_key.get_secret_value() and not settings.openai_base_url:
        raise ConfigError("analysis.engine is openai: set OPENAI_API_KEY, or OPENAI_BASE_URL for a server without keys")
    from cluster.engines.openai import OpenAIEngine  # a second of import that the rules do not need

    return OpenAIEngine(settings, load_prompt(settings.prompt))


def build_engine_of(judging: Judging, settings: AnalysisSettings) -> Engine:
    """The engine of a run over history: its own model or rules, prompt and prices; whom to ask, and with which key, the
    settings say. Raises ConfigError, also where the prompt is not the one that the run was planned with."""
    own: dict[str, object] = {"engine": judging.engine}
    if judging.engine == "rules":
        return build_engine(settings.model_copy(update=own | {"rules": judging.model}))
    if load_prompt(judging.prompt).sha256 != judging.prompt_sha256:
        raise ConfigError(f"the run was planned with other words of {judging.prompt}; plan it anew")
    own |= {"openai_model": judging.model, "prompt": judging.prompt}
    own |= {"price_per_million_in_usd": judging.price_in_usd, "price_per_million_out_usd": judging.price_out_usd}
    return build_engine(settings.model_copy(update=own))
