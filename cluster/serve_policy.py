"""Serve's autoscaler told by the audio that waits: `autoscaling_config.policy` in the Serve files."""

import logging
import threading
import time
import weakref
from dataclasses import dataclass, field
from typing import Any

import ray
from ray.serve.config import AutoscalingContext

from cluster.names import NAMESPACE, SUPERVISOR
from cluster.scaling import limits_of, load_of
from configs import settings
from db.stage_loads import StageLoad
from domain.scaling import Decision, wanted_replicas

log = logging.getLogger(__name__)

ASK_S = 5.0
FRESH_S = 60.0
"""Older knowledge counts as none."""


@dataclass(slots=True)
class _Seen:
    """What the supervisor said last, and when it was true (monotonic)."""

    loads: dict[str, StageLoad] = field(default_factory=dict)
    true_at_s: float = float("-inf")
    stop: threading.Event = field(default_factory=threading.Event)


class WaitingAudio:
    """Replicas of a deployment by the audio that waits for `stage`.

    Serve's controller calls it many times a second and waits for it, so it asks nobody: a thread of its own does. While
    nothing fresh is known, because the supervisor or its database is away, the number stays as it is.
    """

    def __init__(self, stage: str) -> None:
        self._stage = stage
        self._settings = settings.load().scaling
        self._seen = _Seen()
        self._last: Decision | None = None
        threading.Thread(target=_keep_asking, args=(self._seen,), name="waiting-audio", daemon=True).start()
        weakref.finalize(self, self._seen.stop.set)  # Serve makes a new policy of each new configuration

    def __call__(self, ctx: AutoscalingContext) -> tuple[int, dict[str, Any]]:
        """The replicas wanted. Serve's own delays should be 0: `wanted_replicas` knows when to wait."""
        now_s = time.monotonic()
        if now_s - self._seen.true_at_s > FRESH_S:
            return ctx.target_num_replicas, {}
        limits = limits_of(self._settings, ctx.capacity_adjusted_min_replicas, ctx.capacity_adjusted_max_replicas)
        load = load_of(self._seen.loads, [self._stage], self._settings)
        before = self._last or Decision(ctx.target_num_replicas, now_s)
        self._last = wanted_replicas(load, limits, before, now_s)
        return self._last.replicas, {}


def _keep_asking(seen: _Seen) -> None:
    while not seen.stop.is_set():
        try:
            supervisor = ray.get_actor(SUPERVISOR, NAMESPACE)
            known: Any = ray.get(supervisor.loads.remote(), timeout=ASK_S)
            age_s, seen.loads = known
            seen.true_at_s = time.monotonic() - age_s
        except (ValueError, ray.exceptions.RayError) as error:  # ValueError: there is no supervisor yet
            log.info("backlog_unknown", extra={"reason": f"{type(error).__name__}: {error}"})
        seen.stop.wait(ASK_S)
