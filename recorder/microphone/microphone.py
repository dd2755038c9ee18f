"""The microphone: which ALSA device to record from, found again whatever number its card has today."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from recorder.microphone import cards
from recorder.microphone.cards import Card
from recorder.microphone.holder import Holder, holder_of

PROC = Path("/proc")
MEMORY = "microphone"
"""Under what the ledger keeps the `memory` of the microphone in use."""
_BY_NUMBER = re.compile(r"^(?:plug)?hw:(?P<card>[^,:=\s]+)(?:,(?P<device>\d+))?(?:,\d+)?$")
_BY_NAME = re.compile(r"^(?:plug)?hw:CARD=(?P<card>[^,:=\s]+)(?:,DEV=(?P<device>\d+))?(?:,SUBDEV=\d+)?$")


@dataclass(frozen=True, slots=True)
class Microphone:
    """`pcm`: what ffmpeg and arecord open. `card`: None where the setting names a PCM of the user's own.
    `memory`: to be kept and given to the next `find`. `others`: further microphones that could have been meant."""

    pcm: str
    card: Card | None
    device: int
    memory: str
    others: tuple[Card, ...] = ()

    @property
    def card_name(self) -> str | None:
        """The card's id, as in /proc/asound/cards."""
        return self.card.id if self.card else None

    def describe(self) -> str:
        return f"{self.card.name} ({self.pcm})" if self.card else self.pcm


class NoMicrophone(Exception):
    """There is no such microphone.

    `wanted`: the setting audio_device, None where it is to be found. `present`: every card there is.
    """

    def __init__(self, wanted: str | None, present: Sequence[Card]) -> None:
        names = ", ".join(f"{card.number} [{card.id}] {card.name}" for card in present) or "none"
        super().__init__(f"no microphone{f' {wanted}' if wanted else ''}; sound cards: {names}")
        self.wanted = wanted
        self.present = tuple(present)


class MicrophoneBusy(Exception):
    """Another process records from it. `holder`: which, None where it cannot be seen."""

    def __init__(self, microphone: Microphone, holder: Holder | None) -> None:
        super().__init__(f"{microphone.describe()} is held by {holder or 'another process'}")
        self.microphone = microphone
        self.holder = holder


def find(audio_device: str | None, remembered: str | None = None, *, proc: Path = PROC) -> Microphone:
    """The microphone that the setting `audio_device` names, or, where it is empty, the one that was used before,
    else a USB one, else any other.

    `remembered`: the `memory` of an earlier find (or a bare card id). A setting `hw:1,0` means the card that
    had number 1 when it was first found, until the setting changes or that card is gone. Raises NoMicrophone.
    """
    setting = (audio_device or "").strip() or None
    present = cards.read(proc / "asound")
    named = _named(setting) if setting else None
    if setting and not named:
        return Microphone(setting, None, 0, _remember(setting, None))
    known = _recall(remembered, setting, present)
    if named:
        return _at(named, setting, known, present)
    usable = [card for card in present if card.hears]
    if not usable:
        raise NoMicrophone(None, present)
    chosen = known if known in usable else min(usable, key=lambda card: (card.usb_id is None, card.number))
    others = tuple(card for card in usable if card != chosen and bool(card.usb_id) == bool(chosen.usb_id))
    return _use(chosen, chosen.captures[0], setting, others)


def find_free(audio_device: str | None, remembered: str | None = None, *, proc: Path = PROC) -> Microphone:
    """The same, but raises MicrophoneBusy too where another process has it open."""
    microphone = find(audio_device, remembered, proc=proc)
    if is_held(microphone, proc=proc):
        raise MicrophoneBusy(microphone, holder(microphone, proc=proc))
    return microphone


def is_held(microphone: Microphone, *, proc: Path = PROC) -> bool:
    """Its card says that it is open and that no second one fits in."""
    card = microphone.card
    return card is not None and not cards.is_free(proc / "asound", card.number, microphone.device)


def holder(microphone: Microphone, *, proc: Path = PROC, dev: Path = Path("/dev/snd")) -> Holder | None:
    """Who has it open; None where nobody does, nobody can be seen, or the PCM is the user's own."""
    return holder_of(proc, microphone.card.number, microphone.device, dev) if microphone.card else None


def _named(setting: str) -> tuple[str, int | None] | None:
    """`hw:` and `plughw:` names → (card number or id, device); None for any other PCM."""
    found = _BY_NAME.match(setting) or _BY_NUMBER.match(setting)
    return (found["card"], int(found["device"]) if found["device"] else None) if found else None


def _at(named: tuple[str, int | None], setting: str | None, known: Card | None, present: Sequence[Card]) -> Microphone:
    wanted, device = named
    if wanted.isdigit():
        card = known or next((card for card in present if card.number == int(wanted)), None)
    else:
        card = next((card for card in present if card.id == wanted), None)
    if card is None or not card.captures or (device is not None and device not in card.captures):
        raise NoMicrophone(setting, present)
    return _use(card, card.captures[0] if device is None else device, setting)


def _use(card: Card, device: int, setting: str | None, others: tuple[Card, ...] = ()) -> Microphone:
    return Microphone(f"plughw:CARD={card.id},DEV={device}", card, device, _remember(setting, card), others)


def _remember(setting: str | None, card: Card | None) -> str:
    kept = {"id": card.id, "name": card.name, "usb_id": card.usb_id, "port": card.port} if card else {}
    return json.dumps({"setting": setting, **kept}, ensure_ascii=False)


def _recall(remembered: str | None, setting: str | None, present: Sequence[Card]) -> Card | None:
    """The remembered card, if it is here and the setting is the one it was found by."""
    try:
        memory = json.loads(remembered or "{}")
    except ValueError:
        memory = {"setting": setting, "id": remembered}
    if not isinstance(memory, dict) or "id" not in memory or memory.get("setting") != setting:
        return None
    here = [card for card in present if card.captures and _likeness(card, memory)]
    return max(here, key=lambda card: _likeness(card, memory), default=None)


def _likeness(card: Card, memory: Mapping[str, Any]) -> int:
    """Of two microphones of one make, the id goes by the order of their discovery, so the socket decides; a microphone
    moved to another socket is known by what it is; the id alone counts for cards that are not USB."""
    if card.usb_id and card.usb_id == memory.get("usb_id"):
        return 4 if card.port == memory.get("port") else 3 if card.id == memory["id"] else 2
    return int(card.id == memory["id"] and memory.get("name") in (None, card.name))
