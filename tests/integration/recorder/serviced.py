"""The recorder as a person installs it: a wheel in /opt/recorder-agent of a booted systemd, with a microphone."""

import json
import shutil
import socket
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from tests.integration.recorder.alsa_microphone import AlsaMicrophone
from tests.integration.recorder.booted import Booted

AGENT = "/opt/recorder-agent/bin/recorder-agent"
CONFIG = "etc/recorder-agent/config.yaml"
SPOOL = "var/lib/recorder-agent/spool"
DROP_INS = "etc/systemd/system/recorder-agent.service.d"
UNIT = "recorder-agent"
_SYSTEM_PYTHON = Path("/usr/bin/python3")
_MICROPHONE = "srv"
_AWAIT_S = 60.0


def why_not() -> str | None:
    """The service may not read /root, where another Python than the system's may lie."""
    return None if _SYSTEM_PYTHON.is_file() else f"no {_SYSTEM_PYTHON} (apt install python3 python3-venv)"


def put_program(machine: Booted, wheel: Path) -> None:
    """As docs/install-pi.md says: one environment, one pip command."""
    shutil.copy(wheel, machine.root / "opt")
    machine.run(str(_SYSTEM_PYTHON), "-m", "venv", "/opt/recorder-agent")
    machine.run("/opt/recorder-agent/bin/pip", "install", "--quiet", f"/opt/{wheel.name}")


def configure(machine: Booted, server: str, port: int) -> None:
    """Records around the clock, 5 s a chunk, from `microphone`."""
    identity = {name: f"00000000-0000-0000-0000-00000000000{n}" for n, name in enumerate(_IDS, 1)}
    settings = {
        **identity,
        "ingest_base_url": server,
        "ingest_token": "a-token-of-a-test",
        "schedule_start": "00:00",
        "schedule_end": "24:00",
        "chunk_seconds": "5",
        "audio_device": "shop_microphone",
        "health_port": str(port),
    }
    (machine.root / CONFIG).write_text("".join(f'{key}: "{value}"\n' for key, value in settings.items()))


@contextmanager
def microphone(machine: Booted) -> Iterator[None]:
    """Speaks to the service: ALSA finds it by the variables of a drop-in."""
    folder = machine.root / _MICROPHONE
    noise = np.random.default_rng(7).normal(0, 300, 48_000).astype(np.int16)
    with AlsaMicrophone(folder, lambda first, count: np.take(noise, range(first, first + count), mode="wrap")) as heard:
        outside = str(machine.root)
        configuration = folder / "microphone" / "asound.conf"
        configuration.write_text(configuration.read_text().replace(outside, ""))
        for path in (folder / "microphone").iterdir():
            path.chmod(0o755)
        lines = "".join(f"Environment={name}={value.replace(outside, '')}\n" for name, value in heard.env.items())
        drop_in(machine, "microphone", lines)
        yield


def drop_in(machine: Booted, name: str, text: str) -> None:
    """As `systemctl edit` writes it."""
    folder = machine.root / DROP_INS
    folder.mkdir(exist_ok=True)
    (folder / f"{name}.conf").write_text(f"[Service]\n{text}")
    machine.run("systemctl", "daemon-reload")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def health(port: int) -> dict[str, Any]:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=10) as answer:
        return dict(json.load(answer))


def wait_for(what: str, is_so: Callable[[], object], seconds: float = _AWAIT_S) -> None:
    """Raises AssertionError saying what did not come about; what cannot be asked yet is not so yet."""
    end_s, last = time.monotonic() + seconds, ""
    while time.monotonic() < end_s:
        try:
            if is_so():
                return
        except OSError as error:
            last = str(error)
        time.sleep(0.2)
    raise AssertionError(f"within {seconds} s: {what} {last}")


_IDS = ("point_id", "register_id", "device_id")
