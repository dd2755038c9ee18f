"""A healthy recorder's state, to be spoiled by tests."""

from recorder.fate import Condition
from recorder.health.health import ClockHealth, Disk, HealthState, LedgerDay, Level, MicrophoneHealth, Uploads

NOW_MS = 1_705_312_400_000

HEALTHY = HealthState(
    version="0.1.0",
    point_id="00000000-0000-0000-0000-000000000001",
    register_id="00000000-0000-0000-0000-000000000002",
    device_id="00000000-0000-0000-0000-000000000003",
    now_ms=NOW_MS,
    started_ms=NOW_MS - 3_600_000,
    condition=Condition.RECORDING,
    condition_detail="",
    in_schedule=True,
    paused_until_ms=None,
    microphone=MicrophoneHealth("Device", "plughw:CARD=Device,DEV=0"),
    level=Level(-42.0, -20.5),
    last_chunk_age_s=12.5,
    clock=ClockHealth("right", "server", 0.02),
    disk=Disk(42, 8_372_224, 20_000_000_000, 2, 360_000),
    uploads=Uploads(2, 147, 3, 1_705_312_345.6),
    ledger=LedgerDay("2024-01-15", 14_400.0, 14_000.0, 120.0, 280.0),
)
