"""GPU nodes with one replica each: they take time to start, are paid for until they are gone, and may be taken away."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, slots=True)
class Gpus:
    """`speed`: × real time of a replica with full batches; `start_s`: from the wish to the first result; `idle_s`: a
    node without replica is paid for until Ray's autoscaler removes it; `spot_loss_per_hour`: of each node; `batch_s`:
    audio in a batch, what is lost of it is half; `believed`: the policy's measured speed over the true one."""

    speed: float = 46.0
    start_s: float = 300.0
    idle_s: float = 300.0
    spot_loss_per_hour: float = 0.02
    batch_s: float = 240.0
    believed: float = 1.0


class Nodes:
    """Advanced step by step. `paid_s`: node seconds; `changes`: how often the wanted number changed; `lost`: nodes."""

    def __init__(self, gpus: Gpus, step_s: float, seed: int, ready: int) -> None:
        self._gpus, self._step_s = gpus, step_s
        self._chance = np.random.default_rng(seed)
        self._ready_s: list[float] = [0.0] * ready
        self._idle_until_s: list[float] = []
        self.paid_s = 0.0
        self.changes = 0
        self.lost = 0

    @property
    def target(self) -> int:
        return len(self._ready_s)

    def scale(self, wanted: int, now_s: float) -> None:
        """More: they start. Fewer: those that are still starting go first."""
        self.changes += wanted != self.target
        self._ready_s.extend([now_s + self._gpus.start_s] * (wanted - self.target))
        self._ready_s.sort()
        self._idle_until_s.extend([now_s + self._gpus.idle_s] * (self.target - wanted))
        del self._ready_s[wanted:]

    def step(self, now_s: float) -> tuple[int, float]:
        """(replicas that worked in this step, audio seconds that they can have done). A node taken away is replaced at
        once by one that has to start, and half a batch is done again."""
        ready = sum(ready_s <= now_s for ready_s in self._ready_s)
        self._idle_until_s = [until_s for until_s in self._idle_until_s if until_s > now_s]
        self.paid_s += (self.target + len(self._idle_until_s)) * self._step_s
        again_s = 0.0
        if ready and self._chance.random() < ready * self._gpus.spot_loss_per_hour * self._step_s / 3600:
            self._ready_s = [*self._ready_s[1:], now_s + self._gpus.start_s]
            self.lost += 1
            again_s = self._gpus.batch_s / 2
        return ready, max(ready * self._gpus.speed * self._step_s - again_s, 0.0)
