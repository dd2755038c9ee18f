"""What kind of value the rules rely on, and where: numbers that are words, lists that are mappings, unknown types."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from cluster.lint.document import Document, Keys
from cluster.lint.finding import Finding, Level


@dataclass(frozen=True, slots=True)
class Kind:
    """`fits`: whether a value is of it. `words`: what it is called. `remedy`: how to write one."""

    words: str
    remedy: str
    fits: Callable[[Any], bool]


TEXT = Kind("text", "write text, in quotes where it looks like a number", lambda value: isinstance(value, str))
WHOLE = Kind("a whole number from 0 on", "write one without quotes, such as 2",
             lambda value: isinstance(value, int) and not isinstance(value, bool) and value >= 0)  # fmt: skip
AMOUNT = Kind("a number from 0 on", "write one without quotes, such as 2",
              lambda value: isinstance(value, int | float) and not isinstance(value, bool) and value >= 0)  # fmt: skip
LIST = Kind("a list", "write [a, b], or each item on a line of its own after a hyphen", lambda v: isinstance(v, list))
MAPPING = Kind("a mapping", "write {name: value}, or each name: value on a line of its own",
               lambda value: isinstance(value, dict))  # fmt: skip

COMMANDS = (
    *("initialization_commands", "setup_commands", "head_setup_commands", "worker_setup_commands"),
    *("head_start_ray_commands", "worker_start_ray_commands"),
)
TYPE = "available_node_types.*"
SHAPES = {
    MAPPING: [
        *("provider", "provider.security_group", "docker", "file_mounts", "metadata", "metadata.machines"),
        *("metadata.machines.*", "available_node_types", TYPE, f"{TYPE}.resources", f"{TYPE}.labels"),
        *(f"{TYPE}.docker", f"{TYPE}.node_config", f"{TYPE}.node_config.IamInstanceProfile"),
        *(f"{TYPE}.node_config.InstanceMarketOptions", f"{TYPE}.node_config.BlockDeviceMappings.*"),
        f"{TYPE}.node_config.BlockDeviceMappings.*.Ebs",
    ],
    LIST: [
        *COMMANDS,
        *("provider.worker_ips", "provider.security_group.IpPermissions", f"{TYPE}.node_config.BlockDeviceMappings"),
        *("docker.run_options", "docker.head_run_options", "docker.worker_run_options"),
        f"{TYPE}.docker.worker_run_options",
    ],
    TEXT: [
        *(f"{name}.*" for name in COMMANDS),
        *("provider.type", "provider.region", "provider.availability_zone", "provider.head_ip"),
        *("provider.worker_ips.*", "provider.security_group.GroupName", "file_mounts.*", "head_node_type"),
        *("docker.image", "docker.head_image", "docker.worker_image", "docker.container_name"),
        f"{TYPE}.docker.worker_image",
        *("docker.run_options.*", "docker.head_run_options.*", "docker.worker_run_options.*"),
        *(f"{TYPE}.docker.worker_run_options.*", f"{TYPE}.labels.*", f"{TYPE}.node_config.InstanceType"),
        *(f"{TYPE}.node_config.ImageId", f"{TYPE}.node_config.InstanceMarketOptions.MarketType"),
        *(f"{TYPE}.node_config.IamInstanceProfile.*", f"{TYPE}.node_config.BlockDeviceMappings.*.DeviceName"),
        f"{TYPE}.node_config.BlockDeviceMappings.*.Ebs.VolumeType",
    ],
    WHOLE: ["max_workers", "min_workers", f"{TYPE}.min_workers", f"{TYPE}.max_workers", f"{TYPE}.resources.*"],
    AMOUNT: ["idle_timeout_minutes", "upscaling_speed", "metadata.machines.*.*"],
}
"""The ways to the values, "*" for each of a list or mapping."""


def check(document: Document) -> Iterator[Finding]:
    """Each value of another kind than the rules read; where there is none, a head that is none of the node types."""
    found = [_wrong(document, keys, kind) for kind, ways in SHAPES.items()
             for way in ways for keys, value in _at(document.data, way.split("."))
             if not kind.fits(value)]  # fmt: skip
    yield from found or _head_type(document)


def _at(value: Any, way: list[str], keys: Keys = ()) -> Iterator[tuple[Keys, Any]]:
    """Everything that stands at `way`. An empty value counts as missing where its name is known."""
    if not way:
        yield keys, value
        return
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in inside:
        if way[0] == "*" or (way[0] == key and inner is not None):
            yield from _at(inner, way[1:], (*keys, key))


def _wrong(document: Document, keys: Keys, kind: Kind) -> Finding:
    value, name = document.get(*keys), ".".join(map(str, keys))
    said = f'the text "{value}"' if isinstance(value, str) else "empty" if value is None else repr(value)
    return document.finding(
        Level.ERROR, document.line(*keys), f"{name}: must be {kind.words}, and is {said}", kind.remedy
    )


def _head_type(document: Document) -> Iterator[Finding]:
    types = [str(name) for name in document.get("available_node_types", default={})]
    head = document.get("head_node_type", default="")
    if types and head not in types:
        near = get_close_matches(head.lower(), types, 1)
        line = document.line("head_node_type" if head else "available_node_types")
        what = f"head_node_type {head}: no such node type" if head else "no head_node_type"
        remedy = f"write {near[0]}; " if near else ""
        remedy = f"{remedy}available_node_types has {', '.join(types)}"
        yield document.finding(Level.ERROR, line, what, remedy)
