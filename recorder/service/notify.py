"""What systemd is told: ready, stopping, a line of status, and that the agent's loops are alive.

The protocol is sd_notify(3): one datagram of `KEY=value` lines to the socket named by NOTIFY_SOCKET. Without systemd
nothing is sent.
"""

import logging
import os
import socket
import threading
from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass
from typing import Self

from recorder.timing.clock import Clock

log = logging.getLogger(__name__)

_SEND_TIMEOUT_S = 1.0
_FEEDS_PER_DEADLINE = 3
"""sd_watchdog_enabled(3) advises half the deadline; a third leaves room for a busy Pi Zero."""


@dataclass(frozen=True, slots=True)
class Loop:
    """A loop that must not hang. `limit_s`: the longest it may take from one stamp to the next."""

    name: str
    limit_s: float


class Notifier:
    """Talks to systemd. `address`: of its socket, None without one. `watchdog_s`: its deadline, None if it has none."""

    def __init__(self, address: str | None, watchdog_s: float | None = None) -> None:
        # A leading @ stands for the NUL of Linux's abstract namespace.
        self._address = "\0" + address[1:] if address and address.startswith("@") else address
        self.watchdog_s = watchdog_s if self._address else None

    @classmethod
    def from_environment(cls, env: MutableMapping[str, str]) -> Self:
        """Takes its variables out of `env`, so that ffmpeg doesn't inherit them."""
        address = env.pop("NOTIFY_SOCKET", None) or None
        watchdog_us, pid = env.pop("WATCHDOG_USEC", ""), env.pop("WATCHDOG_PID", "")
        return cls(address, _watchdog_s(watchdog_us, pid, os.getpid()))

    @property
    def is_heard(self) -> bool:
        """systemd started us, and listens."""
        return self._address is not None

    def ready(self) -> None:
        self._send("READY=1")

    def stopping(self) -> None:
        self._send("STOPPING=1")

    def watchdog(self) -> None:
        self._send("WATCHDOG=1")

    def status(self, text: str) -> None:
        """One line for `systemctl status`."""
        self._send("STATUS=" + " ".join(text.split()))

    def _send(self, message: str) -> None:
        if self._address is None:
            return
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as channel:
                channel.settimeout(_SEND_TIMEOUT_S)
                channel.connect(self._address)
                channel.send(message.encode())
        except OSError as error:
            log.warning("notify_failed", extra={"error": str(error), "message_sent": message})


class Watchdog:
    """Feeds systemd's watchdog while every loop has stamped itself within its limit, and starves it otherwise, so that
    systemd restarts an agent that is alive and does nothing. Any thread may stamp."""

    def __init__(self, loops: tuple[Loop, ...], notifier: Notifier, clock: Clock) -> None:
        self._notifier, self._clock = notifier, clock
        self._limits_ms = {loop.name: int(loop.limit_s * 1000) for loop in loops}
        self._stamps = dict.fromkeys(self._limits_ms, clock.boot_ms())
        self._starving = False
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="watchdog", daemon=True)

    def stamp(self, loop: str) -> None:
        """The named loop is alive. Raises KeyError for a loop that isn't watched."""
        if loop not in self._limits_ms:
            raise KeyError(loop)
        self._stamps[loop] = self._clock.boot_ms()

    def late(self) -> list[str]:
        """The loops beyond their limits."""
        return late(self._stamps, self._limits_ms, self._clock.boot_ms())

    def feed(self) -> bool:
        """Feeds the watchdog if no loop is late. Returns whether it did."""
        hanging = self.late()
        if hanging and not self._starving:
            log.error("loops_hang", extra={"loops": hanging})
        self._starving = bool(hanging)
        if hanging:
            self._notifier.status("hangs: " + ", ".join(hanging))
        else:
            self._notifier.watchdog()
        return not hanging

    def start(self) -> None:
        """Feeds from a thread of its own, if systemd has a deadline."""
        if self._notifier.watchdog_s is not None:
            self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join()

    def _run(self) -> None:
        pause_s = (self._notifier.watchdog_s or 0.0) / _FEEDS_PER_DEADLINE
        while True:
            self.feed()
            if self._stop.wait(pause_s):
                return


def late(stamps_ms: Mapping[str, int], limits_ms: Mapping[str, int], now_ms: int) -> list[str]:
    """Names of the loops whose last stamp is older than their limit."""
    return sorted(name for name, limit in limits_ms.items() if now_ms - stamps_ms[name] > limit)


def _watchdog_s(watchdog_us: str, pid: str, own_pid: int) -> float | None:
    """As sd_watchdog_enabled(3): not meant for us where the pid is another's, off where the number is none or zero."""
    if pid and pid != str(own_pid):
        return None
    return int(watchdog_us) / 1_000_000 if watchdog_us.isdecimal() and int(watchdog_us) else None
