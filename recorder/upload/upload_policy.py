"""What to upload next, and when. Pure: time and chance come in, so that the fleet's simulation runs this very class.

The newest live chunk goes first and the backlog oldest first; where both wait they take turns, so neither starves the
other. A chunk that came to nothing itself goes after those that did not. Every set of credentials waits by itself: a
till that was moved keeps delivering yesterday's chunks, or keeps them, whatever the new token does.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from math import inf

from recorder.upload.retry import Backoff, History, Judgement, Verdict

LIVE_CHUNKS = 3
"""A chunk is live until it is so many chunks old; then it is backlog."""
GAP_NONE_S = 0.05


@dataclass(frozen=True, slots=True)
class Tempo:
    """How a fleet shares a server; docs/decisions/recorder-uploads.md has what each rule is good for.

    `spread`: of a chunk's length. Shops open at the same second, so their recorders cut at the same second: each sends
    its live chunks with a delay of its own up to this, or 500 of them would all ask in one second of every minute.
    `fresh_after`: of a chunk's length. About so long after the last failure a live chunk is tried, however long the
    back-off: once if it was not tried yet, and again and again while the server is there but busy. Else a fleet's live
    audio would be up to `retry_max_s` late after an outage. Retry-After is honoured all the same.
    `gap`, `gap_max`: of the least and of the greatest wait. Between two chunks of the backlog after trouble; doubled
    when the server says that it is busy, shrunk to `gap_shrink` of itself with every delivery.
    """

    spread: float = 0.25
    fresh_after: float = 1 / 3
    gap: float = 2.0
    gap_max: float = 0.05
    gap_shrink: float = 0.9


@dataclass(frozen=True, slots=True)
class Waiting:
    """A chunk on the disk. `cut_s`: when it became complete, on the clock of `now_s`; None: in an earlier boot."""

    key: str
    credential: str
    cut_s: float | None


@dataclass(frozen=True, slots=True)
class Send:
    chunk: Waiting


@dataclass(frozen=True, slots=True)
class Wait:
    """`seconds`: inf where nothing waits."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Hold:
    """Why uploads under some credentials are at rest. `paused_by`: the status by which the server refused them, until
    a person mends it; None where it is only a back-off."""

    reason: str
    until_s: float
    is_paused: bool
    paused_by: int | None = None


@dataclass(slots=True)
class _Lane:
    """Of one credential. `asked_until_s`: by Retry-After or a pause, for all; `rest_until_s`: by the back-off, but for
    live chunks only `fresh_from_s` may count. `gap_s`: between two chunks of the backlog."""

    failures: int = 0
    pauses: int = 0
    reason: str = ""
    paused_by: int | None = None
    asked_until_s: float = -inf
    rest_until_s: float = -inf
    fresh_from_s: float = -inf
    is_busy: bool = False
    newest_tried_s: float = -inf
    gap_s: float = 0.0
    backlog_from_s: float = -inf


@dataclass(frozen=True, slots=True)
class _Doubt:
    """About one chunk, whose turn comes again at `until_s`."""

    credential: str
    until_s: float
    history: History


@dataclass(slots=True)
class UploadPolicy:
    """`chance`: draws evenly from [0, 1). `chunk_s`: the usual length of a chunk."""

    backoff: Backoff
    chunk_s: float
    chance: Callable[[], float]
    tempo: Tempo = Tempo()
    _phase_s: float = field(init=False)
    _lanes: dict[str, _Lane] = field(default_factory=dict, init=False)
    _doubts: dict[str, _Doubt] = field(default_factory=dict, init=False)
    _live_was_last: bool = field(default=False, init=False)

    def __post_init__(self) -> None:
        self._phase_s = self.chance() * self.tempo.spread * self.chunk_s

    def next(self, now_s: float, waiting: Sequence[Waiting]) -> Send | Wait:
        """`waiting`: oldest first."""
        self._forget_all_but(waiting)
        backlog = live = None
        soonest_s = inf
        for chunk in waiting:
            is_live = self._is_live(now_s, chunk)
            ready_s = self._live_from_s(chunk) if is_live else self._backlog_from_s(chunk)
            if ready_s > now_s:
                soonest_s = min(soonest_s, ready_s)
            elif is_live:
                live = chunk if live is None or self._doubts_about(chunk) <= self._doubts_about(live) else live
            elif backlog is None or self._doubts_about(chunk) < self._doubts_about(backlog):
                backlog = chunk
        if live is not None and (backlog is None or not self._live_was_last):
            return Send(live)
        return Wait(soonest_s - now_s) if backlog is None else Send(backlog)

    def answered(self, now_s: float, chunk: Waiting, judgement: Judgement) -> None:
        """Learns from the outcome of a `Send`."""
        lane = self._lanes.setdefault(chunk.credential, _Lane())
        self._live_was_last = self._is_live(now_s, chunk)
        if chunk.cut_s is not None:
            lane.newest_tried_s = max(lane.newest_tried_s, chunk.cut_s)
        if judgement.verdict is Verdict.DELIVERED:
            self._delivered(now_s, chunk, lane)
        elif judgement.verdict is Verdict.PAUSE:
            lane.pauses += 1
            lane.reason, lane.paused_by = judgement.reason, judgement.status
            lane.asked_until_s = now_s + self.backoff.pause_s(lane.pauses, self.chance())
        else:
            self._failed(now_s, chunk, lane, judgement)

    def history(self, key: str) -> History:
        """Of a chunk, as `retry.judge` wants it."""
        doubt = self._doubts.get(key)
        return History() if doubt is None else doubt.history

    def hold(self, now_s: float, credential: str) -> Hold | None:
        """Why nothing of the backlog is sent under these credentials now; None where it may be."""
        lane = self._lanes.get(credential, _Lane())
        until_s = max(lane.asked_until_s, lane.rest_until_s)
        is_paused = lane.pauses > 0
        if not is_paused and until_s <= now_s:
            return None
        return Hold(lane.reason, until_s, is_paused, lane.paused_by if is_paused else None)

    def _delivered(self, now_s: float, chunk: Waiting, lane: _Lane) -> None:
        lane.failures = lane.pauses = 0
        lane.reason = ""
        lane.asked_until_s = lane.rest_until_s = -inf
        gap_s = lane.gap_s * self.tempo.gap_shrink
        lane.gap_s = gap_s if gap_s > GAP_NONE_S else 0.0
        lane.backlog_from_s = now_s + lane.gap_s * (0.5 + self.chance())
        self._doubts.pop(chunk.key, None)
        for key, doubt in self._doubts.items():
            if doubt.credential == chunk.credential:
                self._doubts[key] = replace(doubt, history=replace(doubt.history, others_passed=True))

    def _failed(self, now_s: float, chunk: Waiting, lane: _Lane, judgement: Judgement) -> None:
        """A quarantined file slows its lane too: a server that refuses everything by mistake then harms a few files,
        not a week's backlog in a minute."""
        lane.failures += 1
        lane.reason = judgement.reason
        asked_s, chance = judgement.retry_after_s, self.chance()
        lane.rest_until_s = now_s + self.backoff.retry_s(lane.failures, chance, asked_s or 0.0)
        lane.fresh_from_s = now_s + self.tempo.fresh_after * self.chunk_s * (0.5 + self.chance())
        lane.gap_s = max(lane.gap_s, self.tempo.gap * self.backoff.min_s)
        lane.is_busy = asked_s is not None
        if asked_s is not None:
            lane.asked_until_s = now_s + asked_s * (1 + chance / 2)
            lane.gap_s = min(2 * lane.gap_s, self.tempo.gap_max * self.backoff.max_s)
        if judgement.verdict is Verdict.DOUBT:
            history = self.history(chunk.key)
            history = replace(history, doubts=history.doubts + 1)
            until_s = now_s + self.backoff.retry_s(history.doubts, self.chance())
            self._doubts[chunk.key] = _Doubt(chunk.credential, until_s, history)

    def _is_live(self, now_s: float, chunk: Waiting) -> bool:
        return chunk.cut_s is not None and now_s - chunk.cut_s < LIVE_CHUNKS * self.chunk_s

    def _live_from_s(self, chunk: Waiting) -> float:
        lane = self._lanes.get(chunk.credential, _Lane())
        cut_s = chunk.cut_s or 0.0
        is_fresh = cut_s > lane.newest_tried_s
        rest_s = min(lane.rest_until_s, lane.fresh_from_s) if is_fresh or lane.is_busy else lane.rest_until_s
        return max(cut_s + self._phase_s, rest_s, lane.asked_until_s, self._doubted_until_s(chunk))

    def _backlog_from_s(self, chunk: Waiting) -> float:
        lane = self._lanes.get(chunk.credential, _Lane())
        return max(lane.rest_until_s, lane.asked_until_s, lane.backlog_from_s, self._doubted_until_s(chunk))

    def _doubts_about(self, chunk: Waiting) -> int:
        return self.history(chunk.key).doubts

    def _doubted_until_s(self, chunk: Waiting) -> float:
        doubt = self._doubts.get(chunk.key)
        return -inf if doubt is None else doubt.until_s

    def _forget_all_but(self, waiting: Iterable[Waiting]) -> None:
        if self._doubts:
            keys = {chunk.key for chunk in waiting}
            self._doubts = {key: doubt for key, doubt in self._doubts.items() if key in keys}
