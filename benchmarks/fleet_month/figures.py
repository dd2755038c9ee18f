"""What a month cost and how fresh its verdicts were."""

from dataclasses import dataclass

import numpy as np

from benchmarks.fleet_month.shops import Demand
from benchmarks.fleet_month.simulate import Month

TARGET_S = 600


@dataclass(frozen=True, slots=True)
class Figures:
    """Freshness: verdict − end of the dialogue, live ones, seconds. `backfill_h`: from the server's return until the
    outage was made up for; `reanalysis_days`: until history was through; None where it was not in that month."""

    gpu_hours: float
    p50_s: int
    p95_s: int
    p99_s: int
    worst_s: int
    late: float
    changes_a_day: float
    most: int
    backfill_h: float | None
    reanalysis_days: float | None


def figures(demand: Demand, month: Month) -> Figures:
    """Queue and delivery are independent, so the sums are distributed as the convolution of both, in whole seconds."""
    queue = np.bincount(np.ceil(month.wait_s).astype(int), weights=demand.live)
    delivery = np.bincount(np.ceil(demand.delivery_s).astype(int)) / len(demand.delivery_s)
    below = np.cumsum(np.convolve(queue, delivery)) / demand.live.sum()
    p50, p95, p99 = (int(np.searchsorted(below, share)) for share in (0.5, 0.95, 0.99))
    came = np.flatnonzero(demand.backfill_s)
    back_s = float(demand.at_s[came[0]]) if len(came) else 0.0
    return Figures(
        gpu_hours=month.gpu_hours,
        p50_s=p50,
        p95_s=p95,
        p99_s=p99,
        worst_s=int(np.ceil(month.wait_s[demand.live > 0].max()) + np.ceil(demand.delivery_s.max())),
        late=max(0.0, 1.0 - float(below[min(TARGET_S, len(below) - 1)])),
        changes_a_day=month.changes / (demand.at_s[-1] / 86_400),
        most=int(month.target.max()),
        backfill_h=(month.backfill_done_s - back_s) / 3600 if month.backfill_done_s and len(came) else None,
        reanalysis_days=(month.reanalysis_done_s - demand.reanalysis_s) / 86_400 if month.reanalysis_done_s else None,
    )
