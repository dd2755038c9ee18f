"""Alerts and dashboards: valid, tested, explained, and about metrics that exist."""

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from configs.grafana import make
from domain.metrics import CATALOGUE, MetricKind
from tests.metric_names import OURS, expressions, named

ROOT = Path(__file__).resolve().parents[2]
PROMETHEUS = ROOT / "configs" / "prometheus"
DOCS = (ROOT / "docs" / "monitoring.md").read_text(encoding="utf-8")


def promtool(*arguments: str, folder: Path) -> str:
    """Its output. Fails where promtool does."""
    done = subprocess.run(["promtool", *arguments], cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def alerts() -> Iterator[dict[str, Any]]:
    for group in yaml.safe_load((PROMETHEUS / "rules.yml").read_text())["groups"]:
        yield from group["rules"]


def test_prometheus_takes_the_scrape_file_and_the_alerts(tmp_path: Path) -> None:
    for path in PROMETHEUS.glob("*.yml"):
        shutil.copy(path, tmp_path)
    (tmp_path / "scrape_token").write_text("secret")
    assert "SUCCESS" in promtool("check", "config", "prometheus.yml", folder=tmp_path)


def test_every_alert_rings_on_a_bad_day_and_none_on_a_good_one() -> None:
    assert "SUCCESS" in promtool("test", "rules", "rules_test.yml", folder=PROMETHEUS)
    tests = (PROMETHEUS / "rules_test.yml").read_text()
    assert [alert["alert"] for alert in alerts() if f'{{alertname="{alert["alert"]}"}}' not in tests] == []


def test_every_alert_says_what_to_do_and_where_more_stands() -> None:
    for alert in alerts():
        assert set(alert["annotations"]) == {"summary", "description", "runbook"}, alert["alert"]
        assert alert["annotations"]["runbook"] == f"docs/monitoring.md#{alert['alert'].lower()}"
        assert f"\n### {alert['alert']}\n\n" in DOCS
        assert alert["labels"]["severity"] in ("page", "ticket")
    told = set(re.findall(r"^### (\w+)$", DOCS.partition("## Alerts")[2], re.MULTILINE))
    assert told == {alert["alert"] for alert in alerts()}


def test_the_dashboards_are_what_panels_yaml_says_and_every_expression_parses(tmp_path: Path) -> None:
    for path, text in make.documents().items():
        assert path.read_text() == text, "run `python -m configs.grafana.make`"
    assert set(make.FOLDER.glob("*.json")) == set(make.documents())
    rules = [{"record": f"e{n}", "expr": e} for n, e in enumerate(expressions())]
    (tmp_path / "all.yml").write_text(json.dumps({"groups": [{"name": "all", "rules": rules}]}))
    assert f"{len(rules)} rules found" in promtool("check", "rules", "all.yml", folder=tmp_path)


def test_alerts_and_dashboards_ask_for_metrics_of_the_list_by_labels_that_they_have() -> None:
    known = {metric.name: metric for metric in CATALOGUE}
    found = [(base(name), labels) for e in expressions() for name, labels in named(e) if name.startswith(OURS)]
    assert len(found) > 50
    for name, labels in found:
        assert name in known, name
        assert labels <= {*known[name].labels, "node", "process", "le"}, (name, labels)


def base(name: str) -> str:
    """A histogram's own name."""
    histograms = {metric.name for metric in CATALOGUE if metric.kind is MetricKind.HISTOGRAM}
    return next((h for h in histograms if name in (f"{h}_bucket", f"{h}_count", f"{h}_sum")), name)


def test_the_documents_table_is_the_list_of_metrics() -> None:
    wanted = [
        f"| `{m.name}` | {m.kind} | {', '.join(f'`{label}`' for label in m.labels)} | {m.tells} |"
        f" {f'after {m.only_after}' if m.only_after else 'always'} |"
        for m in CATALOGUE
    ]
    assert [line for line in DOCS.splitlines() if line.startswith("| `salescontrol_")] == wanted


def test_names_follow_the_conventions_of_prometheus() -> None:
    assert len({metric.name for metric in CATALOGUE}) == len(CATALOGUE)
    for metric in CATALOGUE:
        assert re.fullmatch(r"salescontrol_[a-z_]+[a-z]", metric.name)
        assert metric.name.endswith("_total") == (metric.kind is MetricKind.COUNTER), metric.name
        assert not re.search(r"_(ms|s|kb|mb|percent|minutes|hours)(_|$)", metric.name), metric.name
