"""Trees of /proc/asound as Raspberry Pis have them, with processes beside them."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class FakeCard:
    """`long_name`: the second line of /proc/asound/cards. `capture`: its first device records."""

    id: str
    driver: str
    name: str
    long_name: str
    usb_id: str | None = None
    capture: bool = False


HDMI_0 = FakeCard("vc4hdmi0", "vc4-hdmi", "vc4-hdmi-0", "vc4-hdmi-0")
HDMI_1 = FakeCard("vc4hdmi1", "vc4-hdmi", "vc4-hdmi-1", "vc4-hdmi-1")
HEADPHONES = FakeCard("Headphones", "bcm2835_headpho", "bcm2835 Headphones", "bcm2835 Headphones")
HAT = FakeCard(
    "sndrpigooglevoi", "RPi-simple", "snd_rpi_googlevoicehat_soundcar", "snd_rpi_googlevoicehat", capture=True
)
LOOPBACK = FakeCard("Loopback", "Loopback", "Loopback", "Loopback 1", capture=True)


def usb(
    id: str = "Device", name: str = "USB PnP Sound Device", usb_id: str = "0d8c:0014", port: str = "1.3"
) -> FakeCard:
    """A microphone in the Pi 4's USB socket `port`."""
    long_name = f"C-Media Electronics Inc. {name} at usb-0000:01:00.0-{port}, full speed"
    return FakeCard(id, "USB-Audio", name, long_name, usb_id, capture=True)


PI_4 = (HDMI_0, HDMI_1, HEADPHONES)


def write(proc: Path, *present: FakeCard) -> Path:
    """/proc with these sound cards, numbered as they come; returns `proc`."""
    asound = proc / "asound"
    asound.mkdir(parents=True)
    lines = []
    for number, card in enumerate(present):
        lines.append(
            f" {number} [{card.id:<15}]: {card.driver} - {card.name}\n                      {card.long_name}\n"
        )
        _write_card(asound / f"card{number}", number, card)
    (asound / "cards").write_text("".join(lines) or "--- no soundcards ---\n", encoding="utf-8")
    return proc


def hold(proc: Path, card: int, owner: int) -> None:
    """The card's capture device is open, by the thread `owner`."""
    status = proc / f"asound/card{card}/pcm0c/sub0/status"
    status.write_text(
        f"state: RUNNING\nowner_pid   : {owner}\ntrigger_time: 1105.342861023\n"
        "tstamp      : 1110.243581327\ndelay       : 480\navail       : 480\navail_max   : 1470\n-----\n"
        "hw_ptr      : 235200\nappl_ptr    : 234720\n",
        encoding="ascii",
    )


def run_process(proc: Path, pid: int, name: str, unit: str | None = None, threads: tuple[int, ...] = ()) -> None:
    """/proc/<pid> of a program, and of its threads."""
    slice_ = f"system.slice/{unit}" if unit else "user.slice/user-1000.slice/session-1.scope"
    for task in (pid, *threads):
        folder = proc / str(task)
        folder.mkdir(parents=True)
        (folder / "comm").write_text(f"{name if task == pid else 'data-loop'}\n", encoding="ascii")
        (folder / "status").write_text(f"Name:\t{name}\nTgid:\t{pid}\nPid:\t{task}\n", encoding="ascii")
        (folder / "cgroup").write_text(f"0::/{slice_}\n", encoding="ascii")
        (folder / "fd").mkdir()


def _write_card(folder: Path, number: int, card: FakeCard) -> None:
    folder.mkdir()
    (folder / "id").write_text(f"{card.id}\n", encoding="ascii")
    if card.usb_id:
        (folder / "usbid").write_text(f"{card.usb_id}\n", encoding="ascii")
        (folder / "usbbus").write_text("001/004\n", encoding="ascii")
    for stream, letter in (("PLAYBACK", "p"), ("CAPTURE", "c")):
        if letter == "p" or card.capture:
            (folder / f"pcm0{letter}" / "sub0").mkdir(parents=True)
            (folder / f"pcm0{letter}" / "info").write_text(
                f"card: {number}\ndevice: 0\nsubdevice: 0\nstream: {stream}\nid: {card.name}\nname: {card.name}\n"
                "subname: subdevice #0\nclass: 0\nsubclass: 0\nsubdevices_count: 1\nsubdevices_avail: 1\n",
                encoding="ascii",
            )
            (folder / f"pcm0{letter}" / "sub0" / "status").write_text("closed\n", encoding="ascii")
