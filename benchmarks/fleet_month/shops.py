"""A month of shop counters: how much speech reaches the queue, and when. Every assumption is a field here."""

import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

TRUTH = Path(__file__).resolve().parents[2] / "samples" / "shop_day" / "ground_truth.json"
DAY_S = 86_400
OPEN, CLOSED = 8, 22
WEEKDAY = (0.6, 0.9, 0.9, 1.1, 2.0, 2.2, 1.4, 0.9, 0.8, 1.0, 1.2, 0.9, 0.6, 0.4)
WEEKEND = (0.3, 0.5, 0.9, 1.1, 1.2, 1.2, 1.2, 1.1, 1.0, 0.9, 0.8, 0.7, 0.5, 0.3)
"""Customers by hour from `OPEN` on; 1 is the mean of a weekday. Assumed: a coffee shop with a lunch peak."""


@dataclass(frozen=True, slots=True)
class Outage:
    """The server is away for `hours` from `day`, `hour` on; then the recorders deliver, in `drain_hours`."""

    day: int = 9
    hour: int = 8
    hours: int = 24
    drain_hours: float = 6.0
    """A day's chunks of 2,000 counters at 111 uploads/s (one Serve proxy on two cores, measured), live ones first."""


@dataclass(frozen=True)
class Shops:
    """Dialogues are a Poisson process at each counter; their lengths are drawn from the sample day's sixteen.

    `per_hour`: dialogues of one open counter, mean of a weekday (assumed). `chunk_s`, `silence_s`: the recorder's cut
    and the pause that ends a dialogue. `upload_s`: median, log-normal with a deviation of 0.8 (assumed: a mobile link).
    `rest_s`: VAD, joining and verdict without Whisper (4 s from receipt to verdict with it, benchmarks/system.py).
    `reanalysed_days`: history put on top at `reanalysis_day`.
    """

    counters: int = 2_000
    days: int = 30
    per_hour: float = 25.0
    step_s: int = 30
    chunk_s: float = 60.0
    silence_s: float = 12.0
    upload_s: float = 3.0
    rest_s: float = 4.0
    outage: Outage | None = Outage()
    reanalysis_day: int = 15
    reanalysed_days: float = 3.0
    seed: int = 1

    @cached_property
    def lengths_ms(self) -> Ints:
        """Each dialogue of the sample day, pauses included."""
        truth = json.loads(TRUTH.read_text(encoding="utf-8"))
        return np.array([round(1000 * (dialogue["end_s"] - dialogue["start_s"])) for dialogue in truth["dialogues"]])

    @property
    def mean_s(self) -> float:
        return float(self.lengths_ms.mean()) / 1000

    @property
    def peak(self) -> float:
        """Audio seconds a second in the busiest moment of a planned week."""
        return float(self.rate.max()) * self.mean_s

    @cached_property
    def at_s(self) -> Floats:
        """End of each step, seconds since the month's first midnight (a Monday)."""
        return np.arange(1, self.days * DAY_S // self.step_s + 1) * float(self.step_s)

    @cached_property
    def rate(self) -> Floats:
        """Dialogues a second of all counters, by step."""
        hour, day = self.at_s % DAY_S / 3600, self.at_s // DAY_S
        weekday, weekend = (np.interp(hour, np.arange(OPEN, CLOSED) + 0.5, shape) for shape in (WEEKDAY, WEEKEND))
        is_open = (hour > OPEN) & (hour <= CLOSED)
        return np.asarray(np.where(day % 7 >= 5, weekend, weekday) * is_open * self.counters * self.per_hour / 3600)


@dataclass(frozen=True)
class Demand:
    """What reaches Whisper's queue in each step: dialogues, and their audio in seconds, live and of the outage; the
    audio that is re-analysed, all at once at `reanalysis_s`; and how long some deliveries took."""

    at_s: Floats
    live: Ints
    live_s: Floats
    backfill_s: Floats
    reanalysis_audio_s: float
    reanalysis_s: float
    mean_s: float
    delivery_s: Floats


def month(shops: Shops) -> Demand:
    """The same for the same seed."""
    chance = np.random.default_rng(shops.seed)
    live = chance.poisson(shops.rate * shops.step_s)
    kinds = chance.multinomial(live, np.full(len(shops.lengths_ms), 1 / len(shops.lengths_ms)))
    live_s = (kinds @ shops.lengths_ms) / 1000
    backfill_s = np.zeros_like(live_s)
    outage = shops.outage
    if outage is not None:
        start = (outage.day * 24 + outage.hour) * 3600 // shops.step_s
        end = start + outage.hours * 3600 // shops.step_s
        drained = end + int(outage.drain_hours * 3600 / shops.step_s)
        backfill_s[end:drained] = live_s[start:end].sum() / (drained - end)
        live[start:end], live_s[start:end] = 0, 0.0
    a_day_s = shops.counters * shops.per_hour * sum(WEEKDAY) * shops.mean_s
    return Demand(
        at_s=shops.at_s,
        live=live,
        live_s=live_s,
        backfill_s=backfill_s,
        reanalysis_audio_s=a_day_s * shops.reanalysed_days,
        reanalysis_s=float(shops.reanalysis_day * DAY_S + 10 * 3600),
        mean_s=shops.mean_s,
        delivery_s=delivery(shops, chance),
    )


def delivery(shops: Shops, chance: np.random.Generator) -> Floats:
    """From the end of a dialogue to the queue, and from Whisper to the verdict; 100,000 draws.

    A dialogue ends anywhere in a chunk, and is closed by the chunk that holds the silence after it.
    """
    ends_s = chance.uniform(0, shops.chunk_s, 100_000)
    chunks = np.ceil((ends_s + shops.silence_s) / shops.chunk_s)
    upload_s = shops.upload_s * np.exp(0.8 * chance.standard_normal(100_000))
    return np.asarray(chunks * shops.chunk_s - ends_s + upload_s + shops.rest_s)
