"""Which months are simulated: those that are compared, Serve's own scaling tuned by hand, and what may be doubted."""

import math
from dataclasses import dataclass, field, replace
from typing import Any

from benchmarks.fleet_month.nodes import Gpus
from benchmarks.fleet_month.policies import IN_FLIGHT, ByInFlight, ByWaitingAudio, Fixed, Policy
from benchmarks.fleet_month.shops import Shops
from domain.scaling import Limits


@dataclass(frozen=True)
class Scene:
    """A month. `kind`: the policy's class; `settings`: its numbers other than the default. No scaling goes beyond
    `most` times the fixed fleet."""

    name: str
    kind: type[Fixed | ByInFlight | ByWaitingAudio] = ByWaitingAudio
    shops: Shops = field(default_factory=Shops)
    gpus: Gpus = field(default_factory=Gpus)
    settings: tuple[tuple[str, Any], ...] = ()
    most: float = 2.0

    @property
    def fixed(self) -> int:
        """Replicas that the busiest moment of a planned week keeps busy, without reserve."""
        return math.ceil(self.shops.peak / self.gpus.speed)

    @property
    def at_most(self) -> int:
        return math.ceil(self.most * self.fixed)

    @property
    def start(self) -> int:
        return self.fixed if self.kind is Fixed else 1

    @property
    def window(self) -> int:
        """Calls in flight: enough for Serve to ask for all that it may."""
        return math.ceil(self.at_most * dict(self.settings).get("per_replica", IN_FLIGHT))

    def policy(self) -> Policy:
        """A new one: policies remember."""
        chosen = dict(self.settings)
        if self.kind is Fixed:
            return Fixed(self.fixed)
        if self.kind is ByInFlight:
            return ByInFlight(1, self.at_most, **chosen)
        return ByWaitingAudio(Limits(**{"at_most": self.at_most, "start_s": self.gpus.start_s, **chosen}))


def in_flight(name: str, most: float, **numbers: float) -> Scene:
    return Scene(name, ByInFlight, settings=tuple(numbers.items()), most=most)


FIXED = Scene("Fixed, for the peak", Fixed)
SERVE = in_flight("Serve, 32 in flight a replica", 2.0)
BY_HAND = in_flight("Serve, tuned by hand (8, 0.1)", 1.0, per_replica=8.0, up_factor=0.1, down_s=600.0)
OURS = Scene("By waiting audio")
COMPARED = (FIXED, SERVE, BY_HAND, OURS)
TUNED = (
    *(
        in_flight(f"{calls:g}, {up:g}", 1.0, per_replica=calls, up_factor=up, down_s=600.0)
        for calls in (4.0, 8.0, 16.0)
        for up in (0.1, 0.2, 0.3, 1.0)
    ),
    replace(BY_HAND, name="8, 0.1 at 20 × real time", gpus=Gpus(speed=20)),
    replace(BY_HAND, name="8, 0.1 at 108 × real time", gpus=Gpus(speed=108)),
    replace(BY_HAND, name="8, 0.1 where nodes start in 15 min", gpus=Gpus(start_s=900)),
)
SWEPT = (
    replace(OURS, name="20 × real time", gpus=Gpus(speed=20)),
    replace(OURS, name="108 × real time", gpus=Gpus(speed=108)),
    replace(OURS, name="believed 25 % too fast", gpus=Gpus(believed=1.25)),
    replace(OURS, name="nodes start in 2 min", gpus=Gpus(start_s=120)),
    replace(OURS, name="nodes start in 15 min", gpus=Gpus(start_s=900)),
    replace(OURS, name="no node is lost", gpus=Gpus(spot_loss_per_hour=0)),
    replace(OURS, name="a node lives 5 hours", gpus=Gpus(spot_loss_per_hour=0.2)),
    replace(OURS, name="never above the fixed fleet", most=1.0),
    replace(OURS, name="without head-room", settings=(("head_room", 1.0),)),
    replace(OURS, name="4 replicas for re-analysis", settings=(("reanalysis_cap", 4),)),
    replace(OURS, name="400 counters, as shipped: 8 at most", shops=Shops(counters=400)),
    replace(OURS, name="100 counters", shops=Shops(counters=100)),
    replace(OURS, name="another seed", shops=Shops(seed=2)),
)
