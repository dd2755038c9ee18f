"""The environment file that every node's shell reads, and whether the settings take what it and the containers set."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from configs.settings import load
from domain.errors import ConfigError

PROFILE = "SALESCONTROL_PROFILE"
LINE = re.compile(r"(?:export\s+)?([A-Za-z_]\w*)=(.*)")
PART = re.compile(r"""'(?P<single>[^']*)'|"(?P<double>(?:\\.|[^"\\])*)"|\\(?P<escaped>.)|(?P<bare>[^\s'"\\])""")
CUTS = set("&;|<>()")
"""What ends a value that is not in quotes."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line that is neither empty nor a comment. `problem`: "" where nothing is wrong."""

    number: int
    name: str
    value: str
    problem: str


def lines(path: Path) -> list[Line]:
    """The file as the shell reads it."""
    text = path.read_text(encoding="utf-8", errors="replace").splitlines()
    told = ((n, line.strip()) for n, line in enumerate(text, 1))
    return [_line(n, line) for n, line in told if line and not line.startswith("#")]


def _line(number: int, text: str) -> Line:
    match = LINE.fullmatch(text)
    if match is None:
        return Line(number, "", "", "no NAME=value")
    name, rest, value, cut = match[1], match[2], "", False
    while part := PART.match(rest):
        value += next(text for text in part.groups() if text is not None)
        cut = cut or part["bare"] in CUTS
        rest = rest[part.end() :]
    problem = ""
    if rest[:1] in ("'", '"', "\\"):
        problem, value = f"the quote in the value of {name} is not closed", value + rest[1:]
    elif cut or (rest.strip() and not rest.strip().startswith("#")):
        problem = f"the shell cuts the value of {name} at the first of & ; | < > ( ) or space"
    return Line(number, name, value, problem)


def refused(told: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """(variable, why) for each that the settings do not take."""
    try:
        load(plain(told))
    except ConfigError as error:
        for message in str(error).splitlines():
            match = re.match(r"env (\w+): ", message)
            yield (match[1] if match else PROFILE), message


def plain(told: Mapping[str, str]) -> dict[str, str]:
    """Without what only the nodes know: $NAME and files."""
    return {name: value.strip("'\"") for name, value in told.items() if "$" not in value and not name.endswith("_FILE")}
