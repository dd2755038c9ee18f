"""Which dialogues a reviewer should judge next, and in which order: what teaches most first. Pure.

Two streams run side by side. The *sample* is a fixed random share of all judged dialogues, so that the machine can be
measured without bias; a part of it is judged by two people, neither of whom sees what anybody else said. The *lessons*
are dialogues on which a verdict is most likely wrong; what is found there must never be taken for the machine's rate
of error, since they were picked for it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from hashlib import md5
from uuid import UUID

from domain.ids import DialogueId

RANDOM_SHARE = 0.10
"""Of all judged dialogues: at 300 a day and one point some 30 a day, of which a reviewer need not finish all, since
they come in the order of their hash: any beginning of it is a random sample too."""
SECOND_SHARE = 0.02
"""Of all judged dialogues, a part of the random share: these are judged by a second person."""
LOW_CONFIDENCE = 0.6
"""Below this the machine itself is unsure of its yes or no."""
SAMPLE_EVERY = 3
"""One in so many items is of the sample while both streams last."""


class Reason(StrEnum):
    """Why a dialogue is shown to a reviewer; kept with the review."""

    RANDOM = "random"
    """It is in the random share."""
    SECOND = "second"
    """One person has judged it for the random share; a second one measures how far people agree. Never in figures."""
    REVIEWERS_DISAGREE = "reviewers_disagree"
    ENGINES_DISAGREE = "engines_disagree"
    UNCERTAIN = "uncertain"
    LOW_CONFIDENCE = "low_confidence"
    MANUAL = "manual"
    """Nobody asked for it: the reviewer opened the dialogue."""


SAMPLE = (Reason.SECOND, Reason.RANDOM)
LESSONS = (Reason.REVIEWERS_DISAGREE, Reason.ENGINES_DISAGREE, Reason.UNCERTAIN, Reason.LOW_CONFIDENCE)
"""By how much one answer teaches: people at odds point to a rule that is unclear, engines at odds to one that is read
in two ways, the rest to single mistakes."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A dialogue that waits for a review. confidence: the machine's, 0 to 1; is_mine: the reviewer who asks has judged
    it already; is_held: another reviewer has it open."""

    dialogue_id: DialogueId
    reason: Reason
    start_ts: datetime
    confidence: float
    is_mine: bool = False
    is_held: bool = False


def share_position(dialogue_id: UUID) -> float:
    """Where a dialogue lies between 0 and 1, by a hash of its id: the same for ever, and unrelated to what was said.

    The first 32 bits of MD5 of the id as it is written, so that PostgreSQL's md5() gives the same.
    """
    return int(md5(str(dialogue_id).encode(), usedforsecurity=False).hexdigest()[:8], 16) / 2**32


def is_blind(reason: Reason) -> bool:
    """Must the reviewer not see what others, machine or people, said? Whoever sees it agrees with it more often."""
    return reason in SAMPLE


def ordered(candidates: Iterable[Candidate]) -> list[Candidate]:
    """What one reviewer should see, in order: one of the sample, then two lessons, and so on while both last.

    The sample by the hash of the id, second opinions first; lessons by what they teach, the least confident first,
    then the newest. Left out: what another reviewer holds, and one's own where a second person must judge.
    """
    free = [one for one in candidates if not one.is_held and not (one.is_mine and one.reason is Reason.SECOND)]
    sample = sorted(
        (one for one in free if one.reason in SAMPLE),
        key=lambda one: (SAMPLE.index(one.reason), share_position(one.dialogue_id), one.dialogue_id),
    )
    lessons = sorted(
        (one for one in free if one.reason in LESSONS),
        key=lambda one: (LESSONS.index(one.reason), one.confidence, -one.start_ts.timestamp(), one.dialogue_id),
    )
    return _interleaved(sample, lessons)


def _interleaved(sample: Sequence[Candidate], lessons: Sequence[Candidate]) -> list[Candidate]:
    samples, rest = list(sample), list(lessons)
    line: list[Candidate] = []
    while samples and rest:
        of_sample = len(line) % SAMPLE_EVERY == 0
        line.append((samples if of_sample else rest).pop(0))
    return line + samples + rest
