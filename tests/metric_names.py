"""Which metrics the alerts and dashboards of configs/ ask for."""

import re
from collections.abc import Iterator
from pathlib import Path

import yaml

CONFIGS = Path(__file__).resolve().parents[1] / "configs"
OURS = "salescontrol_"
_SELECTED = re.compile(r"\b((?:salescontrol|ray)_[a-z_]+)(?:\{([^}]*)\})?")


def expressions() -> list[str]:
    """Of all alerts and panels."""
    groups = yaml.safe_load((CONFIGS / "prometheus" / "rules.yml").read_text())["groups"]
    boards = yaml.safe_load((CONFIGS / "grafana" / "panels.yaml").read_text())
    panels = [panel for board in boards for panel in board["panels"]]
    shown = [e for panel in panels for e in (panel["curves"].values() if "curves" in panel else [panel["stat"]])]
    return [rule["expr"] for group in groups for rule in group["rules"]] + shown


def named(expression: str) -> Iterator[tuple[str, set[str]]]:
    """(metric, labels that are asked for) of each selector."""
    for name, labels in _SELECTED.findall(expression):
        yield name, set(re.findall(r"(\w+)\s*[=!]", labels))
