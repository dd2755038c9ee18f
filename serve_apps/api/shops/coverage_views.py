"""What the coverage routes answer."""

from datetime import date, datetime
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, Field

from serve_apps.api.schemas import View


class SpanView(BaseModel):
    start: datetime
    end: datetime


class IntervalView(SpanView):
    fate: Literal["recorded", "waiting", "paused", "lost", "ahead"]
    reason: str | None = Field(
        description="why it is lost: silent, not_received, not_scheduled, or the recorder's word"
    )


class TotalsView(View):
    """In milliseconds. recorded + waiting + paused + lost + ahead = scheduled, exactly."""

    scheduled_ms: int
    recorded_ms: int
    waiting_ms: int = Field(description="recorded and not yet delivered, or too young to tell")
    paused_ms: int
    lost_ms: int
    ahead_ms: int = Field(description="in the future")
    outside_ms: int = Field(description="audio received from outside of the schedule; in no other figure")
    lost_by_reason: dict[str, int] = Field(description="the longest first")
    share: float | None = Field(description="recorded ÷ (scheduled − ahead); null where nothing was scheduled")


class DeviceRowView(BaseModel):
    device_id: UUID
    name: str
    register_id: UUID
    register_name: str
    totals: TotalsView
    intervals: list[IntervalView] = Field(description="the fate of its scheduled time, in order")


class _Frame(BaseModel):
    point_id: UUID
    point_name: str
    zone: str
    day: date | None = Field(description="of the point; null where a span was asked for")
    start: datetime
    end: datetime
    now: datetime = Field(description="by the server's clock: what is later is ahead")
    windows: list[SpanView] = Field(description="the point's opening times between start and end")


class DeviceCoverageView(_Frame, DeviceRowView):
    pass


class PointCoverageView(_Frame):
    totals: TotalsView = Field(description="the sum over its devices")
    devices: list[DeviceRowView] = Field(description="those that were to record or did, by register")
