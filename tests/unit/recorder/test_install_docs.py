"""The two install guides say the same commands, and the command line knows them all."""

import re
import shlex
from pathlib import Path

import pytest

from recorder import cli

DOCS = Path(__file__).resolve().parents[3] / "docs"
_COMMAND = re.compile(r"(?:^|`|sudo |/bin/)recorder-agent ((?:[a-z]+)\b[^`#\n&]*)", re.MULTILINE)


def _commands(name: str) -> list[str]:
    return [found.strip() for found in _COMMAND.findall((DOCS / name).read_text(encoding="utf-8"))]


def test_both_languages_name_the_same_commands() -> None:
    assert _commands("install-pi.md") == _commands("install-pi.ru.md")


@pytest.mark.parametrize("command", sorted(set(_commands("install-pi.md"))))
def test_every_command_of_the_guide_is_one(command: str) -> None:
    assert cli.parser("en").parse_args(shlex.split(command)).command == command.split()[0]
