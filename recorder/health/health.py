"""The agent's health: what it is, as values, and as the document at http://127.0.0.1:8042/health."""

from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal

from recorder.fate import Condition

Status = Literal["ok", "degraded", "failing"]

_NOTHING_LOST = frozenset({Condition.RECORDING, Condition.OUT_OF_HOURS, Condition.PAUSED, Condition.STARTING})


@dataclass(frozen=True, slots=True)
class MicrophoneHealth:
    """`name`: of the card, None while there is none. `pcm`: what ffmpeg opens."""

    name: str | None
    pcm: str | None


@dataclass(frozen=True, slots=True)
class Level:
    """Of the last second or so, in dBFS; None while nothing is captured. `zero_s`: since when all samples are zero."""

    rms_dbfs: float | None = None
    peak_dbfs: float | None = None
    zero_s: float = 0.0


@dataclass(frozen=True, slots=True)
class ClockHealth:
    """`error_s`: of the system's clock against the best known time; 0.0 where it can't be known."""

    state: Literal["right", "wrong", "unknown", "doubtful"]
    source: str
    error_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Disk:
    """Of the spool's file system; `waiting_*` are the unsent chunks."""

    spool_files: int
    spool_bytes: int
    free_bytes: int
    waiting_files: int
    waiting_bytes: int
    quarantined_files: int = 0


@dataclass(frozen=True, slots=True)
class Uploads:
    """Counters since the ledger began. `paused_by`: the server's 401 or 404. `oldest_waiting_s`: age of the oldest
    unsent chunk. `last_upload_ts`: Unix seconds."""

    queue_size: int
    uploaded_total: int
    upload_errors_total: int
    last_upload_ts: float | None
    paused_by: int | None = None
    last_error: str | None = None
    oldest_waiting_s: float | None = None
    evicted_unsent_total: int = 0


@dataclass(frozen=True, slots=True)
class LedgerDay:
    """What became of the scheduled seconds of `day` (the point's) so far. `lost_s`: by `Loss`."""

    day: str
    scheduled_s: float
    recorded_s: float
    waiting_s: float
    paused_s: float
    lost_s: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class HealthState:
    """Everything the document is made of. Times ending in `_ms` are Unix ms. `ledger_trouble`: why it cannot be written
    now. `ledger_replaced`: where the damaged file lies that was replaced at start."""

    version: str
    point_id: str
    register_id: str
    device_id: str
    now_ms: int
    started_ms: int
    condition: Condition
    condition_detail: str
    in_schedule: bool
    paused_until_ms: int | None
    microphone: MicrophoneHealth
    level: Level
    last_chunk_age_s: float | None
    clock: ClockHealth
    disk: Disk
    uploads: Uploads
    ledger: LedgerDay
    ledger_trouble: str | None = None
    ledger_replaced: str | None = None


@dataclass(frozen=True, slots=True)
class Problem:
    """Something to mend. `code` is stable; `message` is one sentence in the language of the configuration."""

    code: str
    message: str


def status_of(condition: Condition, problems: tuple[Problem, ...]) -> Status:
    """`failing`: scheduled seconds are being lost now. `degraded`: something is to be mended, nothing is lost yet."""
    if condition not in _NOTHING_LOST:
        return "failing"
    return "degraded" if problems else "ok"


def health_document(state: HealthState, problems: tuple[Problem, ...] = ()) -> dict[str, Any]:
    """What /health answers and the heartbeat carries: the original's fields first, with their names and types."""
    uploads, disk = state.uploads, state.disk
    return {
        "status": status_of(state.condition, problems),
        "recording": state.condition is Condition.RECORDING,
        "in_schedule": state.in_schedule,
        "queue_size": uploads.queue_size,
        "uploaded_total": uploads.uploaded_total,
        "upload_errors_total": uploads.upload_errors_total,
        "last_upload_ts": uploads.last_upload_ts,
        "spool_files": disk.spool_files,
        "spool_bytes": disk.spool_bytes,
        "point_id": state.point_id,
        "register_id": state.register_id,
        "device_id": state.device_id,
        "version": state.version,
        "now": _text(state.now_ms),
        "uptime_s": round((state.now_ms - state.started_ms) / 1000, 1),
        "condition": state.condition.value,
        "condition_detail": state.condition_detail,
        "microphone": asdict(state.microphone),
        "level": asdict(state.level),
        "last_chunk_age_s": state.last_chunk_age_s,
        "clock": asdict(state.clock),
        "pause": None if state.paused_until_ms is None else {"until": _text(state.paused_until_ms)},
        "disk": asdict(disk),
        "uploads": {
            "paused_by": uploads.paused_by,
            "last_error": uploads.last_error,
            "oldest_waiting_s": uploads.oldest_waiting_s,
            "evicted_unsent_total": uploads.evicted_unsent_total,
        },
        "ledger": asdict(state.ledger),
        "problems": [asdict(problem) for problem in problems],
    }


def _text(wall_ms: int) -> str:
    return datetime.fromtimestamp(wall_ms / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
