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
    """`lines`: the line on which each key or list item stands. `twice`: keys written twice, of which YAML drops one."""

    name: str
    data: dict[str, Any]
    lines: dict[Keys, int]
    twice: list[Keys]
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
        data = loader.construct_document(root) if root else None
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: not valid YAML: {error}") from None
    if not isinstance(data, dict):
        raise ConfigError(f"{path}: must be a mapping, as in ray_cluster.yaml")
    lines: dict[Keys, int] = {}
    twice: list[Keys] = []
    for keys, line in _walk(root, ()):
        if keys in lines:
            twice.append(keys)
        lines[keys] = line
    return Document(name or str(path), data, lines, twice, text.splitlines())


def _walk(node: yaml.Node | None, keys: Keys) -> Iterator[tuple[Keys, int]]:
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            inner = (*keys, _key(key))
            yield inner, key.start_mark.line + 1
            yield from _walk(value, inner)
    elif isinstance(node, yaml.SequenceNode):
        for number, item in enumerate(node.value):
            yield (*keys, number), item.start_mark.line + 1
            yield from _walk(item, (*keys, number))


def _key(node: yaml.Node) -> str:
    return str(node.value)
