"""One recorder as a shop has it: a microphone, a spool and the agent's own process, delivering to a server."""

import hashlib
import json
import os
import signal
import struct
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from itertools import pairwise
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import psutil

from recorder.capture.session import Captured
from recorder.chunk import Chunk, Identity, Moment
from recorder.ledger.ledger import Ledger
from recorder.spool.spool import Spool
from recorder.timing.clock import SystemClock, moment
from tests.e2e.recorder.server import Server
from tests.e2e.recorder.signal import RATE, known_signal
from tests.e2e.system import ROOT, free_ports
from tests.integration.recorder.alsa_microphone import BLOCK_S, AlsaMicrophone

CHUNK_S = 5
PATIENCE_S = 90.0
HOUR_MS, DAY_MS = 3_600_000, 86_400_000


class Rig:
    """`server`: where it delivers; `config`: keys that differ. The microphone plays `known_signal` from `played_at` on.

    `clock_library`: the preloaded wall clock of stepping_clock.c, or None for the system's.
    """

    def __init__(
        self, folder: Path, server: Server, seconds: int = 240, clock_library: Path | None = None, **config: Any
    ) -> None:
        self.folder, self.server = folder, server
        folder.mkdir(parents=True, exist_ok=True)
        self.device, self.door = server.register()
        self.spool = Path(config.get("spool_dir", folder / "spool"))
        self.steps = folder / "steps"
        self.steps.mkdir()
        self.health_url = f"http://127.0.0.1:{free_ports(1)[0]}/health"
        self.microphone = AlsaMicrophone(folder, known_signal(seconds), RATE)
        self._clock = clock_library
        self._step_file = folder / "clock_step"
        self._config = folder / "config.yaml"
        self._process: subprocess.Popen[bytes] | None = None
        self._log = (folder / "agent.log").open("ab")
        self.step_clock(0)
        self.configure(**config)

    def __enter__(self) -> "Rig":
        self.microphone.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        self.end()
        self.microphone.__exit__(None, None, None)
        self._log.close()

    def configure(self, **changes: Any) -> None:
        """Writes the configuration; what is running does not see it."""
        keys: dict[str, Any] = {
            **{k: v for k, v in self.device.body.items() if k != "token_plain"},
            "ingest_base_url": self.server.url,
            "ingest_token": self.device.token,
            "schedule_start": "00:00",
            "schedule_end": "24:00",
            "timezone": "UTC",
            "chunk_seconds": CHUNK_S,
            "audio_device": self.microphone.pcm,
            "spool_dir": str(self.spool),
            "retry_min_s": 0.2,
            "retry_max_s": 2,
            "min_free_mb": 0,
            "health_port": int(self.health_url.split(":")[2].split("/")[0]),
            **changes,
        }
        self._config.write_text(json.dumps(keys))
        self._config.chmod(0o600)

    @property
    def environment(self) -> dict[str, str]:
        inherited = {k: v for k, v in os.environ.items() if not k.startswith(("RA_", "SALESCONTROL_"))}
        libraries = [self.microphone.env["LD_PRELOAD"], *([str(self._clock)] if self._clock else [])]
        return {
            **inherited,
            **self.microphone.env,
            "LD_PRELOAD": ":".join(libraries),
            "CLOCK_STEP_FILE": str(self._step_file),
            "RECORDER_PAUSE_DIR": str(self.steps),
            "PYTHONPATH": str(ROOT),
        }

    def start(self) -> None:
        assert self._process is None or self._process.poll() is not None, "it is running already"
        command = [sys.executable, "-m", "recorder", "-c", str(self._config), "--log-level", "DEBUG"]
        self._process = subprocess.Popen(command, env=self.environment, stderr=self._log, start_new_session=True)

    def command(self, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Runs `recorder-agent` beside the agent."""
        command = [sys.executable, "-m", "recorder", *arguments, "-c", str(self._config)]
        done = subprocess.run(command, env=self.environment, capture_output=True, text=True, timeout=60, check=False)
        assert not check or done.returncode == 0, (arguments, done.stdout, done.stderr)
        return done

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def ffmpeg(self) -> psutil.Process:
        """The capture's process; waits for it."""
        children = lambda: [c for c in psutil.Process(self.pid).children(True) if c.name() == "ffmpeg"]  # noqa: E731
        found: list[psutil.Process] = self.wait_for(children, "ffmpeg to run")
        return found[0]

    def kill(self, what: str = "agent") -> None:
        """kill -9 of the agent or of its ffmpeg."""
        if what == "ffmpeg":
            self.ffmpeg().kill()
            return
        os.kill(self.pid, signal.SIGKILL)
        assert self._process is not None
        self._process.wait(10)

    def terminate(self, number: signal.Signals = signal.SIGTERM) -> float:
        """As systemd stops it, or a person; how long that took, in seconds."""
        assert self._process is not None
        begun = time.monotonic()
        self._process.send_signal(number)
        assert self._process.wait(30) == 0, self.log()
        return time.monotonic() - begun

    def end(self) -> None:
        """Whatever state it is in."""
        if self._process is not None and self._process.poll() is None:
            self._process.kill()
            self._process.send_signal(signal.SIGCONT)
            self._process.wait(10)

    def stage(self, step: str) -> None:
        """The agent stops itself when it comes to that step next."""
        (self.steps / f"{step}.stopped").unlink(missing_ok=True)
        (self.steps / step).touch()

    def wait_until_stopped_at(self, step: str) -> None:
        self.wait_for((self.steps / f"{step}.stopped").exists, f"the agent to come to {step}")

    def go_on(self) -> None:
        os.kill(self.pid, signal.SIGCONT)

    def use_spool(self, folder: Path) -> None:
        """From the next start on."""
        self.spool = folder
        self.configure(spool_dir=str(folder))

    def fill_outbox(self, days: int, chunk_s: int) -> set[str]:
        """As if it had recorded from 8 to 22 h on the days before today and delivered nothing. The agent must not run.
        Every file is the first minute of the sound. Returns the chunks' keys."""
        clock = SystemClock()
        audio = (ROOT / "samples" / "shop_day" / "chunks").glob("*.ogg")
        content = next(iter(sorted(audio))).read_bytes()
        now = moment(clock)
        midnight_ms = now.wall_ms // DAY_MS * DAY_MS
        identity = Identity(**{name: str(self.device.body[name]) for name in Identity.__dataclass_fields__})
        self.spool.mkdir(parents=True, exist_ok=True)
        with closing(Ledger(self.spool / "ledger.db", clock)) as ledger:
            spool = Spool(self.spool, ledger, clock)
            spool.prepare()
            keys = set()
            for day in range(days, 0, -1):
                session_id = str(uuid4())
                for seq in range(14 * 3600 // chunk_s):
                    back_ms = now.wall_ms - (midnight_ms - day * DAY_MS + 8 * HOUR_MS + seq * chunk_s * 1000)
                    start = Moment(now.boot_id, now.boot_ms - back_ms, now.wall_ms - back_ms)
                    sha256 = hashlib.sha256(content).hexdigest()
                    chunk = Chunk(session_id, seq, identity, start, chunk_s * 1000, 48000, 1, len(content), sha256)
                    path = self.spool / "recording" / f"{chunk.key}.ogg"
                    path.write_bytes(content)
                    spool.complete(Captured(path, chunk))
                    keys.add(chunk.key)
        return keys

    def step_clock(self, milliseconds: int) -> None:
        """The wall clock of the agent and its ffmpeg is off by so much from now on."""
        if self._step_file.exists():
            with self._step_file.open("r+b") as file:
                file.write(struct.pack("q", milliseconds))
        else:
            self._step_file.write_bytes(struct.pack("q", milliseconds))

    def health(self) -> dict[str, Any]:
        """Its health page; empty while there is none."""
        try:
            document: dict[str, Any] = httpx.get(self.health_url, timeout=5).json()
        except httpx.TransportError:
            return {}
        return document

    def wait_for(self, true: Callable[[], Any], what: str, timeout_s: float = PATIENCE_S) -> Any:
        deadline = time.monotonic() + timeout_s
        while time.monotonic() < deadline:
            if value := true():
                return value
            time.sleep(0.25)
        raise AssertionError(f"waited {timeout_s:g} s for {what}\n{self.log()}")

    def wait_until(self, condition: str, timeout_s: float = PATIENCE_S) -> dict[str, Any]:
        """Until health names that condition."""
        return dict(
            self.wait_for(
                lambda: (page := self.health()) and page["condition"] == condition and page, condition, timeout_s
            )
        )

    def wait_for_chunks(self, count: int) -> None:
        """Until the server has so many of this device."""
        self.wait_for(lambda: len(self.delivered()) >= count, f"{count} chunks on the server")

    def wait_until_drained(self) -> None:
        self.wait_for(lambda: not list((self.spool / "outbox").glob("*.ogg")), "the outbox to be empty")

    def outbox(self) -> set[str]:
        """Keys of the chunks that are said to exist and wait."""
        return {path.stem for path in (self.spool / "outbox").glob("*.ogg")}

    def boot_ms_of(self, place_s: float) -> float:
        """When that place of the sound was there to hear, by CLOCK_BOOTTIME: the microphone's own clock never waits,
        though a busy machine may hand on what it hears a little late."""
        begun_ms = min(passed_ms - first * 1000 / RATE for first, passed_ms in self.microphone.heard)
        return begun_ms - BLOCK_S * 1000 + place_s * 1000

    def wall_s_of(self, place_s: float) -> float:
        """The same as Unix time, by this machine's clock."""
        return time.time() - time.clock_gettime(time.CLOCK_BOOTTIME) + self.boot_ms_of(place_s) / 1000

    def missed_s(self, places: list[tuple[float, float, str]]) -> float:
        """Of those stretches of the sound (start, end, key), what nobody took from the microphone in time."""
        first = [index / RATE for index, _ in self.microphone.heard]
        gaps = [(a + BLOCK_S, b) for a, b in pairwise(first) if b - a > 1.5 * BLOCK_S]
        return sum(b - a for a, b in gaps if any(start < a and b < end for start, end, _ in places))

    def place_now(self) -> float:
        """What the microphone hears now, in seconds of the sound."""
        return time.clock_gettime(time.CLOCK_BOOTTIME) - self.boot_ms_of(0) / 1000

    def delivered(self) -> list[dict[str, Any]]:
        return self.server.chunks(self.device.device_id)

    def ledger(self) -> dict[str, Any]:
        """What `recorder-agent ledger --json` says of today."""
        document: dict[str, Any] = json.loads(self.command("ledger", "--json").stdout)
        return document

    def log(self) -> str:
        """The end of what the agent wrote."""
        lines = (self.folder / "agent.log").read_text(errors="replace").splitlines()
        return "\n".join(line for line in lines if "health_request" not in line)[-6000:]


def key_of(row: dict[str, Any]) -> str:
    """The name under which the recorder knows a delivered chunk."""
    return f"{row['session_id']}-{row['seq']:06d}"
