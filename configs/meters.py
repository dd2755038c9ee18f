"""What processes count: the metrics of domain/metrics.py, through Ray, whose node agents export them.

As with logging, there is one registry per process and any line may count. Outside of Ray nothing is kept: the command
line and most tests count for nobody.
"""

import sys
from functools import cache
from typing import Any

from domain.metrics import Metric, MetricKind

PROCESS = "process"
"""Label of all that processes count: the name of the actor, such as worker-0 or whisper#Fast#o13ye4q5."""


def count(metric: Metric, by: float = 1.0, **labels: str) -> None:
    """Adds to a counter; nothing where there is nothing to add."""
    if by > 0 and (meter := _meter(metric)) is not None:
        meter.inc(by, labels)


def observe(metric: Metric, value: float, **labels: str) -> None:
    """Puts one value into a histogram."""
    if (meter := _meter(metric)) is not None:
        meter.observe(value, labels)


def tell(metric: Metric, value: float, **labels: str) -> None:
    """Sets a gauge."""
    if (meter := _meter(metric)) is not None:
        meter.set(value, labels)


def are_kept() -> bool:
    """True in Ray's processes."""
    ray = sys.modules.get("ray")
    return ray is not None and bool(ray.is_initialized())


def _meter(metric: Metric) -> Any:
    return _instrument(metric) if are_kept() else None


@cache
def _instrument(metric: Metric) -> Any:
    from ray.util import metrics

    labels = (*metric.labels, PROCESS)
    if metric.kind is MetricKind.HISTOGRAM:
        made: Any = metrics.Histogram(metric.name, metric.tells, list(metric.buckets), labels)
    else:
        made = {MetricKind.COUNTER: metrics.Counter, MetricKind.GAUGE: metrics.Gauge}[metric.kind](
            metric.name, metric.tells, labels
        )
    return made.set_default_tags({PROCESS: _process()})


@cache
def _process() -> str:
    import ray

    name = ray.get_runtime_context().get_actor_name() or "driver"
    return str(name.removeprefix("SERVE_REPLICA::"))
