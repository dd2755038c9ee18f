"""When a sample was recorded, told by when counts of samples arrived."""

from collections import deque

WINDOW = 60
"""Counts that are remembered, one a second: long enough to meet some without delay, short enough that a sound card
50 ppm off drifts by 3 ms in it, and that samples lost by the card are forgotten within a minute."""


class SampleClock:
    """`N samples had come by boot time m` bounds sample 0's time: no later than m − N / rate. The lowest bound of late
    is the best one, for every count comes with some delay and never early."""

    def __init__(self, rate: int, window: int = WINDOW) -> None:
        self._rate = rate
        self._bounds_ms: deque[float] = deque(maxlen=window)
        self._is_outdated = False

    def observe(self, samples: int, boot_ms: int) -> None:
        """`samples` (from the start of the capture) had come by `boot_ms`."""
        if self._is_outdated:
            self._bounds_ms.clear()
            self._is_outdated = False
        self._bounds_ms.append(boot_ms - samples * 1000 / self._rate)

    def restart(self) -> None:
        """Samples were lost: earlier counts say nothing of later samples. They stand until the next one comes."""
        self._is_outdated = True

    def start_ms(self) -> float | None:
        """Boot time of sample 0, were none lost since; None before the first count."""
        return min(self._bounds_ms, default=None)
