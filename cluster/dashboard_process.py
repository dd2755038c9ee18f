"""The Panel dashboard as a process of its own beside the cluster."""

import contextlib
import importlib.util
import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import psutil

from cluster.release import ROOT
from configs.settings import Settings


def start(settings: Settings) -> str | None:
    """The dashboard's address, started if it does not run yet; None where the `dashboard` extra is not installed."""
    if importlib.util.find_spec("panel") is None:
        return None
    port = settings.server.dashboard_port
    address = f"http://127.0.0.1:{port}"
    if _process(settings.home) is not None:
        return address
    if _is_taken(port):
        return None
    log_path = settings.home / "logs" / "dashboard.log"
    log_path.parent.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "panel", "serve", str(ROOT / "dashboard" / "app.py")]
    command += ["--address", "127.0.0.1", "--port", str(port), "--index", "app"]
    command += ["--allow-websocket-origin", f"127.0.0.1:{port}", "--allow-websocket-origin", f"localhost:{port}"]
    env = {**os.environ, "SALESCONTROL_API_URL": f"http://127.0.0.1:{settings.server.port}", "PYTHONPATH": str(ROOT)}
    with log_path.open("ab") as out:
        process = subprocess.Popen(
            command, env=env, stdin=subprocess.DEVNULL, stdout=out, stderr=out, start_new_session=True
        )
    started = psutil.Process(process.pid).create_time()
    _record(settings.home).write_text(json.dumps({"pid": process.pid, "started": started}))
    return address


def stop(home: Path) -> None:
    """Ends the dashboard that this home started."""
    process = _process(home)
    if process is not None:
        process.terminate()
        with contextlib.suppress(psutil.TimeoutExpired):
            process.wait(5)
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()
    _record(home).unlink(missing_ok=True)


def _process(home: Path) -> psutil.Process | None:
    """The recorded process, unless its number now belongs to another program."""
    try:
        record = json.loads(_record(home).read_text())
        process = psutil.Process(record["pid"])
    except (OSError, ValueError, KeyError, psutil.NoSuchProcess):
        return None
    same = process.create_time() == record["started"] and process.status() != psutil.STATUS_ZOMBIE
    return process if same else None


def _record(home: Path) -> Path:
    return home / "run" / "dashboard.json"


def _is_taken(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
