"""What is wrong with the agent now, as sentences that say what to mend. Pure."""

from recorder.fate import Condition
from recorder.health.health import HealthState, Problem
from recorder.wording import Language, say

BACKLOG_S = 900.0
"""Unsent audio this old is worth a word: fifteen chunks of a minute."""
SILENT_S = 60.0
"""Samples that are all zero for so long come from a dead or muted microphone; a quiet shop always has noise."""
CLIPPING_DBFS = -0.1
LOW_DISK_BYTES = 1_000_000_000

_LOSSES = frozenset(
    {
        Condition.NO_MICROPHONE,
        Condition.MICROPHONE_BUSY,
        Condition.MICROPHONE_DEAD,
        Condition.CAPTURE_FAILED,
        Condition.DISK_FULL,
        Condition.SPOOL_UNWRITABLE,
    }
)


def problems_of(state: HealthState, language: Language) -> tuple[Problem, ...]:
    """The worst first: what loses audio, then what holds it back, then what may spoil it."""
    found = [*_capture(state), *_uploads(state), *_storage(state), *_clock(state)]
    return tuple(Problem(code, say(f"problem.{code}", language, **values)) for code, values in found)


_Found = list[tuple[str, dict[str, object]]]


def _capture(state: HealthState) -> _Found:
    found: _Found = []
    if state.condition in _LOSSES:
        found.append((state.condition.value, {"detail": state.condition_detail or "–"}))
    if state.condition is Condition.RECORDING:
        if state.level.zero_s >= SILENT_S:
            found.append(("silent", {"seconds": round(state.level.zero_s)}))
        elif state.level.peak_dbfs is not None and state.level.peak_dbfs >= CLIPPING_DBFS:
            found.append(("clipping", {}))
    return found


def _uploads(state: HealthState) -> _Found:
    uploads, found = state.uploads, _Found()
    if uploads.paused_by == 401:
        found.append(("token_refused", {}))
    elif uploads.paused_by is not None:
        found.append(("not_a_server", {"status": uploads.paused_by}))
    elif (uploads.oldest_waiting_s or 0.0) >= BACKLOG_S:
        age_min = round((uploads.oldest_waiting_s or 0.0) / 60)
        found.append(("backlog", {"files": uploads.queue_size, "minutes": age_min, "error": uploads.last_error or "–"}))
    if uploads.evicted_unsent_total:
        found.append(("evicted_unsent", {"files": uploads.evicted_unsent_total}))
    return found


def _storage(state: HealthState) -> _Found:
    found: _Found = []
    if state.ledger_trouble:
        found.append(("ledger_unwritable", {"error": state.ledger_trouble}))
    if state.ledger_replaced:
        found.append(("ledger_replaced", {"path": state.ledger_replaced}))
    if state.disk.quarantined_files:
        found.append(("quarantined", {"files": state.disk.quarantined_files}))
    if state.disk.free_bytes < LOW_DISK_BYTES and state.condition is not Condition.DISK_FULL:
        found.append(("disk_low", {"megabytes": state.disk.free_bytes // 1_000_000}))
    return found


def _clock(state: HealthState) -> _Found:
    clock = state.clock
    if clock.state == "wrong":
        return [("clock_wrong", {"seconds": round(clock.error_s), "source": clock.source})]
    return [("clock_doubtful", {})] if clock.state == "doubtful" else []
