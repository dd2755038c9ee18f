"""What the rules look at: the cluster file as node types, commands and variables, whatever its provider."""

import itertools
import json
import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cluster.lint.document import Document, Keys
from cluster.lint.finding import Finding, Level

IMAGE_HOME = "/home/salescontrol"
"""Where "~" is in the image."""
HEAD_COMMANDS, WORKER_COMMANDS = "head_start_ray_commands", "worker_start_ray_commands"
ENDS = {"&&", "||", ";", "|"}
"""What ends a command inside of a line."""


@dataclass(frozen=True, slots=True)
class NodeType:
    """`keys`: where it stands in the file. `resources`: what Ray may place on one node of it."""

    name: str
    keys: Keys
    is_head: bool
    minimum: int
    maximum: int
    resources: dict[str, float]
    image: str
    image_keys: Keys
    run_options: str
    instance: str
    is_spot: bool

    def holds(self, request: dict[str, float]) -> bool:
        """Whether one actor with these resources fits on an empty node."""
        return all(self.resources.get(name, 0) >= amount for name, amount in request.items())


@dataclass(frozen=True, slots=True)
class Command:
    """One shell command and where it stands."""

    keys: Keys
    text: str

    @property
    def ray_start(self) -> dict[str, str] | None:
        """The options of `ray start` in it; None where it is another command."""
        _, found, rest = self.text.partition("ray start")
        if not found:
            return None
        options, last = {}, ""
        for word in itertools.takewhile(lambda word: word not in ENDS, _words(rest)):
            if word.startswith("--"):
                last, _, value = word.partition("=")
                options[last] = value
            elif last and not options[last]:
                options[last] = word
        return options

    @property
    def unreadable(self) -> str:
        """Why the shell can't read it, in shlex's words; "" where it can."""
        try:
            shlex.split(self.text, comments=True)
        except ValueError as error:
            return str(error)
        return ""


@dataclass(frozen=True)
class Cluster:
    """`root`: the checkout, whose lock file, Dockerfile and configuration the cluster is to fit. `home`: what "~" means
    on this machine."""

    document: Document
    root: Path
    home: Path
    provider: str
    nodes: list[NodeType]

    @property
    def workers(self) -> list[NodeType]:
        """All node types but the head's."""
        return [node for node in self.nodes if not node.is_head]

    def commands(self, *names: str) -> list[Command]:
        """The commands under these names, in order."""
        lists = ((name, self.document.get(name, default=[])) for name in names)
        return [Command((name, n), str(text)) for name, texts in lists for n, text in enumerate(texts)]

    def variables(self) -> dict[str, str]:
        """What containers and commands set in the open: -e NAME=VALUE and NAME=VALUE before a command."""
        options = " ".join(str(option) for option in self.document.get("docker", "run_options", default=[]))
        told = re.findall(r"(?:-e|--env)[ =](\w+)=(\S+)", options)
        starts = self.commands(HEAD_COMMANDS, WORKER_COMMANDS)
        told += [pair for command in starts for pair in re.findall(r"\b([A-Z][A-Z0-9_]+)=([^\s;&]+)", command.text)]
        return dict(told)

    def error(self, keys: Keys, what: str, remedy: str, text: str = "") -> Finding:
        """`text`: stands on the very line that is meant."""
        line = self.document.line_of(text, *keys) if text else self.document.line(*keys)
        return self.document.finding(Level.ERROR, line, what, remedy)

    def warn(self, keys: Keys, what: str, remedy: str) -> Finding:
        return self.document.finding(Level.WARN, self.document.line(*keys), what, remedy)

    def note(self, keys: Keys, what: str, remedy: str) -> Finding:
        return self.document.finding(Level.NOTE, self.document.line(*keys), what, remedy)


def view(document: Document, root: Path, home: Path) -> Cluster:
    """The file as the rules see it. Never fails: what is missing or of the wrong kind, Ray's schema has named."""
    provider = str(document.get("provider", "type", default=""))
    nodes = list(_own_machines(document) if provider == "local" else _node_types(document))
    return Cluster(document, root, home, provider, nodes)


def number(value: Any, otherwise: float = 0) -> float:
    """A number, also where the file has something else."""
    return value if isinstance(value, int | float) else otherwise


def _words(text: str) -> list[str]:
    """The shell's words; where a quote is not closed, what stands between spaces."""
    words = shlex.shlex(text, posix=True, punctuation_chars="&;|")
    words.whitespace_split, words.commenters = True, ""
    try:
        return list(words)
    except ValueError:
        return text.split()


def _node_types(document: Document) -> Iterator[NodeType]:
    types = document.get("available_node_types", default={})
    for name in types if isinstance(types, dict) else {}:
        keys: Keys = ("available_node_types", name)
        is_head = name == document.get("head_node_type")
        config = document.get(*keys, "node_config", default={})
        image, image_keys = _image(document, keys, is_head=is_head)
        yield NodeType(
            name=name,
            keys=keys,
            is_head=is_head,
            minimum=int(number(document.get(*keys, "min_workers"))),
            maximum=int(number(document.get(*keys, "max_workers"), number(document.get("max_workers")))),
            resources=_resources(document, keys, is_head=is_head),
            image=image,
            image_keys=image_keys,
            run_options=_run_options(document, keys),
            instance=str(config.get("InstanceType", "")),
            is_spot=(config.get("InstanceMarketOptions") or {}).get("MarketType") == "spot",
        )


def _own_machines(document: Document) -> Iterator[NodeType]:
    head: Keys = ("provider", "head_ip")
    image, image_keys = _image(document, (), is_head=True)
    resources = {"CPU": 0.0, **_told_resources(document)}
    yield NodeType("head", head, True, 0, 0, resources, image, image_keys, "", "", False)
    image, image_keys = _image(document, (), is_head=False)
    for n, address in enumerate(document.get("provider", "worker_ips", default=[])):
        keys: Keys = ("metadata", "machines", str(address))
        told = document.get(*keys, default={})
        yield NodeType(
            name=str(address),
            keys=keys if told else ("provider", "worker_ips", n),
            is_head=False,
            minimum=1,
            maximum=1,
            resources={name: number(amount) for name, amount in told.items()},
            image=image,
            image_keys=image_keys,
            run_options=_run_options(document, ()),
            instance="",
            is_spot=False,
        )


def _resources(document: Document, keys: Keys, *, is_head: bool) -> dict[str, float]:
    given = document.get(*keys, "resources", default={})
    told = _told_resources(document) if is_head else {}
    return {name: number(amount) for name, amount in given.items()} | told


def _told_resources(document: Document) -> dict[str, float]:
    """What `ray start --head --resources` adds."""
    for n, text in enumerate(document.get(HEAD_COMMANDS, default=[])):
        options = Command((HEAD_COMMANDS, n), str(text)).ray_start or {}
        try:
            return {str(k): number(v) for k, v in json.loads(options.get("--resources") or "{}").items()}
        except ValueError:
            return {}
    return {}


def _image(document: Document, keys: Keys, *, is_head: bool) -> tuple[str, Keys]:
    """The image of a node type and where it is named."""
    role = "head_image" if is_head else "worker_image"
    ways: list[Keys] = [(*keys, "docker", role), ("docker", role), ("docker", "image")]
    found = next((way for way in ways if document.get(*way)), ("docker",))
    return (str(document.get(*found)) if len(found) > 1 else ""), found


def _run_options(document: Document, keys: Keys) -> str:
    own: Keys = (*keys, "docker", "worker_run_options")
    ways: list[Keys] = [("docker", "run_options"), ("docker", "worker_run_options"), own]
    return " ".join(str(option) for way in dict.fromkeys(ways) for option in document.get(*way, default=[]))
