"""`/api/v1/devices/heartbeat`: what a recorder says of itself between uploads."""

from dataclasses import replace
from datetime import UTC, datetime

from fastapi import APIRouter
from sqlalchemy.ext.asyncio import AsyncConnection

from db.dialogues.stage_store import owe_nothing_before, to_instant, to_ms
from db.queue import Queue
from db.reports.coverage_days import coverage_jobs
from db.shops.coverage import replace_coverage
from db.shops.heartbeats import Heartbeat, Standing, keep_heartbeat, lock_standing, remember_ledger
from domain.chunks import job_class
from domain.coverage import Interval, with_rest
from domain.ids import DeviceId
from domain.ledger import Report, judge
from domain.status import CoverageFate
from domain.timeline import Span
from serve_apps import auth
from serve_apps.api.shops.heartbeat_body import Heard, HeartbeatBody, Wants
from serve_apps.application import Deps, DepsOf
from serve_apps.auth import CallingDevice
from serve_apps.problems import Code, documented

router = APIRouter(prefix="/api/v1/devices", tags=["devices"])


@router.post(
    "/heartbeat",
    operation_id="heartbeat",
    responses=documented(
        *auth.TOKEN_CODES,
        Code.DEVICE_DISABLED,
        Code.BAD_REQUEST,
        Code.TOO_LARGE,
        Code.FIELD_INVALID,
        Code.DATABASE_UNAVAILABLE,
    ),
)
async def heartbeat(body: HeartbeatBody, device: CallingDevice, deps: DepsOf) -> Heard:
    """Takes note that the device is there, and of what it says; answers with what the server would like to have."""
    async with deps.db.begin() as tx:
        standing = await lock_standing(tx, device.device_id)
        await keep_heartbeat(tx, device.device_id, _as_received(body, standing.now))
        takes, asks_from_ms = await _take_coverage(tx, device.device_id, standing, body)
        if body.delivered_until is not None and body.delivered_until != standing.delivered_until:
            await _close_dialogues(tx, deps, device.device_id, body.delivered_until)
        if takes is not None:
            days = await coverage_jobs(tx, device.device_id, [takes])
            await Queue(deps.db, deps.settings.jobs).enqueue(tx, days)
    wants = Wants(coverage_from=None if asks_from_ms is None else to_instant(asks_from_ms))
    now = datetime.now(UTC)
    return Heard(server_time=now.replace(microsecond=now.microsecond // 1000 * 1000), wants=wants)


def _as_received(body: HeartbeatBody, now: datetime) -> Heartbeat:
    error_ms = None if body.sent_at is None else to_ms(body.sent_at) - to_ms(now)
    return Heartbeat(now, body.sent_at, error_ms, body.version, body.health)


async def _take_coverage(
    tx: AsyncConnection, device_id: DeviceId, standing: Standing, body: HeartbeatBody
) -> tuple[Span | None, int | None]:
    """The time of which the recorder's word now counts, and from where on it shall tell it again."""
    told = body.coverage
    if told is None or body.ledger_id is None or body.revision is None:
        return None, None
    report = Report(body.ledger_id, body.revision, Span(to_ms(told.start), to_ms(told.until)))
    judgement = judge(standing.ledger, report, standing.created_ms, to_ms(standing.now))
    if judgement.takes is not None:
        intervals = [Interval(to_ms(i.start), to_ms(i.end), CoverageFate(i.fate), i.reason) for i in told.intervals]
        is_known = standing.ledger is not None and standing.ledger.ledger_id == report.ledger_id
        await replace_coverage(tx, device_id, judgement.takes, with_rest(intervals, report.span, is_known))
    if judgement.known != standing.ledger:
        await remember_ledger(tx, device_id, judgement.known)
    return judgement.takes, judgement.asks_from_ms


async def _close_dialogues(tx: AsyncConnection, deps: Deps, device_id: DeviceId, until: datetime) -> None:
    """What closes imported audio must not overtake what the shops record now."""
    urgency = job_class(until, datetime.now(UTC), deps.settings.ingest.live_s)
    job = await owe_nothing_before(tx, device_id, until)
    if job is not None:
        await Queue(deps.db, deps.settings.jobs).enqueue(tx, [replace(job, job_class=urgency)])
