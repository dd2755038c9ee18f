"""What a run over history says otherwise than what is current, whom the reviewers bear out, and what figures would be.

Two judges of the same dialogues: the *old* one, whose verdicts are current (or were, where the run is promoted
already), and the *new* one, the run. Pure.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from domain.agreement import Call, Confusion, Kappa, call_of, calls, cohen, confusion
from domain.assessment import QUALITIES
from domain.figures import Counts, Figures, Opinion, Row, added, count, figures_of, place_of
from domain.ids import DialogueId
from domain.paired import Paired, paired
from domain.status import Attempted, Kind, Place, Reaction, StageStatus

NONE = "none"
"""Where a judge gives no verdict, since the dialogue was skipped, failed, or waits."""
TO_LISTEN = 10


class Standing(StrEnum):
    """What keeps a run's result from becoming the current one, if anything does: db/runs/standing.py."""

    READY = "ready"
    MOVED = "moved"
    """It is the current one: promoted."""
    CHANGED = "changed"
    """The dialogue has another revision or transcript than the one that the run judged."""
    BUSY = "busy"
    """Live work on it is under way."""
    GONE = "gone"
    """Merged into another, erased, or without its words by age."""
    WITHOUT_RESULT = "without_result"
    """Not judged yet, or failed."""


COMPARED = frozenset({Standing.READY, Standing.MOVED})


@dataclass(frozen=True, slots=True)
class Said:
    """One judge's word on a dialogue. opinion None: no verdict, as `status` says."""

    status: StageStatus
    opinion: Opinion | None = None
    categories: tuple[str, ...] = ()
    engine: str = ""

    @property
    def place(self) -> Place:
        """Where the figures would count it if nobody had reviewed it."""
        return place_of(Row(self.status, machine=self.opinion))


@dataclass(frozen=True, slots=True)
class Pair:
    """A dialogue of the run. new None: the run's result cannot be compared. is_current: no part of another dialogue.

    review: the one that counts; is_fresh: it is of the revision that stands; is_random: as one of the random share.
    """

    standing: Standing
    old: Said
    new: Said | None = None
    review: Opinion | None = None
    is_fresh: bool = False
    is_random: bool = False
    is_current: bool = True


@dataclass(frozen=True, slots=True)
class CategoryFlips:
    """In how many dialogues a category is named by both, by the old judge alone, by the new one alone."""

    category: str
    both: int
    only_old: int
    only_new: int


@dataclass(frozen=True, slots=True)
class Against:
    """Either judge (first) against reviewers (second), over the same dialogues: those on which all three have a word.
    hits: where judge and reviewer make the same call."""

    old: Kappa
    new: Kappa
    old_calls: Confusion
    new_calls: Confusion
    hits: Paired

    @property
    def n(self) -> int:
        return self.old_calls.n


@dataclass(frozen=True, slots=True)
class Diff:
    """Tables: rows are the old judge's words, columns the new one's. quality and reactions: where both see an offer.

    share: against reviews of the random share, which alone tell who is better. reviewed: against all that count, most
    of them of dialogues picked because the old judge doubted, which favours the new one. old_figures, new_figures: of
    all the run's dialogues, as they are and as a promotion would make them; a review counts before either judge.
    """

    standing: Mapping[Standing, int]
    compared: int
    differing: int
    flipped: int
    places: Confusion
    attempted: Confusion
    kinds: Confusion
    quality: Confusion
    reactions: Confusion
    categories: tuple[CategoryFlips, ...]
    share: Against
    reviewed: Against
    old_figures: Figures
    new_figures: Figures


@dataclass(frozen=True, slots=True)
class Flip:
    """A dialogue of which the two say otherwise. confidence: the new judge's; quote, summary: what it rests on."""

    dialogue_id: DialogueId
    point_id: UUID
    start_ts: datetime
    old: Said
    new: Said
    confidence: float = 0.0
    quote: str = ""
    summary: str = ""


def compare(pairs: Iterable[Pair] | Mapping[Pair, int]) -> Diff:
    """`pairs`: one by one or counted."""
    counted = Counter(pairs)
    standing: Counter[Standing] = Counter()
    judged: Counter[tuple[Said, Said]] = Counter()
    for pair, n in counted.items():
        standing[pair.standing] += n
        if pair.new is not None:
            judged[pair.old, pair.new] += n
    offers = Counter({both: n for both, n in judged.items() if all(_call(said) == Call.YES for said in both)})
    return Diff(
        standing=standing,
        compared=judged.total(),
        differing=sum(n for (old, new), n in judged.items() if differs(old, new)),
        flipped=sum(n for (old, new), n in judged.items() if old.place is not new.place),
        places=_table(judged, lambda said: said.place, [place for place in Place if place is not Place.SUPERSEDED]),
        attempted=_table(judged, _attempted, [*Attempted, NONE]),
        kinds=_table(judged, lambda said: said.opinion.kind if said.opinion else NONE, [*Kind, NONE]),
        quality=_table(offers, lambda said: str(said.opinion.quality_score) if said.opinion else NONE, QUALITIES),
        reactions=_table(offers, lambda said: said.opinion.reaction if said.opinion else NONE, list(Reaction)),
        categories=_categories(judged),
        share=_against({pair: n for pair, n in counted.items() if pair.is_random}),
        reviewed=_against(counted),
        old_figures=_figures(counted, lambda pair: pair.old),
        new_figures=_figures(counted, lambda pair: pair.new or pair.old),
    )


def differs(old: Said, new: Said) -> bool:
    """In anything that a figure rests on."""
    return (old.place, old.opinion, set(old.categories)) != (new.place, new.opinion, set(new.categories))


def to_listen(flips: Iterable[Flip], most: int = TO_LISTEN) -> list[Flip]:
    """Those to hear first: of each kind of flip in turn the one that the new judge is surest of; verdicts before what
    is said about the same verdict. The same flips in any order give the same list."""
    kinds: dict[tuple[bool, Place, Place], list[Flip]] = defaultdict(list)
    for flip in sorted(flips, key=_surest_first):
        old, new = flip.old.place, flip.new.place
        kinds[old is new, old, new].append(flip)
    turns = [
        (is_same, turn, *_surest_first(flip), flip)
        for (is_same, _, _), of_kind in kinds.items()
        for turn, flip in enumerate(of_kind)
    ]
    return [turn[-1] for turn in sorted(turns, key=lambda turn: turn[:-1])[:most]]


def _surest_first(flip: Flip) -> tuple[float, str]:
    return -flip.confidence, str(flip.dialogue_id)


def _call(said: Said) -> str:
    return call_of(said.opinion) if said.opinion else NONE


def _attempted(said: Said) -> str:
    """Whatever kind of dialogue it is."""
    return said.opinion.attempted if said.opinion else NONE


def _table(judged: Mapping[tuple[Said, Said], int], label: Callable[[Said], str], labels: Sequence[str]) -> Confusion:
    counted: Counter[tuple[str, str]] = Counter()
    for (old, new), n in judged.items():
        counted[label(old), label(new)] += n
    return confusion(counted, labels)


def _categories(judged: Mapping[tuple[Said, Said], int]) -> tuple[CategoryFlips, ...]:
    named: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0])
    for (old, new), n in judged.items():
        for category in {*old.categories, *new.categories}:
            place = 0 if category in old.categories and category in new.categories else 1 + (category in new.categories)
            named[category][place] += n
    return tuple(CategoryFlips(category, *named[category]) for category in sorted(named))


def _against(pairs: Mapping[Pair, int]) -> Against:
    old: Counter[tuple[Opinion, Opinion]] = Counter()
    new: Counter[tuple[Opinion, Opinion]] = Counter()
    hits: Counter[tuple[bool, bool]] = Counter()
    for pair, n in pairs.items():
        if not pair.is_fresh or pair.review is None or pair.new is None:
            continue
        if pair.old.opinion is None or pair.new.opinion is None:
            continue
        said = call_of(pair.review)
        old[pair.old.opinion, pair.review] += n
        new[pair.new.opinion, pair.review] += n
        hits[call_of(pair.old.opinion) is said, call_of(pair.new.opinion) is said] += n
    old_calls, new_calls = calls(old), calls(new)
    together = paired(hits[True, True], hits[True, False], hits[False, True], hits[False, False])
    return Against(cohen(old_calls), cohen(new_calls), old_calls, new_calls, together)


def _figures(pairs: Mapping[Pair, int], says: Callable[[Pair], Said]) -> Figures:
    total, engines = [], set()
    for pair, n in pairs.items():
        said = says(pair)
        row = Row(said.status, not pair.is_current, said.opinion, said.engine, pair.review)
        one = count([row])
        total.append(Counts(*(n * getattr(one, f.name) for f in fields(Counts))))
        if one.sales and pair.review is None:
            engines.add(said.engine)
    return figures_of(added(total) if total else Counts(), engines)
