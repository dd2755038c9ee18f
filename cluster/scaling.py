"""How many replicas the waiting audio is worth: from settings and what waits to `domain.scaling`, and back."""

from collections.abc import Collection, Mapping

from configs.sections import ScalingSettings, WorkerGroup
from db.stage_loads import StageLoad
from domain.scaling import Decision, Limits, Load, Waiting, wanted_replicas
from domain.status import JobClass


def limits_of(settings: ScalingSettings, at_least: int, at_most: int) -> Limits:
    return Limits(at_least, at_most, **settings.model_dump(exclude={"times_real_time"}))


def load_of(loads: Mapping[str, StageLoad], stages: Collection[str], settings: ScalingSettings) -> Load:
    """What some stages together ask of a replica that hosts them all, in seconds of its time.

    A stage without a speed in the settings works on rows, not on audio: it asks for nothing.
    """
    speeds = settings.times_real_time
    mine = [(loads.get(stage, StageLoad()), speeds[stage]) for stage in stages if stage in speeds]

    def waiting(of: JobClass) -> Waiting:
        parts = [(load.waiting[of], speed) for load, speed in mine if of in load.waiting]
        return Waiting(
            sum(part.audio_s / speed for part, speed in parts), max((part.oldest_s for part, _ in parts), default=0.0)
        )

    return Load(
        waiting(JobClass.LIVE),
        waiting(JobClass.BACKFILL),
        waiting(JobClass.REANALYSIS),
        arriving=sum(load.arriving / speed for load, speed in mine),
        speed=1.0,
    )


class GroupSizes:
    """The present number of replicas of each worker group. hosted: group → its stages; `present`: group → workers that
    run already, so that a new supervisor does not begin by ending them."""

    def __init__(
        self,
        groups: Collection[WorkerGroup],
        hosted: Mapping[str, Collection[str]],
        settings: ScalingSettings,
        present: Mapping[str, int],
        now_s: float,
    ) -> None:
        self._groups = groups
        self._hosted = hosted
        self._settings = settings
        self._decisions = {
            group.name: Decision(max(present.get(group.name, 0), group.min_replicas), now_s) for group in groups
        }

    def update(self, loads: Mapping[str, StageLoad], now_s: float) -> None:
        """Decides anew. `now_s`: monotonic."""
        for group in self._groups:
            if group.max_replicas is not None:
                limits = limits_of(self._settings, group.min_replicas, group.max_replicas)
                load = load_of(loads, self._hosted[group.name], self._settings)
                self._decisions[group.name] = wanted_replicas(load, limits, self._decisions[group.name], now_s)

    def replicas(self, group: WorkerGroup) -> int:
        return self._decisions[group.name].replicas if group.replicas is None else group.replicas
