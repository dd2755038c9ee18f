"""`/api/v1/system`: how the pipeline, the disk and the models are doing, and dead jobs back into the queue."""

import asyncio
import platform
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from ipaddress import ip_address
from typing import Annotated

from fastapi import APIRouter, Query

from configs.settings import Settings
from db import migrate, system
from db.accounts.audit import audit
from db.queue import Queue
from db.retries import Retries
from domain.access import Permission
from domain.errors import Unavailable
from serve_apps import auth
from serve_apps.api.schemas import Page
from serve_apps.api.system_schemas import (
    LAST_JOB_ID,
    DeadJobView,
    DiskView,
    FailedAttemptView,
    LinksView,
    ModelView,
    RetriedView,
    RetryBody,
    StageName,
    StageView,
    SystemView,
    VersionsView,
)
from serve_apps.application import VERSION, Deps, DepsOf
from serve_apps.problems import Code, documented

MIB = 1024 * 1024
MOST_FAILING = 20

router = APIRouter(
    prefix="/api/v1/system",
    tags=["system"],
    dependencies=[auth.require(Permission.SYSTEM)],
    responses=documented(*auth.CODES, Code.DATABASE_UNAVAILABLE),
)


@router.get("", operation_id="get_system")
async def get_system(deps: DepsOf) -> SystemView:
    """Queues and throughput by stage, what fails, models, disk and versions."""
    stages = await Queue(deps.db, deps.settings.jobs).summary()
    async with deps.db.begin() as tx:
        failing = await system.failed_attempts(tx, MOST_FAILING)
        models = await system.models_in_use(tx)
        postgresql, database_bytes = await system.database_facts(tx)
        migration = await migrate.revision_of(tx)
    return SystemView(
        at=datetime.now(UTC),
        stages=[StageView.model_validate(stage) for stage in stages],
        failing=[FailedAttemptView.model_validate(job) for job in failing],
        models=[ModelView.model_validate(model) for model in models],
        disk=await _disk(deps, database_bytes),
        versions=_versions(postgresql, migration),
        links=_links(deps.settings),
    )


@router.get("/jobs", operation_id="list_dead_jobs", responses=documented(Code.FIELD_INVALID))
async def list_dead_jobs(
    deps: DepsOf,
    stage: Annotated[StageName | None, Query()] = None,
    after: Annotated[int | None, Query(ge=1, le=LAST_JOB_ID, description="`next` of the page before")] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> Page[DeadJobView]:
    """Dead jobs with their errors, the newest first."""
    async with deps.db.begin() as tx:
        found = await system.dead_jobs(tx, stage, after, limit)
    items = [DeadJobView.model_validate(job) for job in found]
    return Page(items=items, next=str(items[-1].job_id) if len(items) == limit else None)


@router.post(
    "/jobs/retry", operation_id="retry_dead_jobs", responses=documented(Code.FIELD_INVALID, Code.FIELD_MISSING)
)
async def retry_dead_jobs(deps: DepsOf, caller: auth.Caller, body: RetryBody) -> RetriedView:
    """Queues dead jobs again with all their attempts."""
    retried = await Retries(Queue(deps.db, deps.settings.jobs)).run(body.stage, body.job_ids)
    if retried:
        async with deps.db.begin() as tx:
            asked = body.model_dump(exclude_none=True)
            await audit(tx, caller, "jobs.retry", f"stage/{body.stage or 'all'}", {**asked, "retried": retried})
    return RetriedView(retried=retried)


async def _disk(deps: Deps, database_bytes: int) -> DiskView:
    try:
        free_bytes = await asyncio.to_thread(deps.store.free_bytes)
    except Unavailable:
        free_bytes = 0
    floor_bytes = deps.settings.storage.free_floor_mb * MIB
    return DiskView(free_bytes=free_bytes, floor_bytes=floor_bytes, database_bytes=database_bytes)


def _versions(postgresql: str, migration: str | None) -> VersionsView:
    try:
        ray = version("ray")
    except PackageNotFoundError:
        ray = "none"
    return VersionsView(
        server=VERSION, python=platform.python_version(), postgresql=postgresql, ray=ray, migration=migration
    )


def _links(settings: Settings) -> LinksView:
    """Ray's dashboard listens on this machine only, so it is linked where the server does so too."""
    ray_dashboard = settings.links.ray_dashboard
    if ray_dashboard is None and _is_loopback(settings.server.host):
        ray_dashboard = f"http://127.0.0.1:{settings.server.ray_dashboard_port}"
    return LinksView(ray_dashboard=ray_dashboard, grafana=settings.links.grafana)


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
