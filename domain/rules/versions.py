"""The versions of the rules. An old one stays as it was, so that history judged by it can be compared and made anew.

A version is what is done with the phrases; the phrases themselves are part of every version's hash. Whatever changes a
verdict (a phrase, a weight, a step) comes as a new version: the next number, beside the old ones.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from domain.errors import ConfigError


@dataclass(frozen=True, slots=True)
class Rules:
    """mends: words misheard by a letter are read as the lexicon's own (`domain.rules.mending`)."""

    version: str
    mends: bool = False


VERSIONS: Mapping[str, Rules] = {rules.version: rules for rules in (Rules("rules-1"), Rules("rules-2", mends=True))}
NEWEST = VERSIONS["rules-2"]
"""Where words are misheard by a letter it finds more offers with no more false alarms; else the two agree
(`benchmarks/rules.py`)."""


def rules_called(version: str) -> Rules:
    """Raises ConfigError with those that there are."""
    if version not in VERSIONS:
        raise ConfigError(f"there are no rules {version!r}; there are: {', '.join(VERSIONS)}")
    return VERSIONS[version]
