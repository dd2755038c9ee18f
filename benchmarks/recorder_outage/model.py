"""Recorders and one ingest on a virtual clock: the recorders decide by the very classes of recorder/, the server is
a model with a measured rate. For benchmarks/recorder_fleet.py and its test."""

import heapq
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count
from random import Random

from recorder.upload.retry import Answer, Backoff, Failure, History, NoAnswer, judge
from recorder.upload.upload_policy import Send, Tempo, UploadPolicy, Waiting

SHA256 = "0" * 64
RECEIPT = Answer(200, {}, b'{"status": "ok", "chunk_id": "1"}')
DOWN = NoAnswer(Failure.REFUSED, "nothing listens")


@dataclass(frozen=True, slots=True)
class Scene:
    """Times in seconds. All recorders begin within `start_within_s`, as shops do that open at eight. The server answers
    `rate_per_s` uploads, takes `in_flight` at once, and answers 503 with `retry_after_s` beyond that."""

    recorders: int = 500
    chunk_s: float = 60.0
    start_within_s: float = 2.0
    down_from_s: float = 600.0
    down_s: float = 3600.0
    rate_per_s: float = 111.0
    in_flight: int = 64
    retry_after_s: int = 2
    transfer_s: float = 0.15
    settled_s: float = 1200.0
    backoff: Backoff = field(default_factory=lambda: Backoff(2.0, 300.0))
    tempo: Tempo = field(default_factory=Tempo)

    @property
    def back_s(self) -> float:
        return self.down_from_s + self.down_s


@dataclass(slots=True)
class Figures:
    """`requests`: by second, all that reached the server or its closed port. `stored`: how often each chunk was."""

    requests: Counter[int] = field(default_factory=Counter)
    busy: Counter[int] = field(default_factory=Counter)
    stored: Counter[tuple[int, int]] = field(default_factory=Counter)
    repeats: int = 0
    cut_s: dict[tuple[int, int], float] = field(default_factory=dict)
    acknowledged_s: dict[tuple[int, int], float] = field(default_factory=dict)

    def drained_s(self, scene: Scene) -> float:
        """When the last chunk of the outage was acknowledged."""
        return max(self.acknowledged_s[key] for key, cut_s in self.cut_s.items() if cut_s <= scene.back_s)

    def peak_to_mean(self, scene: Scene) -> tuple[float, int, float]:
        """Of the requests in a second, from the server's return until the backlog is drained: (ratio, peak, mean)."""
        seconds = range(int(scene.back_s), int(self.drained_s(scene)) + 1)
        counts = [self.requests[second] for second in seconds]
        mean = sum(counts) / len(counts)
        return max(counts) / mean, max(counts), mean

    def latest_live_s(self, scene: Scene) -> float:
        """The longest that a chunk cut after the server's return took."""
        return max(self.acknowledged_s[key] - cut_s for key, cut_s in self.cut_s.items() if cut_s > scene.back_s)

    def latest_device_s(self, scene: Scene) -> float:
        """From the server's return until the last device had delivered audio that it recorded since then."""
        first: dict[int, float] = {}
        for (device, seq), at_s in self.acknowledged_s.items():
            if self.cut_s[device, seq] > scene.back_s:
                first[device] = min(first.get(device, at_s), at_s)
        return max(first.values()) - scene.back_s

    @property
    def lost(self) -> int:
        return len(self.cut_s.keys() - self.acknowledged_s.keys())

    @property
    def doubled(self) -> int:
        return sum(times - 1 for times in self.stored.values())


class _Server:
    def __init__(self, scene: Scene, figures: Figures) -> None:
        self._scene, self._figures = scene, figures
        self._free_s = 0.0
        self._ends: list[float] = []

    def take(self, now_s: float, key: tuple[int, int]) -> tuple[float, Answer | NoAnswer]:
        """When the answer comes, and which."""
        scene, figures = self._scene, self._figures
        figures.requests[int(now_s)] += 1
        if scene.down_from_s <= now_s < scene.back_s:
            return now_s, DOWN
        self._ends = [end_s for end_s in self._ends if end_s > now_s]
        if len(self._ends) >= scene.in_flight:
            figures.busy[int(now_s)] += 1
            return now_s, Answer(503, {"retry-after": str(scene.retry_after_s)})
        self._free_s = max(self._free_s, now_s) + 1 / scene.rate_per_s
        self._ends.append(self._free_s)
        is_new = not figures.stored[key]
        figures.stored[key] |= is_new  # the identity is unique: a repeat gets the first receipt
        figures.repeats += not is_new
        goes_down = now_s < scene.down_from_s <= self._free_s
        return self._free_s, DOWN if goes_down else RECEIPT


@dataclass(slots=True)
class _Recorder:
    number: int
    policy: UploadPolicy
    waiting: list[Waiting] = field(default_factory=list)
    is_busy: bool = False
    wakes_s: float = -1.0
    seq: int = 0


def simulate(scene: Scene, seed: int = 1) -> Figures:
    """From the opening until `settled_s` after the server's return; then no more is cut, and the rest is delivered."""
    random, figures, order = Random(seed), Figures(), count()
    server = _Server(scene, figures)
    events: list[tuple[float, int, Callable[[float], None]]] = []
    last_cut_s = scene.back_s + scene.settled_s

    def at(when_s: float, act: Callable[[float], None]) -> None:
        heapq.heappush(events, (when_s, next(order), act))

    def cut(recorder: _Recorder, now_s: float) -> None:
        chunk = Waiting(str(recorder.seq), "till", now_s)
        figures.cut_s[recorder.number, recorder.seq] = now_s
        recorder.seq += 1
        recorder.waiting.append(chunk)
        if now_s + scene.chunk_s < last_cut_s:
            at(now_s + scene.chunk_s, lambda later_s: cut(recorder, later_s))
        look(recorder, now_s)

    def look(recorder: _Recorder, now_s: float) -> None:
        if recorder.is_busy:
            return
        decision = recorder.policy.next(now_s, recorder.waiting)
        if isinstance(decision, Send):
            recorder.is_busy = True
            at(now_s + scene.transfer_s, lambda then_s: arrive(recorder, decision.chunk, then_s))
        elif decision.seconds != float("inf"):
            recorder.wakes_s = now_s + max(decision.seconds, 1e-6)
            at(recorder.wakes_s, lambda then_s: look(recorder, then_s) if then_s == recorder.wakes_s else None)

    def arrive(recorder: _Recorder, chunk: Waiting, now_s: float) -> None:
        when_s, answer = server.take(now_s, (recorder.number, int(chunk.key)))
        at(when_s, lambda then_s: hear(recorder, chunk, answer, then_s))

    def hear(recorder: _Recorder, chunk: Waiting, answer: Answer | NoAnswer, now_s: float) -> None:
        recorder.is_busy = False
        recorder.policy.answered(now_s, chunk, judge(answer, SHA256, History()))
        if answer is RECEIPT:
            recorder.waiting.remove(chunk)
            figures.acknowledged_s[recorder.number, int(chunk.key)] = now_s
        look(recorder, now_s)

    for number in range(scene.recorders):
        made = _Recorder(number, UploadPolicy(scene.backoff, scene.chunk_s, random.random, scene.tempo))
        first_s = scene.chunk_s + random.random() * scene.start_within_s
        at(first_s, lambda now_s, made=made: cut(made, now_s))  # type: ignore[misc]
    while events:
        now_s, _, act = heapq.heappop(events)
        act(now_s)
    return figures
