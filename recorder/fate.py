"""What can become of a second of the schedule, and of a chunk."""

from enum import StrEnum


class Fate(StrEnum):
    """Of a scheduled second. `recorded`: delivered; `waiting`: on this disk, not yet delivered."""

    RECORDED = "recorded"
    WAITING = "waiting"
    PAUSED = "paused"
    LOST = "lost"


class Loss(StrEnum):
    """Why a second is lost. `off`: the agent did not run (power, reboot, stopped service)."""

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


class ChunkState(StrEnum):
    """Of a chunk that reached the disk. `quarantined`: the server refused it for good; `missing`: its file is gone or
    no longer has its SHA-256; `out_of_hours`: recorded under a wrong clock, outside the schedule, deleted unsent."""

    WAITING = "waiting"
    DELIVERED = "delivered"
    QUARANTINED = "quarantined"
    EVICTED = "evicted"
    MISSING = "missing"
    OUT_OF_HOURS = "out_of_hours"


class Condition(StrEnum):
    """What the agent is doing now: one at any moment. All but the first three are losses, named as in `Loss`."""

    RECORDING = "recording"
    OUT_OF_HOURS = "out_of_hours"
    PAUSED = "paused"
    STARTING = "starting"
    NO_MICROPHONE = "no_microphone"
    MICROPHONE_BUSY = "microphone_busy"
    MICROPHONE_DEAD = "microphone_dead"
    CAPTURE_FAILED = "capture_failed"
    DISK_FULL = "disk_full"
    SPOOL_UNWRITABLE = "spool_unwritable"
