"""What a running system tells of itself: one scrape, and the lines of its log."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from cluster import ray_head
from tests.e2e.system import INTERNAL_TOKEN, System


@dataclass(frozen=True)
class Scrape:
    """One answer of GET /metrics."""

    text: str

    @property
    def names(self) -> set[str]:
        """Of all metrics in it."""
        return set(re.findall(r"^# TYPE (\S+) ", self.text, re.MULTILINE))

    def total(self, name: str, **labels: str) -> float:
        """Sum over the series of one metric that have these labels."""
        series = re.findall(rf"^{name}(?:\{{(.*)\}})? (\S+)$", self.text, re.MULTILINE)
        wanted = [f'{label}="{value}"' for label, value in labels.items()]
        return sum(float(value) for said, value in series if all(label in said for label in wanted))


def scrape(system: System) -> Scrape:
    headers = {"Authorization": f"Bearer {INTERNAL_TOKEN}"}
    return Scrape(httpx.get(f"{system.api_url}/metrics", headers=headers, timeout=60).raise_for_status().text)


def log_lines(system: System, about: str) -> Iterator[dict[str, Any]]:
    """Of all processes of Ray, those that name `about`."""
    head = ray_head.running(system.home)
    assert head is not None
    for path in (Path(head.temp_dir) / "session_latest" / "logs").glob("*.err"):
        for line in path.read_text(errors="replace").splitlines():
            if about in line and line.startswith("{"):
                yield json.loads(line)
