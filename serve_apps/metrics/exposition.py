"""Prometheus' text format 0.0.4: our samples written, and the exports of Ray's nodes joined to one document."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from domain.metrics import PREFIX, Sample

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_RAY = f"ray_{PREFIX}"
"""Ray puts its own name before those of all who count by it."""
_SCOPE = (
    'otel_scope_name="ray._private.telemetry.open_telemetry_metric_recorder",'
    'otel_scope_schema_url="",otel_scope_version=""'
)
"""The same in every series of Ray's, and a quarter of what a node exports."""

_BY_RAY = re.compile(r'Component="[^"]*",NodeAddress="[^"]*",SessionName="[^"]*",Version="[^"]*",')


@dataclass(slots=True)
class Family:
    """All series of one metric: a document may name each only once. `head`: its HELP and TYPE lines."""

    head: list[str] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)


class Document:
    """What a scrape answers, put together part by part."""

    def __init__(self) -> None:
        self._families: dict[str, Family] = {}

    def add(self, samples: Iterable[Sample]) -> None:
        """Samples of ours."""
        for sample in samples:
            metric = sample.metric
            family = self._families.setdefault(metric.name, Family())
            family.head = family.head or _head(metric.name, metric.tells, metric.kind)
            labels = ",".join(
                f'{name}="{_escaped(value)}"' for name, value in zip(metric.labels, sample.values, strict=True)
            )
            family.lines.append(
                f"{metric.name}{{{labels}}} {float(sample.value)!r}"
                if labels
                else f"{metric.name} {float(sample.value)!r}"
            )

    def join(self, export: str, node: str) -> None:
        """What a node exports; every series gets the label `node`. Ours lose Ray's prefix."""
        label = f'node="{_escaped(node)}"'
        family, is_known = Family(), True
        for line in export.replace(f",{_SCOPE}", "").replace(_SCOPE, "").splitlines():
            if line.startswith("# HELP "):
                line = line.replace(f"# HELP {_RAY}", f"# HELP {PREFIX}", 1)
                family = self._families.setdefault(line.split(" ", 3)[2], Family())
                is_known = bool(family.head)
            if not line.startswith("#"):
                family.lines.append(_labelled(_ours(line) if line.startswith(_RAY) else line, label))
            elif not is_known:
                family.head.append(line.replace(f"# TYPE {_RAY}", f"# TYPE {PREFIX}", 1))

    def text(self) -> str:
        """The document."""
        return "".join(f"{line}\n" for family in self._families.values() for line in (*family.head, *family.lines))


def _head(name: str, tells: str, kind: str) -> list[str]:
    return [f"# HELP {name} {tells}", f"# TYPE {name} {kind}"]


def _ours(line: str) -> str:
    """A series that a process of ours counted, without what Ray says of itself in each."""
    return _BY_RAY.sub("", line.removeprefix("ray_"), 1).replace("WorkerId=", "worker_id=", 1)


def _labelled(line: str, label: str) -> str:
    """A line of a series with one more label: `name{a="b"} 1` or `name 1`."""
    brace, space = line.find("{"), line.find(" ")
    if 0 <= brace < space:
        comma = "" if line[brace + 1] == "}" else ","
        return f"{line[: brace + 1]}{label}{comma}{line[brace + 1 :]}"
    return f"{line[:space]}{{{label}}}{line[space:]}"


def _escaped(value: str) -> str:
    return value.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")
