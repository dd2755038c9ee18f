"""A configuration as it was given: key, text and the place where it stands, from YAML or from variables.

Values are kept as text, because YAML's own reading is not what people mean: 22:00 is 1320 to it, and 0123 is 83.
Sections are only for the eye: `identifiers: {point_id: …}` and `point_id: …` are the same.
"""

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

import yaml

VARIABLE_PREFIX = "RA_"
_DEEPEST = 8
_NULL = "tag:yaml.org,2002:null"


@dataclass(frozen=True, slots=True)
class Problem:
    """`where`: file and line, or the variable. `what`: what is wrong and what would be right; never a secret."""

    where: str
    what: str

    def __str__(self) -> str:
        return f"{self.where}: {self.what}"


@dataclass(frozen=True, slots=True)
class Part:
    """One text; a mapping's entry is "key=value"."""

    text: str
    where: str


@dataclass(frozen=True, slots=True)
class Given:
    """`parts`: one for a plain value, one an item for a list or a mapping, none where the value is left empty."""

    key: str
    section: str
    parts: tuple[Part, ...]
    where: str


def from_yaml(
    content: bytes, source: str, known: Collection[str], mappings: Collection[str]
) -> tuple[list[Given], list[Problem]]:
    """What the file gives: its known keys on whatever level, and every key that holds no section.

    `mappings`: the keys whose value is a mapping itself. Never raises: what cannot be read is a problem.
    """
    try:
        root = yaml.compose(content.decode("utf-8-sig"), Loader=yaml.SafeLoader)
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        return [], [Problem(f"{source}:{line}", "not UTF-8 text; save the file in the encoding UTF-8")]
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f"{source}:{mark.line + 1}" if mark else source
        return [], [Problem(where, f"not YAML: {_without_quotes(error.problem or 'cannot be read')}")]
    except (yaml.YAMLError, RecursionError):
        return [], [Problem(source, "not YAML: it holds characters that no text has, or is nested without end")]
    if root is None or root.tag == _NULL:
        return [], []
    if not isinstance(root, yaml.MappingNode):
        return [], [Problem(f"{source}:{root.start_mark.line + 1}", "must be lines of `key: value`")]
    walk = _Walk(source, known, mappings)
    walk.section(root)
    return walk.given, walk.problems


def from_environment(environment: Mapping[str, str]) -> list[Given]:
    """Every RA_* variable that is not empty, in lower case and without the prefix; commas part the items of a list."""
    return [
        Given(name.removeprefix(VARIABLE_PREFIX).lower(), "", (Part(text.strip(), name),), name)
        for name, text in sorted(environment.items())
        if name.startswith(VARIABLE_PREFIX) and text.strip()
    ]


class _Walk:
    """Through a file's sections, collecting what they give."""

    def __init__(self, source: str, known: Collection[str], mappings: Collection[str]) -> None:
        self._source, self._known, self._mappings = source, known, mappings
        self.given: list[Given] = []
        self.problems: list[Problem] = []

    def section(self, node: yaml.MappingNode, name: str = "", depth: int = 0) -> None:
        for key_node, value in node.value:
            where = f"{self._source}:{key_node.start_mark.line + 1}"
            try:
                key = _scalar(key_node)
                if key in self._known or not isinstance(value, yaml.MappingNode):
                    parts = tuple(_parts(value, self._source, key in self._mappings))
                    self.given.append(Given(key, name, parts, where))
                elif depth < _DEEPEST:
                    self.section(value, key, depth + 1)
                else:
                    raise ValueError("too many sections within one another")
            except ValueError as error:
                self.problems.append(Problem(where, f"{_shown(key_node)}: {error}"))


def _parts(value: yaml.Node, source: str, may_be_mapping: bool) -> Iterator[Part]:
    """Raises ValueError where the value is not what the key can hold."""
    match value:
        case yaml.ScalarNode():
            if value.value.strip() and value.tag != _NULL:
                yield Part(value.value.strip(), f"{source}:{value.start_mark.line + 1}")
        case yaml.SequenceNode():
            for item in value.value:
                yield Part(_scalar(item), f"{source}:{item.start_mark.line + 1}")
        case yaml.MappingNode() if may_be_mapping:
            for name, item in value.value:
                yield Part(f"{_scalar(name)}={_scalar(item)}", f"{source}:{name.start_mark.line + 1}")
        case _:
            raise ValueError("must be a value, not a section")


def _scalar(node: yaml.Node) -> str:
    if not isinstance(node, yaml.ScalarNode):
        raise ValueError("must hold plain values")
    return str(node.value).strip()


def _shown(node: yaml.Node) -> str:
    return str(node.value) if isinstance(node, yaml.ScalarNode) else "a key"


def _without_quotes(text: str) -> str:
    """The parser quotes what it stumbled over, which may be the token."""
    return re.sub(r"""(['"]).*\1""", "…", text)
