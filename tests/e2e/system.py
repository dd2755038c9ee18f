"""A whole SalesControl of the tests' own: a home in a temporary folder, free ports, short leases."""

import contextlib
import json
import os
import random
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import psutil

ROOT = Path(__file__).resolve().parents[2]
ADMIN_TOKEN = "an-admin-token-for-tests"
INTERNAL_TOKEN = "an-internal-token-for-tests"


@dataclass
class System:
    """Drives the real CLI and the real HTTP surface."""

    home: Path
    settings: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        ports = free_ports(4)
        names = ("PORT", "DASHBOARD_PORT", "RAY_DASHBOARD_PORT", "RAY_PORT")
        self.pause_dir = self.home / "pause"
        self.pause_dir.mkdir(parents=True, exist_ok=True)
        self.env = {
            **{k: v for k, v in os.environ.items() if not k.startswith(("SALESCONTROL_", "RAY_", "DATABASE_URL"))},
            "SALESCONTROL_HOME": str(self.home),
            "SALESCONTROL_PAUSE_DIR": str(self.pause_dir),
            "ADMIN_TOKEN": ADMIN_TOKEN,
            "INTERNAL_TOKEN": INTERNAL_TOKEN,
            **{f"SALESCONTROL_SERVER__{name}": str(port) for name, port in zip(names, ports, strict=True)},
            "SALESCONTROL_JOBS__LEASE_S": "4",
            "SALESCONTROL_JOBS__RENEW_S": "1",
            "SALESCONTROL_JOBS__BACKOFF_S": "0.2",
            "SALESCONTROL_JOBS__BACKOFF_MAX_S": "1",
            **self.settings,
        }
        self.api_url = f"http://127.0.0.1:{ports[0]}"

    def cli(self, *arguments: str, check: bool = True, timeout_s: float = 240) -> subprocess.CompletedProcess[str]:
        """Runs `salescontrol` as a user would."""
        command = [str(Path(sys.executable).with_name("salescontrol")), *arguments]
        done = subprocess.run(
            command, env=self.env, cwd=self.home, capture_output=True, text=True, timeout=timeout_s, check=False
        )
        if check and done.returncode != 0:
            raise AssertionError(f"{arguments}: exit {done.returncode}\n{done.stdout}\n{done.stderr}")
        return done

    def export(self, *arguments: str) -> list[dict[str, Any]]:
        """The JSON export's dialogues."""
        dialogues: list[dict[str, Any]] = json.loads(self.cli("export", "--format", "json", *arguments).stdout)[
            "dialogues"
        ]
        return dialogues

    def admin(self) -> httpx.Client:
        """An HTTP client with the admin token."""
        return httpx.Client(base_url=self.api_url, headers={"Authorization": f"Bearer {ADMIN_TOKEN}"}, timeout=30)

    def processes(self) -> set[psutil.Process]:
        """Everything that runs for this home: Ray's processes, PostgreSQL's and the dashboard."""
        roots = [
            int(json.loads((self.home / "run" / name).read_text())["pid"]) for name in ("ray.json", "dashboard.json")
        ]
        roots.append(int((self.home / "postgres" / "postmaster.pid").read_text().splitlines()[0]))
        found = {psutil.Process(pid) for pid in roots}
        return found | {child for root in found for child in root.children(recursive=True)}

    def database_url(self) -> str:
        """The embedded server's URL while it runs."""
        from db import embedded

        url = embedded.running_url(self.home)
        assert url is not None
        return url


def free_ports(count: int) -> list[int]:
    """Ports that nobody listens on now, below those that the system gives to whoever connects somewhere."""
    found: set[int] = set()
    while len(found) < count:
        port = random.SystemRandom().randrange(20_000, 32_000)
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            found.add(port)
    return list(found)


def wait_until(true: Callable[[], Any], what: str, timeout_s: float = 90) -> Any:
    """Polls until `true()` is truthy and returns it; fails naming what was waited for."""
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline:
        value = true()
        if value:
            return value
        time.sleep(0.1)
    raise AssertionError(f"waited {timeout_s:g} s for {what}")


def processes_with(home: Path) -> list[psutil.Process]:
    """Every process whose environment names this home."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.environ().get("SALESCONTROL_HOME") == str(home) and process.pid != os.getpid():
                found.append(process)
        except psutil.Error:
            continue
    return found
