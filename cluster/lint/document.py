"""A YAML file with the line of everything in it."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from cluster.lint.finding import Finding, Level
from domain.errors import ConfigError

_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
Keys = tuple[str | int, ...]
"""The way to a value: keys of mappings, numbers in lists."""


@dataclass(frozen=True)
class Document:
    """`lines`: the line on which each key or list item stands. `twice`: keys written twice, of which YAML drops one.
    `loops`: where something holds itself, so that it has no end; then `data` is empty."""

    name: str
    data: dict[str, Any]
    lines: dict[Keys, int]
    twice: list[Keys]
    loops: list[Keys]
    text: list[str]

    def get(self, *keys: str | int, default: Any = None) -> Any:
        """The value at `keys`, or the default where anything on the way is missing."""
        value: Any = self.data
        for key in keys:
            try:
                value = value[key]
            except (KeyError, IndexError, TypeError):
                return default
        return default if value is None else value

    def line(self, *keys: str | int) -> int:
        """The line of `keys`, or of the nearest thing around it that exists; 1 for the whole file."""
        while keys and keys not in self.lines:
            keys = keys[:-1]
        return self.lines.get(keys, 1)

    def line_of(self, text: str, *keys: str | int) -> int:
        """The line from `keys` on that has `text` in it: a value may be folded over several lines."""
        start = self.line(*keys)
        return next((n for n, line in enumerate(self.text[start - 1 :], start) if text in line), start)

    def finding(self, level: Level, line: int, what: str, remedy: str) -> Finding:
        """A finding in this file."""
        return Finding(level, self.name, line, what, remedy)


def read(path: Path, name: str | None = None) -> Document:
    """Raises ConfigError where the file is missing, no YAML, or no mapping."""
    try:
        text = path.read_text(encoding="utf-8")
        loader = _Loader(text)
        root = loader.get_single_node()
        walked = list(_walk(root, ()))
        loops = [keys for keys, _, endless in walked if endless]
        data = loader.construct_document(root) if root and not loops else {} if loops else None
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: not valid YAML: {error}") from None
    except RecursionError:
        raise ConfigError(f"{path}: not valid YAML: nested too deeply") from None
    if not isinstance(data, dict):
        raise ConfigError(f"{path}: must be a mapping, as in ray_cluster.yaml")
    lines: dict[Keys, int] = {}
    twice: list[Keys] = []
    for keys, line, _ in walked:
        if keys in lines:
            twice.append(keys)
        lines[keys] = line
    return Document(name or str(path), data, lines, twice, loops, text.splitlines())


def _walk(node: yaml.Node | None, keys: Keys, around: tuple[yaml.Node, ...] = ()) -> Iterator[tuple[Keys, int, bool]]:
    """(keys, line, whether it is one of those around it) of everything in the file."""
    around = (*around, node) if node else around
    inside: list[tuple[str | int, int, yaml.Node]] = []
    if isinstance(node, yaml.MappingNode):
        inside = [(_key(key), key.start_mark.line + 1, value) for key, value in node.value]
    elif isinstance(node, yaml.SequenceNode):
        inside = [(number, item.start_mark.line + 1, item) for number, item in enumerate(node.value)]
    for key, line, value in inside:
        endless = any(value is outer for outer in around)
        yield (*keys, key), line, endless
        if not endless:
            yield from _walk(value, (*keys, key), around)


def _key(node: yaml.Node) -> str:
    return str(node.value)
