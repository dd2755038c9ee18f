"""One month, step by step: audio comes, nodes work, a policy looks. Live first, oldest first, as the queue has it."""

from dataclasses import dataclass

import numpy as np

from benchmarks.fleet_month.nodes import Gpus, Nodes
from benchmarks.fleet_month.policies import Policy, View
from benchmarks.fleet_month.shops import Demand, Floats, Ints
from domain.scaling import Load, Waiting

LOWER_SHARE = 1 / 8
"""Of each claim, where lower classes wait (jobs.lower_class_every)."""
ARRIVING_S = 600.0
AHEAD = 200
"""Jobs of a re-analysis that wait in the queue at most (runs.ahead); more of it is not seen by requests in flight."""


@dataclass(frozen=True)
class Month:
    """What came of it, by step where it is an array. `wait_s`: of live dialogues in the queue, a batch included."""

    wait_s: Floats
    target: Ints
    ready: Ints
    gpu_hours: float
    changes: int
    lost: int
    backfill_done_s: float | None
    reanalysis_done_s: float | None


@dataclass(slots=True)
class _Class:
    """A first-in first-out queue as two running sums. `come`: audio that came until each step's end."""

    come: list[float]
    done: float = 0.0
    head: int = 0

    def waiting_s(self, step: int) -> float:
        return self.come[step] - self.done

    def serve(self, step: int, audio_s: float) -> float:
        """Audio seconds that were done of what waits."""
        served = min(audio_s, self.come[step] - self.done)
        self.done += served
        return served

    def oldest(self, step: int) -> int:
        """The step in which the oldest of what waits came."""
        while self.head < step and self.come[self.head] <= self.done:
            self.head += 1
        return self.head


def simulate(demand: Demand, gpus: Gpus, policy: Policy, *, window: int, start: int = 1, seed: int = 1) -> Month:
    """`window`: calls that the workers keep in flight at most; `start`: replicas at the first midnight."""
    step_s = float(demand.at_s[1] - demand.at_s[0])
    history_s = np.where(demand.at_s >= demand.reanalysis_s, demand.reanalysis_audio_s, 0.0)
    live, backfill = (_Class(np.cumsum(audio_s).tolist()) for audio_s in (demand.live_s, demand.backfill_s))
    history = _Class(history_s.tolist())
    classes = [live, backfill, history]
    nodes, back = Nodes(gpus, step_s, seed, start), int(ARRIVING_S / step_s)
    seen: list[tuple[int, int, float]] = []
    ends_s: list[float | None] = [None, None, None]
    for step, now_s in enumerate(demand.at_s.tolist()):
        ready, capacity_s = nodes.step(now_s)
        _work(classes, step, capacity_s)
        seen.append((nodes.target, ready, live.done))
        ends_s = [now_s if c.waiting_s(step) > 0 else end_s for c, end_s in zip(classes, ends_s, strict=True)]
        arriving = (live.come[step] - (live.come[step - back] if step >= back else 0.0)) / ARRIVING_S
        waiting = [Waiting(c.waiting_s(step), (step - c.oldest(step)) * step_s) for c in classes]
        load = Load(*waiting, arriving=arriving, speed=gpus.speed * gpus.believed)
        queued = waiting[0].audio_s + waiting[1].audio_s + min(waiting[2].audio_s, AHEAD * demand.mean_s)
        in_flight = min(queued / demand.mean_s + _running(arriving, ready, gpus, demand.mean_s), window)
        nodes.scale(policy.wanted(View(now_s, load, in_flight, ready, nodes.target)), now_s)
    target, worked, done = (np.array(column) for column in zip(*seen, strict=True))
    return Month(
        wait_s=_waits(demand, done, gpus),
        target=target,
        ready=worked,
        gpu_hours=nodes.paid_s / 3600,
        changes=nodes.changes,
        lost=nodes.lost,
        backfill_done_s=ends_s[1],
        reanalysis_done_s=ends_s[2] if history.waiting_s(len(seen) - 1) <= 0 else None,
    )


def _work(classes: list[_Class], step: int, capacity_s: float) -> None:
    """A share for the lower classes, the rest for live, and what is left for whoever waits."""
    share_s = LOWER_SHARE * capacity_s
    left_s = capacity_s
    for lower in classes[1:]:
        done_s = lower.serve(step, share_s)
        share_s, left_s = share_s - done_s, left_s - done_s
    for each in classes:
        left_s -= each.serve(step, left_s)


def _running(arriving: float, ready: int, gpus: Gpus, mean_s: float) -> float:
    """Calls that are in a batch or wait for the next one, by Little's law: one and a half batches' time each."""
    busy = min(arriving / (ready * gpus.speed), 1.0) if ready else 1.0
    return arriving / mean_s * 1.5 * busy * gpus.batch_s / gpus.speed


def _waits(demand: Demand, done: Floats, gpus: Gpus) -> Floats:
    """From a step's arrival until that much was done; then its batch. What still waits counts to the month's end."""
    step_s = demand.at_s[1] - demand.at_s[0]
    come, before = np.cumsum(demand.live_s), np.concatenate(([0.0], done[:-1]))
    first = np.minimum(np.searchsorted(done, come - 1e-3), len(done) - 1)
    part = np.clip((come - before[first]) / np.maximum(done[first] - before[first], 1e-9), 0.0, 1.0)
    return np.asarray(np.maximum(first - np.arange(len(done)) - 1 + part, 0.0) * step_s + gpus.batch_s / gpus.speed)
