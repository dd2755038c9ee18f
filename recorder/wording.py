"""What the agent says to people, in English and Russian. `LANG` chooses where nobody else does."""

from collections.abc import Mapping
from typing import Literal, get_args

from recorder import phrases

Language = Literal["en", "ru"]


def language_of(env: Mapping[str, str]) -> Language:
    """By LC_ALL, LC_MESSAGES, LANG, in the order of setlocale(3); English for any other language."""
    name = next((env[key] for key in ("LC_ALL", "LC_MESSAGES", "LANG") if env.get(key)), "")
    return "ru" if name.lower().startswith("ru") else "en"


def as_language(name: str) -> Language:
    """Raises ValueError for a language that isn't spoken here."""
    for language in get_args(Language):
        if name == language:
            return "ru" if language == "ru" else "en"
    raise ValueError(f"language must be en or ru, not {name!r}")


def say(key: str, language: Language, /, **values: object) -> str:
    """The phrase with its values. Raises KeyError for an unknown phrase or a missing value."""
    english, russian = phrases.PHRASES[key]
    return (russian if language == "ru" else english).format(**values)
