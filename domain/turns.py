"""Whose turn it is: which of the ready jobs a claim takes, over classes and lock keys.

Every claimed job takes the next turn number of its stage. Most turns go to the best class that has something ready;
every n-th is kept for the classes below it, which share those turns, so that none starves under a flood above it.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

from domain.status import JobClass


@dataclass(frozen=True, slots=True)
class Ready:
    """A job that may run now."""

    job_id: int
    job_class: JobClass
    lock_key: str
    fair_key: str


@dataclass(frozen=True, slots=True)
class Taken:
    """A job with the turn it was given."""

    job_id: int
    fair_key: str
    turn: int


def take_turns(
    ready: Sequence[Ready], slots: int, last_turn: int, lower_every: int, reruns: int | None = None
) -> list[Taken]:
    """Fills up to `slots` slots, at most one job per lock key and `reruns` of re-analyses (None: no such bound).

    `ready` is in fair order within each class; `last_turn` is the last number that the stage has given out; one turn
    in `lower_every` is kept for the lower classes.
    """
    queues: Mapping[JobClass, Iterator[Ready]] = {
        job_class: iter([job for job in ready if job.job_class is job_class]) for job_class in JobClass
    } | {JobClass.REANALYSIS: islice((job for job in ready if job.job_class is JobClass.REANALYSIS), reruns)}
    heads = {job_class: head for job_class, queue in queues.items() if (head := next(queue, None)) is not None}
    taken: list[Taken] = []
    keys: set[str] = set()
    while heads and len(taken) < slots:
        turn = last_turn + len(taken) + 1
        job_class = class_of_turn(turn, sorted(heads), lower_every)
        job = heads[job_class]
        if job.lock_key not in keys:
            keys.add(job.lock_key)
            taken.append(Taken(job.job_id, job.fair_key, turn))
        if (head := next(queues[job_class], None)) is not None:
            heads[job_class] = head
        else:
            del heads[job_class]
    return taken


def class_of_turn(turn: int, waiting: Sequence[JobClass], lower_every: int) -> JobClass:
    """Which class a turn belongs to. `waiting`: the classes that have something ready, best first, not empty."""
    best, *lower = waiting
    if not lower or turn % lower_every != 0:
        return best
    return lower[turn // lower_every % len(lower)]
