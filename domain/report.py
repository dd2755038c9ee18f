"""One side of a report: what is known of some points in a period, and how such sides are put together."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from domain.coverage import Totals
from domain.figures import Counts, Figures, added, figures_of

NOTHING_SCHEDULED = Totals(0, 0, 0, 0, 0, 0, 0, {})


@dataclass(slots=True)
class Side:
    """`engines`: dialogues in the rates, by the machine whose opinion counts. `coverage`: over all devices."""

    counts: Counts = field(default_factory=Counts)
    engines: Counter[str] = field(default_factory=Counter)
    coverage: Totals = NOTHING_SCHEDULED

    @property
    def figures(self) -> Figures:
        return figures_of(self.counts, self.engines, self.coverage.share)


def together(sides: Iterable[Side], lost_by_reason: Mapping[str, int] | None = None) -> Side:
    """Sides of different points or days as one. `lost_by_reason`: where the sides' own are not kept."""
    known = list(sides)
    engines: Counter[str] = Counter()
    reasons: Counter[str] = Counter(lost_by_reason or {})
    for side in known:
        engines.update(side.engines)
        if lost_by_reason is None:
            reasons.update(side.coverage.lost_by_reason)
    totals = [side.coverage for side in known]
    coverage = Totals(
        scheduled_ms=sum(one.scheduled_ms for one in totals),
        recorded_ms=sum(one.recorded_ms for one in totals),
        waiting_ms=sum(one.waiting_ms for one in totals),
        paused_ms=sum(one.paused_ms for one in totals),
        lost_ms=sum(one.lost_ms for one in totals),
        ahead_ms=sum(one.ahead_ms for one in totals),
        outside_ms=sum(one.outside_ms for one in totals),
        lost_by_reason=dict(reasons.most_common()),
    )
    return Side(added(side.counts for side in known), engines, coverage)
