"""The Panel dashboard as a process of its own beside the cluster."""

import contextlib
import importlib.util
import json
import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import psutil

from cluster.release import ROOT, pages_hash
from configs.secrets import dashboard_key
from configs.settings import Settings

PING_MS = 25_000
"""So often the websocket says something: proxies cut what is silent for a minute."""
FORGOTTEN_AFTER_MS = 30_000
MOST_MESSAGE_BYTES = 1024 * 1024
"""Of a message from a browser: a form is a few kB, and whoever sends more is nobody's browser."""


def start(settings: Settings) -> str | None:
    """The dashboard's address, started if it does not run yet, anew if it runs another release or by other settings;
    None where the `dashboard` extra is not installed."""
    if importlib.util.find_spec("panel") is None:
        return None
    port = settings.server.dashboard_port
    address = f"http://127.0.0.1:{port}"
    release = pages_hash(command(settings), environment(settings))
    if _process(settings.home) is not None:
        if _recorded(settings.home).get("release") == release:
            return address
        stop(settings.home)
    if _is_taken(port):
        return None
    log_path = settings.home / "logs" / "dashboard.log"
    log_path.parent.mkdir(parents=True, exist_ok=True)
    with log_path.open("ab") as out:
        process = subprocess.Popen(
            command(settings),
            env={**os.environ, **environment(settings)},
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            start_new_session=True,
        )
    started = psutil.Process(process.pid).create_time()
    _record(settings.home).write_text(json.dumps({"pid": process.pid, "started": started, "release": release}))
    return address


def command(settings: Settings) -> list[str]:
    """`panel serve` with what a shop needs: one process, a session for every tab, forgotten soon after it closes."""
    port = settings.server.dashboard_port
    origins = [f"127.0.0.1:{port}", f"localhost:{port}", *_public_origin(settings), *settings.dashboard.origins]
    options = {
        "--address": settings.dashboard.host,
        "--port": port,
        "--index": "app",
        "--keep-alive": PING_MS,
        "--unused-session-lifetime": FORGOTTEN_AFTER_MS,
        "--check-unused-sessions": FORGOTTEN_AFTER_MS,
        "--websocket-max-message-size": MOST_MESSAGE_BYTES,
        "--include-headers": "Accept-Language",
    }
    words = [str(word) for option in options.items() for word in option]
    words += [word for origin in origins for word in ("--allow-websocket-origin", origin)]
    words += ["--use-xheaders"] if settings.server.proxies else []
    return [sys.executable, "-m", "panel", "serve", str(ROOT / "dashboard" / "app.py"), *words]


def environment(settings: Settings) -> dict[str, str]:
    """What dashboard/apis.py reads."""
    api_urls = settings.dashboard.api_urls or [f"http://127.0.0.1:{settings.server.port}"]
    return {
        "SALESCONTROL_API_URL": ",".join(api_urls),
        "SALESCONTROL_API_PUBLIC_URL": ",".join(_public_api_urls(settings)),
        "SALESCONTROL_DASHBOARD_KEY": dashboard_key(settings),
        "PYTHONPATH": str(ROOT),
    }


def _public_origin(settings: Settings) -> list[str]:
    """As browsers name it in `Origin`."""
    public = settings.server.public_url
    return [public.partition("://")[2]] if public else []


def _public_api_urls(settings: Settings) -> list[str]:
    """Behind one proxy the api and the pages have one address."""
    public = settings.server.public_url
    stated = settings.dashboard.public_api_urls
    return stated or ([public] if public and not settings.dashboard.api_urls else [])


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
    record = _recorded(home)
    try:
        process = psutil.Process(record["pid"])
    except (KeyError, psutil.NoSuchProcess):
        return None
    same = process.create_time() == record["started"] and process.status() != psutil.STATUS_ZOMBIE
    return process if same else None


def _recorded(home: Path) -> dict[str, Any]:
    """What was written of the one that was started last; empty where there is none."""
    try:
        record: dict[str, Any] = json.loads(_record(home).read_text())
    except (OSError, ValueError):
        return {}
    return record


def _record(home: Path) -> Path:
    return home / "run" / "dashboard.json"


def _is_taken(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
