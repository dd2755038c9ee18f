"""Who decides how many replicas there are: nobody, the waiting audio, or Serve's own count of requests in flight."""

import math
from dataclasses import dataclass, field
from typing import Protocol

from domain.scaling import Decision, Limits, Load, wanted_replicas

IN_FLIGHT = 32.0
"""Calls a replica, where nothing else is said: twice what a full batch and half of the next hold."""


@dataclass(frozen=True, slots=True)
class View:
    """What a policy may know. `in_flight`: calls under way, mean of the last half minute; `ready`: replicas that
    work, `target`: those that were wanted last."""

    now_s: float
    load: Load
    in_flight: float
    ready: int
    target: int


class Policy(Protocol):
    """Replicas wanted now."""

    def wanted(self, view: View) -> int: ...


@dataclass(frozen=True, slots=True)
class Fixed:
    """As many as the busiest hour of a planned week keeps busy, day and night."""

    replicas: int

    def wanted(self, view: View) -> int:
        return self.replicas


@dataclass(slots=True)
class ByWaitingAudio:
    """The product's own policy, `domain/scaling.py`."""

    limits: Limits
    decision: Decision = field(default_factory=lambda: Decision(1, 0.0))

    def wanted(self, view: View) -> int:
        self.decision = wanted_replicas(view.load, self.limits, self.decision, view.now_s)
        return self.decision.replicas


@dataclass(slots=True)
class ByInFlight:
    """Ray Serve's `replica_queue_length_autoscaling_policy` with its delays (ray/serve/autoscaling_policy.py, 2.60).

    What is wanted is calls in flight ÷ `per_replica`, of a raise the part `up_factor` from the running ones on; it
    counts once it has been wanted for the delay of its direction. `up_s` and `up_factor` are Serve's defaults.
    """

    at_least: int
    at_most: int
    per_replica: float = IN_FLIGHT
    up_s: float = 30.0
    down_s: float = 300.0
    up_factor: float = 1.0
    since_s: float | None = None
    direction: int = 0

    def wanted(self, view: View) -> int:
        more = view.in_flight / self.per_replica - view.ready
        desired = math.ceil(view.ready + (self.up_factor if more > 0 else 1.0) * more)
        desired = min(max(desired, self.at_least), self.at_most)
        direction = (desired > view.target) - (desired < view.target)
        if direction == 0 or direction != self.direction:
            self.direction, self.since_s = direction, view.now_s if direction else None
        if self.since_s is None:
            return view.target
        if view.now_s - self.since_s >= (self.up_s if direction > 0 else self.down_s):
            self.direction, self.since_s = 0, None
            return desired
        return view.target
