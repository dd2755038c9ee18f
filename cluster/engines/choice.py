"""Which engine judges: said by the settings, never changed by what fails."""

from cluster.engines.base import Engine
from cluster.engines.prompt import load_prompt
from cluster.engines.rules import RulesEngine
from configs.settings import AnalysisSettings
from domain.errors import ConfigError


def engine_name(settings: AnalysisSettings) -> str:
    """`openai` or `rules`; `auto` is openai where a key is set."""
    if settings.engine != "auto":
        return settings.engine
    return "openai" if settings.openai_api_key.get_secret_value() else "rules"


def build_engine(settings: AnalysisSettings) -> Engine:
    """The engine that the settings name. Raises ConfigError where openai lacks both a key and a server of its own."""
    if engine_name(settings) == "rules":
        return RulesEngine()
    if not settings.openai_api_key.get_secret_value() and not settings.openai_base_url:
        raise ConfigError("analysis.engine is openai: set OPENAI_API_KEY, or OPENAI_BASE_URL for a server without keys")
    from cluster.engines.openai import OpenAIEngine  # a second of import that the rules do not need

    return OpenAIEngine(settings, load_prompt(settings.prompt))
