"""What the page of points and devices is made of."""

from collections.abc import Mapping
from datetime import date, datetime
from enum import StrEnum
from math import isfinite
from typing import Any
from uuid import UUID

from pydantic import BaseModel, Field

from db.dialogues.stage_store import to_instant
from db.shops.coverage_report import DeviceCoverage
from db.shops.heartbeats import Heartbeat
from db.shops.places import PlacedDevice, PointPlaces
from domain.coverage import totals
from serve_apps.api.schemas import PointView, View
from serve_apps.api.shops.coverage_views import IntervalView, SpanView, TotalsView
from serve_apps.api.shops.enrolment_schemas import EnrolmentCodeView


class DeviceState(StrEnum):
    """`silent`: it should record now, and nothing comes; `new`: it was never heard of."""

    FINE = "fine"
    SILENT = "silent"
    NEW = "new"
    DISABLED = "disabled"
    REPLACED = "replaced"


class PulseView(View):
    """What a device's recorder said last. Null where an older recorder does not say it."""

    received_at: datetime
    version: str | None
    clock_error_ms: int | None = Field(description="positive: its clock is fast; the way here counts in")
    condition: str | None = Field(description="recording, paused, no_microphone, …")
    queue_files: int | None = Field(description="chunks on it that are not delivered yet")
    queue_bytes: int | None
    oldest_waiting_s: float | None
    level_dbfs: float | None = Field(description="loudness of the last second; below -90 is silence")
    peak_dbfs: float | None
    microphone: str | None
    free_bytes: int | None
    problems: list[str] = Field(description="sentences of the recorder that say what to mend; escape them")


class PlacedDeviceView(View):
    device_id: UUID
    name: str
    state: DeviceState
    silent_since: datetime | None
    is_enabled: bool
    replaced_by: UUID | None
    replaced_at: datetime | None
    created_at: datetime
    last_seen_at: datetime | None
    last_chunk_at: datetime | None = Field(description="when its last audio arrived")
    pulse: PulseView | None = Field(description="null: it sends no heartbeats")
    totals: TotalsView | None = Field(description="of the day; null where it was not to record and did not")
    strip: list[IntervalView] = Field(description="the fate of its scheduled time of the day, in order")


class PlacedRegisterView(View):
    register_id: UUID
    name: str
    devices: list[PlacedDeviceView] = Field(description="that in use first, then those before it")


class PlaceView(PointView):
    day: date = Field(description="of the point")
    start: datetime
    end: datetime
    windows: list[SpanView] = Field(description="opening times of the day")
    totals: TotalsView = Field(description="over all its devices")
    registers: list[PlacedRegisterView]
    codes: list[EnrolmentCodeView] = Field(description="those that still work; the codes themselves are not kept")


class PlacesView(BaseModel):
    now: datetime = Field(description="by the server's clock")
    items: list[PlaceView] = Field(description="by name")
    next: str | None = Field(description="pass it as `after` to get the next page; null on the last one")


def place_view(place: PointPlaces) -> PlaceView:
    covered = [d.coverage for _, devices in place.registers for d in devices if d.coverage]
    together = totals((i for one in covered for i in one.intervals), sum(one.totals.outside_ms for one in covered))
    return PlaceView(
        **PointView.model_validate(place.point).model_dump(),
        day=place.day,
        start=to_instant(place.span.start_ms),
        end=to_instant(place.span.end_ms),
        windows=[SpanView(start=to_instant(w.start_ms), end=to_instant(w.end_ms)) for w in place.windows],
        totals=TotalsView.model_validate(together),
        registers=[
            PlacedRegisterView(
                register_id=register.register_id, name=register.name, devices=[_device(device) for device in devices]
            )
            for register, devices in place.registers
        ],
        codes=[EnrolmentCodeView.model_validate(code) for code in place.codes],
    )


def _device(placed: PlacedDevice) -> PlacedDeviceView:
    device, silence = placed.device, placed.silence
    return PlacedDeviceView(
        device_id=device.device_id,
        name=device.name,
        state=_state(placed),
        silent_since=None if silence is None else to_instant(silence.since_ms),
        is_enabled=device.is_enabled,
        replaced_by=device.replaced_by,
        replaced_at=device.replaced_at,
        created_at=device.created_at,
        last_seen_at=device.last_seen_at,
        last_chunk_at=placed.last_chunk_at,
        pulse=None if placed.heartbeat is None else pulse(placed.heartbeat),
        totals=None if placed.coverage is None else TotalsView.model_validate(placed.coverage.totals),
        strip=[] if placed.coverage is None else _strip(placed.coverage),
    )


def _state(placed: PlacedDevice) -> DeviceState:
    if placed.device.replaced_at is not None:
        return DeviceState.REPLACED
    if not placed.device.is_enabled:
        return DeviceState.DISABLED
    if placed.device.last_seen_at is None and placed.last_chunk_at is None:
        return DeviceState.NEW
    return DeviceState.FINE if placed.silence is None else DeviceState.SILENT


def _strip(coverage: DeviceCoverage) -> list[IntervalView]:
    return [
        IntervalView(start=to_instant(i.start_ms), end=to_instant(i.end_ms), fate=i.fate, reason=i.reason)
        for i in coverage.intervals
    ]


def pulse(beat: Heartbeat) -> PulseView:
    """The health document is the recorder's word: whatever is not of the kind expected counts as not said."""
    said = beat.health or {}
    disk, level = _map(said, "disk"), _map(said, "level")
    uploads, microphone = _map(said, "uploads"), _map(said, "microphone")
    problems = said.get("problems")
    sentences = [p.get("message") for p in problems if isinstance(p, Mapping)] if isinstance(problems, list) else []
    return PulseView(
        received_at=beat.received_at,
        version=beat.version,
        clock_error_ms=beat.clock_error_ms,
        condition=_text(said, "condition"),
        queue_files=_whole(said, "queue_size"),
        queue_bytes=_whole(disk, "waiting_bytes"),
        oldest_waiting_s=_number(uploads, "oldest_waiting_s"),
        level_dbfs=_number(level, "rms_dbfs"),
        peak_dbfs=_number(level, "peak_dbfs"),
        microphone=_text(microphone, "name"),
        free_bytes=_whole(disk, "free_bytes"),
        problems=[sentence for sentence in sentences if isinstance(sentence, str)],
    )


def _map(said: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = said.get(name)
    return value if isinstance(value, Mapping) else {}


def _number(said: Mapping[str, Any], name: str) -> float | None:
    value = said.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if isfinite(value) else None


def _whole(said: Mapping[str, Any], name: str) -> int | None:
    value = _number(said, name)
    return None if value is None else round(value)


def _text(said: Mapping[str, Any], name: str) -> str | None:
    value = said.get(name)
    return value if isinstance(value, str) else None
