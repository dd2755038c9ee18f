"""The capture volume of a card, as `amixer` tells it."""

import re
import subprocess
from dataclasses import dataclass

_CONTROL = re.compile(r"^Simple mixer control '(?P<name>.*)',(?P<index>\d+)$")
_CAPTURE = re.compile(
    r"Capture (?P<value>-?\d+) \[(?P<percent>\d+)%\](?: \[(?P<db>-?[\d.]+)dB\])?(?: \[(?P<switch>on|off)\])?"
)
_SWITCH = re.compile(r"\[(on|off)\]")
TIMEOUT_S = 10


@dataclass(frozen=True, slots=True)
class Gain:
    """A capture control. `percent`: of its range. `db`: None where the card gives none. `on`: its capture switch."""

    control: str
    percent: int
    db: float | None
    on: bool


@dataclass(frozen=True, slots=True)
class Mixer:
    """`gain`: None where the card has no capture volume. `automatic`: its automatic gain control is on."""

    gain: Gain | None
    automatic: bool


def read(card_id: str) -> Mixer | None:
    """None where amixer is missing or the card has no mixer at all."""
    try:
        run = subprocess.run(
            ["amixer", "-c", card_id, "scontents"], capture_output=True, text=True, timeout=TIMEOUT_S, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return parse(run.stdout) if run.returncode == 0 else None


def parse(text: str) -> Mixer:
    """What `amixer scontents` printed."""
    gains, automatic = [], False
    for name, body in _controls(text):
        if "Auto Gain" in name or name == "AGC":
            switch = _SWITCH.search(body)
            automatic = automatic or bool(switch and switch[1] == "on")
        elif gain := _gain(name, body):
            gains.append(gain)
    # Cards with several capture controls call the main one Mic or Capture; a boost or a line input is not it.
    gains.sort(key=lambda gain: (gain.control not in ("Mic", "Capture"), "Boost" in gain.control))
    return Mixer(gains[0] if gains else None, automatic)


def _controls(text: str) -> list[tuple[str, str]]:
    controls: list[tuple[str, list[str]]] = []
    for line in text.splitlines():
        if head := _CONTROL.match(line):
            controls.append((head["name"] if head["index"] == "0" else f"{head['name']},{head['index']}", []))
        elif controls:
            controls[-1][1].append(line)
    return [(name, "\n".join(lines)) for name, lines in controls]


def _gain(name: str, body: str) -> Gain | None:
    """The first channel's; `Limits: … Capture 0 - 35` has no percentage."""
    found = _CAPTURE.search(body)
    if not found:
        return None
    return Gain(name, int(found["percent"]), float(found["db"]) if found["db"] else None, found["switch"] != "off")
