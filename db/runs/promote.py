"""Promotion: a run's results become the current ones, all at once."""

from dataclasses import dataclass
from uuid import UUID

from db.engine import Database
from domain.access import Principal
from domain.runs import RunState


@dataclass(frozen=True, slots=True)
class Promotion:
    """What a promotion did with the run's dialogues. Each is in one of these.

    moved: the run's result is the current one now; before: it was already, by an earlier promotion of this run;
    changed: another revision or transcript than the run judged, to be judged by it once more; busy: live work on it is
    under way, so it is left for the next promotion; gone: merged into another, erased, or without its words by age;
    without_result: the run failed on it. state: the run's, `running` where something changed and is queued again.
    """

    run_id: UUID
    name: str
    state: RunState
    moved: int
    before: int
    changed: int
    busy: int
    gone: int
    without_result: int


async def promote(db: Database, run_id: UUID, caller: Principal) -> Promotion:
    """Makes what the run judged current, in one transaction that moves every figure at once.

    Written as the stages themselves would write it; what it replaces is kept exactly (`run_replaced`). Reviews stay and
    go on counting before the machine. Dialogues that changed since are left alone, and given to the run once more: it
    is `running` again then, and what it finds is promoted by another call. A second caller waits for the first and
    finds nothing left to do; killed at any moment, nothing has happened. The supervisor calls it for a run that is no
    shadow whenever that is done.

    Raises NotFound where there is no such run; Conflict where it still runs, was cancelled, or another run was promoted
    over its dialogues since; Unavailable where the database is down.
    """
    raise NotImplementedError
