"""What a reviewer holds about one dialogue, and when it makes sense. Pure."""

from collections.abc import Collection
from dataclasses import dataclass

from domain.agreement import Call, call_of
from domain.figures import Opinion
from domain.status import Attempted, Kind, Reaction

MAX_NOTE_CHARS = 2_000


@dataclass(frozen=True, slots=True)
class Judgement:
    """A reviewer's verdict, by the same schema as the machine's. quality_score: 0 to 3, 0 where nothing was offered."""

    kind: Kind
    attempted: Attempted
    quality_score: int = 0
    categories: tuple[str, ...] = ()
    customer_reaction: Reaction = Reaction.UNCLEAR
    note: str = ""

    @property
    def opinion(self) -> Opinion:
        return Opinion(self.kind, self.attempted, self.quality_score, self.customer_reaction)

    @property
    def call(self) -> Call:
        return call_of(self.opinion)


def contradictions(judgement: Judgement, catalogue: Collection[str]) -> dict[str, str]:
    """Field → what is wrong with it; empty where all is well. `catalogue`: what the point can offer."""
    wrong: dict[str, str] = {}
    if judgement.attempted is not Attempted.YES:
        needs = "needs an attempt; set attempted to yes, or leave it out"
        if judgement.quality_score:
            wrong["quality_score"] = needs
        if judgement.categories:
            wrong["categories"] = needs
        if judgement.customer_reaction is not Reaction.UNCLEAR:
            wrong["customer_reaction"] = needs
    strangers = sorted(set(judgement.categories) - set(catalogue))
    if strangers:
        known = ", ".join(sorted(catalogue))
        wrong["categories"] = f"{', '.join(strangers)}: not in the point's catalogue, which has {known}"
    return wrong
