"""Sound cards with capture devices, as the kernel lists them in /proc/asound."""

import re
from dataclasses import dataclass
from pathlib import Path

_CARD = re.compile(r"^\s*(?P<number>\d+)\s+\[(?P<id>\S+)\s*\]:\s*(?P<driver>.+?) - (?P<name>.*)$")
_BUS = re.compile(r"\bat (usb-\S+?),")
"""In the long name of a USB card: the socket that it sits in, such as usb-0000:01:00.0-1.3."""
_NO_MICROPHONES = ("Loopback", "Dummy", "UAC1_Gadget", "UAC2_Gadget", "Virtual")
"""Drivers whose capture devices hear no room."""


@dataclass(frozen=True, slots=True)
class Card:
    """`number` changes with the order in which cards are found, `id` belongs to the card (two of one make share it but
    for a suffix given in that same order), `usb_id` (vendor:product) and `port` do not change.
    `captures`: numbers of its capture devices, ascending."""

    number: int
    id: str
    driver: str
    name: str
    usb_id: str | None
    port: str | None
    captures: tuple[int, ...]

    @property
    def hears(self) -> bool:
        """It may be a microphone."""
        return bool(self.captures) and not self.driver.startswith(_NO_MICROPHONES)


def read(asound: Path) -> tuple[Card, ...]:
    """Every card of /proc/asound, by number; none where there is no sound system. A card that is pulled out meanwhile
    is left out or has no captures."""
    try:
        lines = (asound / "cards").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return ()
    cards = []
    for line, following in zip(lines, [*lines[1:], ""], strict=True):
        if found := _CARD.match(line):
            folder = asound / f"card{found['number']}"
            port = _BUS.search(following)
            cards.append(
                Card(
                    number=int(found["number"]),
                    id=found["id"],
                    driver=found["driver"],
                    name=found["name"].strip(),
                    usb_id=_line(folder / "usbid"),
                    port=port[1] if port else None,
                    captures=_captures(folder),
                )
            )
    return tuple(sorted(cards, key=lambda card: card.number))


def owners(asound: Path, card: int, device: int) -> list[int]:
    """Process (or thread) ids that have the capture device open, by its substreams' status."""
    statuses = (asound / f"card{card}" / f"pcm{device}c").glob("sub*/status")
    found = (re.search(r"^owner_pid\s*:\s*(\d+)", _text(status), re.MULTILINE) for status in sorted(statuses))
    return [int(owner[1]) for owner in found if owner]


def is_free(asound: Path, card: int, device: int) -> bool:
    """One more may open it: some substream is closed, or nothing is known of them."""
    statuses = [_text(path).strip() for path in (asound / f"card{card}" / f"pcm{device}c").glob("sub*/status")]
    return not statuses or "closed" in statuses


def _captures(folder: Path) -> tuple[int, ...]:
    streams = ((path, _text(path / "info")) for path in folder.glob("pcm*c"))
    return tuple(sorted(int(path.name[3:-1]) for path, info in streams if "stream: CAPTURE" in info))


def _line(path: Path) -> str | None:
    return _text(path).strip() or None


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
