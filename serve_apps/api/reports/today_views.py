"""What was read of a day, as its answer. Pure."""

from datetime import date
from zoneinfo import ZoneInfo

from db.dialogues.stage_store import to_instant
from db.reports.listening import Card
from db.reports.today import PointDay, SilentDevice, Today
from domain.access import Principal, sees_registers
from domain.report import Side, together
from serve_apps.api.reports.schemas import (
    CoverageView,
    DialogueCard,
    ListenView,
    PointTodayView,
    SilentDeviceView,
    TodayView,
    TotalView,
)
from serve_apps.api.reports.views import figures_view


def today_view(
    day: date, read: Today, good: Card | None, missed: Card | None, caller: Principal, last_day: date | None
) -> TodayView:
    """The whole page."""
    goals = {point.goal for point in read.points}
    total = together(point.side for point in read.points)
    return TodayView(
        day=day,
        total=_total(total, goals.pop() if len(goals) == 1 else None),
        points=[_point(point) for point in read.points],
        listen=ListenView(good=_card(good, caller), missed=_card(missed, caller)),
        reviews_waiting=read.reviews_waiting,
        last_day=last_day,
        updated_at=read.updated_at,
    )


def _total(side: Side, goal: float | None) -> TotalView:
    coverage = CoverageView.model_validate(side.coverage)
    return TotalView(figures=figures_view(side.figures), coverage=coverage, goal=goal)


def _point(point: PointDay) -> PointTodayView:
    return PointTodayView(
        point_id=point.point_id,
        name=point.name,
        zone=point.zone,
        day=point.day,
        goal=point.goal,
        figures=figures_view(point.side.figures),
        coverage=CoverageView.model_validate(point.side.coverage),
        is_open=point.is_open,
        silent_devices=[_device(device, ZoneInfo(point.zone)) for device in point.silent],
    )


def _device(device: SilentDevice, zone: ZoneInfo) -> SilentDeviceView:
    return SilentDeviceView(
        device_id=device.device_id,
        name=device.name,
        register_name=device.register_name,
        since=to_instant(device.silence.since_ms).astimezone(zone),
        reason="no_audio" if device.silence.reports else "not_heard",
        told=device.told,
        last_chunk_at=device.last_chunk_at and device.last_chunk_at.astimezone(zone),
        last_seen_at=device.last_seen_at and device.last_seen_at.astimezone(zone),
    )


def _card(card: Card | None, caller: Principal) -> DialogueCard | None:
    if card is None:
        return None
    return DialogueCard(
        dialogue_id=card.dialogue_id,
        point_id=card.point_id,
        point=card.point,
        register_name=card.register_name if sees_registers(caller, card.shows_registers) else None,
        start_ts=card.start_ts.astimezone(ZoneInfo(card.zone)),
        duration_s=(card.end_ts - card.start_ts).total_seconds(),
        kind=card.kind,
        attempted=card.attempted,
        quality_score=card.quality_score,
        categories=list(card.categories),
        reaction=card.reaction,
        confidence=card.confidence,
        is_reviewed=card.is_reviewed,
        quote=card.quote,
        summary=card.summary,
    )
