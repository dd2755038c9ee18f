"""Who has a capture device open."""

import re
from dataclasses import dataclass
from pathlib import Path

from recorder.microphone import cards

OUR_UNIT = "recorder-agent.service"


@dataclass(frozen=True, slots=True)
class Holder:
    """`name`: of the program, None where the system hides it. `unit`: the systemd unit that it runs in, if any."""

    pid: int
    name: str | None
    unit: str | None

    @property
    def is_our_service(self) -> bool:
        return self.unit == OUR_UNIT

    def __str__(self) -> str:
        return f"{self.name or '?'} (pid {self.pid})"


def holder_of(proc: Path, card: int, device: int, dev: Path = Path("/dev/snd")) -> Holder | None:
    """The process that holds the capture device, None where none does or none can be seen.

    The device's own status names it whoever asks; open files can be seen only of one's own processes or by root, but
    tell of a device that is open and not yet set up, too.
    """
    for task in cards.owners(proc / "asound", card, device):
        pid = _process_of(proc, task)
        return Holder(pid, _name(proc, pid), _unit(proc, pid))
    wanted = str(dev / f"pcmC{card}D{device}c")
    for folder in proc.glob("[0-9]*"):
        if _has_open(folder, wanted):
            pid = int(folder.name)
            return Holder(pid, _name(proc, pid), _unit(proc, pid))
    return None


def _has_open(process: Path, wanted: str) -> bool:
    try:
        return any(str(link.readlink()) == wanted for link in (process / "fd").iterdir())
    except OSError:  # it ended, or is another user's
        return False


def _process_of(proc: Path, task: int) -> int:
    """The kernel names the thread that opened the device; a person knows the process."""
    group = re.search(r"^Tgid:\s*(\d+)", _read(proc / str(task) / "status"), re.MULTILINE)
    return int(group[1]) if group else task


def _name(proc: Path, pid: int) -> str | None:
    return _read(proc / str(pid) / "comm").strip() or None


def _unit(proc: Path, pid: int) -> str | None:
    """From a line such as `0::/system.slice/recorder-agent.service`."""
    units = re.findall(r"/([^/\n]+\.service)", _read(proc / str(pid) / "cgroup"))
    return units[-1] if units else None


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
