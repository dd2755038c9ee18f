"""Run as the service, inside its sandbox: prints what it may do, as JSON. Stands alone: the standard library only."""

import ctypes
import json
import os
import socket
import sqlite3
import subprocess
from collections.abc import Callable
from pathlib import Path

STATE = Path("/var/lib/recorder-agent")


def may(action: Callable[[], object]) -> str:
    try:
        action()
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return "yes"


def read_clock() -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.adjtimex((ctypes.c_char * 256)()) == -1:
        raise OSError(ctypes.get_errno(), "adjtimex")


def set_clock() -> None:
    os.clock_settime(0, 0) if hasattr(os, "clock_settime") else __import__("time").clock_settime(0, 0)


def encode() -> None:
    graph = ["-f", "lavfi", "-i", "sine=d=0.5", "-ac", "1", "-c:a", "libopus", "-b:a", "24k"]
    target = STATE / "spool" / "probe.ogg"
    subprocess.run(
        ["ffmpeg", "-nostdin", "-loglevel", "error", *graph, str(target)], check=True, stderr=subprocess.PIPE
    )
    if not target.stat().st_size:
        raise OSError("nothing was encoded")


def keep_ledger() -> None:
    with sqlite3.connect(STATE / "spool" / "probe.db") as db:
        db.execute("PRAGMA journal_mode=WAL")
        db.execute("CREATE TABLE t (x)")


def tcp() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        socket.create_connection(server.getsockname()).close()


def raw_socket() -> None:
    socket.socket(socket.AF_PACKET, socket.SOCK_RAW).close()


MUST = {
    "read_clock": read_clock,
    "encode": encode,
    "keep_ledger": keep_ledger,
    "use_tcp": tcp,
    "resolve": lambda: socket.getaddrinfo("localhost", 80),
    "see_cards": lambda: os.listdir("/proc/sys/kernel/random"),  # noqa: PTH208
    "see_holders": lambda: Path("/proc/1/comm").read_text(),
    "read_config": lambda: Path("/etc/recorder-agent/config.yaml").read_text(),
}
MUST_NOT = {
    "set_clock": set_clock,
    "change_config": lambda: Path("/etc/recorder-agent/config.yaml").write_text("x"),
    "write_usr": lambda: Path("/usr/local/x").write_text("x"),
    "write_opt": lambda: Path("/opt/recorder-agent/x").write_text("x"),
    "see_homes": lambda: list(Path("/root").iterdir()),
    "open_raw_socket": raw_socket,
    "mount": lambda: subprocess.run(["mount", "-t", "tmpfs", "x", "/mnt"], check=True, capture_output=True),
    "become_root": lambda: os.setuid(0),
    "open_disk": lambda: os.open("/dev/vda", os.O_RDONLY),
    "load_module": lambda: Path("/proc/sys/kernel/hostname").write_text("x"),
}

answers = {
    "must": {name: may(action) for name, action in MUST.items()},
    "must_not": {name: may(action) for name, action in MUST_NOT.items()},
    "groups": sorted(os.getgroups()),
    "home": os.environ.get("HOME"),
    "capabilities": [line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("CapBnd")],
}
(STATE / "probe.json").write_text(json.dumps(answers))
