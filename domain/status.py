"""Every status and label that the product stores or shows, defined once."""

from enum import IntEnum, StrEnum


class ChunkStatus(StrEnum):
    """`audio_chunks.status`: how far the VAD stage came with one chunk."""

    QUEUED = "QUEUED"
    PROCESSING = "PROCESSING"
    DONE = "DONE"
    ERROR = "ERROR"


class StageStatus(StrEnum):
    """`dialogues.asr_status` and `dialogues.analysis_status`."""

    PENDING = "PENDING"
    PROCESSING = "PROCESSING"
    DONE = "DONE"
    ERROR = "ERROR"
    SKIPPED = "SKIPPED"


class DialogueState(StrEnum):
    """An open dialogue may still change and has no ASR job; a superseded one is history or an alias."""

    OPEN = "open"
    CLOSED = "closed"
    SUPERSEDED = "superseded"


class JobState(StrEnum):
    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    SUPERSEDED = "superseded"
    DEAD = "dead"


class JobClass(IntEnum):
    """Claim order: lower goes first. Follow-up jobs inherit the class of the job they follow."""

    LIVE = 0
    BACKFILL = 1
    REANALYSIS = 2


class Kind(StrEnum):
    """What a dialogue is. Only `sale` enters a rate's denominator."""

    SALE = "sale"
    ENQUIRY = "enquiry"
    STAFF = "staff"
    UNCLEAR = "unclear"


class Attempted(StrEnum):
    """Did the cashier, unasked, offer something extra?"""

    YES = "yes"
    NO = "no"
    UNCERTAIN = "uncertain"


class Reaction(StrEnum):
    """What the customer did with the offer. `unclear` also where nothing was offered."""

    ACCEPTED = "accepted"
    REJECTED = "rejected"
    UNCLEAR = "unclear"


class Place(StrEnum):
    """Where the figures count a dialogue (`domain/figures.py`): each in exactly one. The rates are of yes and no."""

    YES = "yes"
    NO = "no"
    UNCERTAIN = "uncertain"
    ENQUIRY = "enquiry"
    STAFF = "staff"
    UNCLEAR_KIND = "unclear_kind"
    SKIPPED = "skipped"
    FAILED = "failed"
    PENDING = "pending"
    SUPERSEDED = "superseded"


class AsrPass(StrEnum):
    FAST = "fast"
    ACCURATE = "accurate"


class CoverageFate(StrEnum):
    """What became of a scheduled second. `waiting`: recorded, not yet delivered, or too young to tell; `ahead`: not yet
    there. `closed`: stored only, of time in which the recorder's own schedule has it rest."""

    RECORDED = "recorded"
    WAITING = "waiting"
    PAUSED = "paused"
    LOST = "lost"
    AHEAD = "ahead"
    CLOSED = "closed"


class LossReason(StrEnum):
    """Why a scheduled second is lost. The server's own words first; the others are the recorder's, which may have more.
    `silent`: nothing was heard from the device; `not_received`: it was said to be delivered, and is not here;
    `not_scheduled`: the recorder's own schedule has it rest while the point is open."""

    SILENT = "silent"
    NOT_RECEIVED = "not_received"
    NOT_SCHEDULED = "not_scheduled"
    UNKNOWN = "unknown"
    OFF = "off"
    STARTING = "starting"
    NO_MICROPHONE = "no_microphone"
    MICROPHONE_BUSY = "microphone_busy"
    MICROPHONE_DEAD = "microphone_dead"
    CAPTURE_FAILED = "capture_failed"
    DISK_FULL = "disk_full"
    SPOOL_UNWRITABLE = "spool_unwritable"
    EVICTED = "evicted"
    REFUSED = "refused"
    DAMAGED = "damaged"
