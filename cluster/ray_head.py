"""The local Ray head: started by `up` with its own folder, ports and token; `down` ends it and touches no other Ray.

On a fleet RAY_ADDRESS names the cluster and nothing here is used.
"""

import contextlib
import hashlib
import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil

from audio.open import DISK
from cluster import head_state
from configs.settings import Settings
from domain.errors import SalesControlError

START_TIMEOUT_S = 180.0
STARTS = 3
"""Ray ends itself where its own agents take longer than 15 s, which they do on a busy machine: then once more."""
STARTED = "Ray runtime started"
"""What `ray start` writes once its node has joined; GCS and dashboard answer before."""
DRAIN = {"RAY_GRACEFUL_SHUTDOWN_DRAIN_TIMEOUT_S": "2"}
"""At its end Ray waits until no replica is left on the node, by itself half a minute: here there is no other node for
them, and the workers have been drained. What was asked over HTTP has this long."""
RUN_MARK = "SALESCONTROL_RAY_RUN"
LOOPBACK = "127.0.0.2"
"""Ray takes "127.0.0.1" to mean the machine's outward address, which changes with the network; this one stays."""


class RayHeadError(SalesControlError):
    """The Ray head did not start or stop."""


class _EndedItselfError(RayHeadError):
    """It ended while it started."""


@dataclass(frozen=True, slots=True)
class RayHead:
    """A head that this home started. `pid`: the `ray start --block` process; `mark`: in its children's environment."""

    pid: int
    mark: str
    address: str
    dashboard_url: str
    temp_dir: str

    @property
    def is_running(self) -> bool:
        """True while the head's GCS port answers and its process lives."""
        host, port = self.address.split(":")
        return psutil.pid_exists(self.pid) and _answers(host, int(port))


def running(home: Path) -> RayHead | None:
    """The head that this home started, if it still runs."""
    try:
        head = RayHead(**json.loads(_record(home).read_text()))
    except (OSError, ValueError, TypeError):
        return None
    return head if head.is_running else None


def environment(home: Path) -> dict[str, str]:
    """Variables with which any process joins this home's Ray: token authentication on, usage statistics off."""
    token = home / "run" / "ray_token"
    if not token.exists():
        token.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(token, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        os.write(descriptor, secrets.token_hex(32).encode())
        os.close(descriptor)
    return {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN_PATH": str(token), "RAY_USAGE_STATS_ENABLED": "0"}


def start(settings: Settings, env: Mapping[str, str], *, has_disk: bool = True) -> RayHead:
    """Starts the head and waits until it works.

    `env` goes to every process of the cluster; `has_disk`: audio lies on a disk here. Raises RayHeadError with the
    log's end.
    """
    for _ in range(STARTS - 1):
        with contextlib.suppress(_EndedItselfError):
            return _start_once(settings, env, has_disk)
    return _start_once(settings, env, has_disk)


def _start_once(settings: Settings, env: Mapping[str, str], has_disk: bool) -> RayHead:
    stop(settings.home)
    server = settings.server
    for name in ("port", "ray_port", "ray_dashboard_port"):
        port = getattr(server, name)
        if _answers("127.0.0.1", port):
            raise RayHeadError(
                f"port {port} is taken by another program; free it or set SALESCONTROL_SERVER__{name.upper()}"
            )
    mark = secrets.token_hex(8)
    temp_dir = _private_folder(settings.home)
    log_path = settings.home / "logs" / "ray.log"
    log_path.parent.mkdir(parents=True, exist_ok=True)
    command = [
        str(Path(sys.executable).with_name("ray")),
        *("start", "--head", "--block", f"--node-ip-address={LOOPBACK}", f"--port={server.ray_port}"),
        *("--dashboard-host=127.0.0.1", f"--dashboard-port={server.ray_dashboard_port}"),
        *(f"--dashboard-agent-listen-port={_free_port()}", f"--dashboard-agent-grpc-port={_free_port()}"),
        *(f"--metrics-export-port={_free_port()}", f"--ray-client-server-port={_free_port()}"),
        *("--min-worker-port=0", "--max-worker-port=0", f"--temp-dir={temp_dir}"),
        *((f"--resources={json.dumps({DISK: 1})}",) if has_disk else ()),
        "--disable-usage-stats",
        *(() if server.head_cpus is None else (f"--num-cpus={server.head_cpus:g}",)),
        *head_state.options(settings),
    ]
    with log_path.open("ab") as out:
        said_before = out.tell()
        process = subprocess.Popen(
            command,
            env={**os.environ, **env, **head_state.environment(settings), **DRAIN, RUN_MARK: mark},
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            start_new_session=True,
        )
    head = RayHead(
        pid=process.pid,
        mark=mark,
        address=f"{LOOPBACK}:{server.ray_port}",
        dashboard_url=f"http://127.0.0.1:{server.ray_dashboard_port}",
        temp_dir=temp_dir,
    )
    _record(settings.home).write_text(json.dumps(asdict(head)))
    deadline = time.monotonic() + START_TIMEOUT_S
    while not (STARTED in _said(log_path, said_before) and _answers("127.0.0.1", server.ray_dashboard_port)):
        if process.poll() is not None or time.monotonic() > deadline:
            kind = RayHeadError if process.poll() is None else _EndedItselfError
            stop(settings.home)
            raise kind(f"Ray did not start; {log_path} ends with:\n{_said(log_path, said_before)[-2000:]}")
        time.sleep(0.2)
    return head


def stop(home: Path) -> int:
    """Ends every process of this home's head, also after its parent was killed. Returns how many there were."""
    try:
        head = RayHead(**json.loads(_record(home).read_text()))
    except (OSError, ValueError, TypeError):
        return 0
    processes = _processes(head)
    if psutil.pid_exists(head.pid):
        with contextlib.suppress(ProcessLookupError):
            os.kill(head.pid, signal.SIGTERM)
    _, alive = psutil.wait_procs(processes, timeout=8)
    for process in {*alive, *_processes(head)}:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()
    psutil.wait_procs(alive, timeout=5)
    _record(home).unlink(missing_ok=True)
    return len(processes)


def _private_folder(home: Path) -> str:
    """A fresh one for Ray's sockets and logs, with a short path. Ray opens its own to everybody, so it lies in one of
    ours alone. Raises RayHeadError where another user has that."""
    ours = Path(f"/tmp/salescontrol-{hashlib.sha256(str(home).encode()).hexdigest()[:8]}")
    shutil.rmtree(ours, ignore_errors=True)
    try:
        ours.mkdir(mode=0o700)
    except OSError as error:
        raise RayHeadError(f"Ray's folder {ours} cannot be made anew: {error.strerror}; delete it.") from None
    return str(ours / "ray")


def _processes(head: RayHead) -> set[psutil.Process]:
    """Everything that descends from the head: by environment mark, by its folder on the command line, by parent."""
    found: set[psutil.Process] = set()
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            if process.pid == os.getpid():
                continue
            named = any(f"{head.temp_dir}/" in part or part.endswith(head.temp_dir) for part in process.cmdline())
            if named or process.environ().get(RUN_MARK) == head.mark:
                found.add(process)
                found.update(process.children(recursive=True))
    return {process for process in found if process.pid != os.getpid()}


def _said(log_path: Path, since: int) -> str:
    return log_path.read_bytes()[since:].decode(errors="replace")


def _record(home: Path) -> Path:
    return home / "run" / "ray.json"


def _answers(host: str, port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(0.5)
        return probe.connect_ex((host, port)) == 0


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
