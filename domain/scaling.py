"""How many replicas of a stage the waiting audio is worth, and when that number may change. Used by the running system
and by the simulator alike; the caller keeps the last decision and gives it back."""

import math
from dataclasses import dataclass

MINUTE_S = 60.0
HOUR_S = 3600.0
LEAST_PATIENCE = 0.25
"""However old the oldest is, what waits is given this part of its time: what is late already asks for no army."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """What waits of one class. `audio_s`: queued and running; `oldest_s`: since the oldest of it was queued."""

    audio_s: float = 0.0
    oldest_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Load:
    """What a stage has to do. `arriving`: live audio that came, seconds per second over the last ten minutes or so;
    0 where it is not known, then only what waits counts. `speed`: × real time of one busy replica, measured."""

    live: Waiting
    backfill: Waiting
    reanalysis: Waiting
    arriving: float
    speed: float

    def __post_init__(self) -> None:
        if not (math.isfinite(self.speed) and self.speed > 0):
            raise ValueError(f"speed must be a number above 0, not {self.speed}")
        classes = (self.live, self.backfill, self.reanalysis)
        numbers = (self.arriving, *(w.audio_s for w in classes), *(w.oldest_s for w in classes))
        if min(numbers) < 0 or not math.isfinite(sum(numbers)):
            raise ValueError(f"audio, ages and what arrives must be numbers from 0 on: {numbers}")


@dataclass(frozen=True, slots=True)
class Limits:
    """What the replicas may be and what they are for.

    `target_s`: live audio is to be through this stage in this time; `start_s`: from the wish for a replica to its first
    result, node and model included. Backfill is to be through within `backfill_within_s`, as far as `backfill_share` of
    `at_most` allows; re-analysis within `reanalysis_within_s`, as far as `reanalysis_cap` replicas allow: with 0 it has
    the idle time of what is there. `head_room`: over what arrives, for a lunch that grows while a node starts, and for
    the one slot in eight that a claim keeps for lower classes; `spare`: over the live need when the number changes, so
    that noise does not change it again; `quiet_s`: fewer only after so long without need for more.
    """

    at_least: int = 1
    at_most: int = 1
    target_s: float = 10 * MINUTE_S
    start_s: float = 4 * MINUTE_S
    backfill_within_s: float = 6 * HOUR_S
    backfill_share: float = 0.5
    reanalysis_within_s: float = 24 * HOUR_S
    reanalysis_cap: int = 0
    head_room: float = 1.15
    spare: float = 1.1
    quiet_s: float = 10 * MINUTE_S

    def __post_init__(self) -> None:
        if not 0 <= self.at_least <= self.at_most:
            raise ValueError(f"at_least {self.at_least} and at_most {self.at_most} must be 0 <= at_least <= at_most")
        if not 0 <= self.backfill_share <= 1:
            raise ValueError(f"backfill_share must be from 0 to 1, not {self.backfill_share}")
        if min(self.head_room, self.spare) < 1:
            raise ValueError("head_room and spare must be at least 1")
        if min(self.target_s, self.backfill_within_s, self.reanalysis_within_s, self.quiet_s) <= 0:
            raise ValueError("target_s, backfill_within_s, reanalysis_within_s and quiet_s must be above 0")
        if min(self.start_s, self.reanalysis_cap) < 0:
            raise ValueError("start_s and reanalysis_cap must not be negative")


@dataclass(frozen=True, slots=True)
class Need:
    """Replicas kept busy by each class: fractions, since they share the replicas."""

    live: float
    backfill: float
    reanalysis: float

    @property
    def total(self) -> float:
        return self.live + self.backfill + self.reanalysis


@dataclass(frozen=True, slots=True)
class Decision:
    """What was decided last. `changed_s`: when `replicas` changed; `fewer_since_s`: since when fewer would do,
    `peak` the most that would have done since. Times by the caller's clock, which only has to go forward."""

    replicas: int
    changed_s: float
    fewer_since_s: float | None = None
    peak: int = 0


def needed(load: Load, limits: Limits) -> Need:
    """What arrives, and what waits over the time that is left for it, by one replica's speed.

    Little's law (L = λ W, Little 1961) read backwards: so that L seconds of audio wait no longer than W, λ = L / W must
    be served. W shrinks as the oldest ages, so a backlog is cleared in a straight line by its deadline and not ever
    more slowly. Of live audio a node's start is off the target, half of it at most. Queueing noise asks for no replicas
    of its own: k replicas with work for a of them have P(wait > t) ≈ exp(−2 (k − a) t / (s (1 + c²))) under heavy load
    (Kingman 1961; for k servers Köllerström 1974), so at batches of s = 5 s, c = 1 and t = 5 min a twentieth of a
    replica keeps 95 % in time.
    """
    live_s = max(limits.target_s - limits.start_s, limits.target_s / 2)
    live = limits.head_room * load.arriving + _rate(load.live, live_s)
    backfill = _rate(load.backfill, limits.backfill_within_s) / load.speed
    reanalysis = _rate(load.reanalysis, limits.reanalysis_within_s) / load.speed
    return Need(
        live=live / load.speed,
        backfill=min(backfill, limits.backfill_share * limits.at_most),
        reanalysis=min(reanalysis, float(limits.reanalysis_cap)),
    )


def wanted_replicas(load: Load, limits: Limits, before: Decision, now_s: float) -> Decision:
    """More at once, fewer only after `quiet_s` without a change and without need, to what that time needed at most.

    Both go `spare` beyond the live need, so one that stays within a factor of `spare` makes one change and no second.
    Never below the live need, never outside of the limits; re-analysis adds `reanalysis_cap` at most.
    """
    need = needed(load, limits)
    now = min(max(before.replicas, limits.at_least), limits.at_most)
    changed_s = before.changed_s if now == before.replicas else now_s
    fitting = math.ceil(limits.spare * need.live + need.backfill + need.reanalysis)
    fitting = min(max(fitting, limits.at_least), limits.at_most)
    if need.total > now:
        return Decision(fitting, now_s if fitting > now else changed_s)
    if fitting >= now:
        return Decision(now, changed_s)
    since_s = now_s if before.fewer_since_s is None else before.fewer_since_s
    peak = max(before.peak, fitting) if before.fewer_since_s is not None else fitting
    if now_s - max(since_s, changed_s) >= limits.quiet_s:
        return Decision(min(peak, now), now_s)
    return Decision(now, changed_s, since_s, peak)


def _rate(waiting: Waiting, within_s: float) -> float:
    """Audio seconds a second that clear what waits before its oldest has waited `within_s`."""
    return waiting.audio_s / max(within_s - waiting.oldest_s, LEAST_PATIENCE * within_s)
