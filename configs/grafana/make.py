"""`python -m configs.grafana.make`: writes dashboards/*.json anew from panels.yaml. A test compares them."""

import json
from pathlib import Path
from typing import Any

import yaml

HERE = Path(__file__).resolve().parent
FOLDER = HERE / "dashboards"
SOURCE = {"type": "prometheus", "uid": "salescontrol"}
"""As provisioning/datasources names it."""
ROW = 24
STAT = (4, 4)
CURVE = (12, 8)
"""Width and height, in Grafana's grid of 24 columns."""


def documents() -> dict[Path, str]:
    """Every file, by its path, as this code would write it."""
    boards = yaml.safe_load((HERE / "panels.yaml").read_text(encoding="utf-8"))
    return {
        FOLDER / f"{board['uid'].removeprefix('salescontrol-')}.json": json.dumps(written(board), indent=1) + "\n"
        for board in boards
    }


def written(board: dict[str, Any]) -> dict[str, Any]:
    """A dashboard as Grafana reads it."""
    panels: list[dict[str, Any]] = []
    x = y = row_height = 0
    for number, panel in enumerate(board["panels"], start=1):
        width, height = STAT if "stat" in panel else CURVE
        if x + width > ROW or (row_height and height != row_height):
            x, y = 0, y + row_height
        panels.append(_panel(panel, number) | {"gridPos": {"x": x, "y": y, "w": width, "h": height}})
        x, row_height = x + width, height
    links = [{"type": "dashboards", "tags": ["salescontrol"], "asDropdown": True, "title": "SalesControl"}]
    return {
        "uid": board["uid"],
        "title": board["title"],
        "tags": ["salescontrol"],
        "timezone": "browser",
        "refresh": "30s",
        "time": {"from": "now-6h", "to": "now"},
        "schemaVersion": 39,
        "links": links,
        "panels": panels,
    }


def _panel(panel: dict[str, Any], number: int) -> dict[str, Any]:
    curves = {"": panel["stat"]} if "stat" in panel else panel["curves"]
    targets = [
        {"refId": chr(ord("A") + i), "expr": expression, "legendFormat": legend, "datasource": SOURCE}
        for i, (legend, expression) in enumerate(curves.items())
    ]
    return {
        "id": number,
        "type": "stat" if "stat" in panel else "timeseries",
        "title": panel["title"],
        "description": panel.get("tells", ""),
        "datasource": SOURCE,
        "fieldConfig": {"defaults": {"unit": panel["unit"]}, "overrides": []},
        "targets": targets,
    }


if __name__ == "__main__":
    for path, text in documents().items():
        path.write_text(text, encoding="utf-8")
