"""`/livez`, `/readyz` and the original product's `/health`."""

import asyncio
import logging
from typing import Literal

from fastapi import APIRouter
from pydantic import BaseModel

from audio.store import AudioStore
from db import migrate
from domain.errors import Unavailable
from serve_apps.application import Deps, DepsOf
from serve_apps.problems import Code, Problem, documented

log = logging.getLogger(__name__)
router = APIRouter(tags=["health"])

CHECK_WITHIN_S = 5.0
MIB = 1024 * 1024


class Alive(BaseModel):
    status: Literal["ok"] = "ok"


class Ready(BaseModel):
    status: Literal["ok"] = "ok"
    checks: dict[str, str]


@router.get("/livez", operation_id="livez")
async def livez() -> Alive:
    """The process answers. Nothing else is looked at: a database restart must not restart us."""
    return Alive()


@router.get("/readyz", operation_id="readyz", responses=documented(Code.NOT_READY))
async def readyz(deps: DepsOf) -> Ready:
    """Database, migration and storage can be used; 503 says which can't, and why."""
    checks = {"database": "ok", "migration": "ok", "storage": "ok"}
    database, storage = await asyncio.gather(_database(deps), _storage(deps))
    checks.update(database)
    checks.update(storage)
    amiss = {name: reason for name, reason in checks.items() if reason != "ok"}
    if amiss:
        detail = "; ".join(f"{name}: {reason}" for name, reason in amiss.items())
        raise Problem(Code.NOT_READY, f"{detail}.", members={"checks": checks})
    return Ready(checks=checks)


router.add_api_route("/health", readyz, operation_id="health", responses=documented(Code.NOT_READY))


async def _database(deps: Deps) -> dict[str, str]:
    """What is amiss with the database and its migration. Addresses and messages go to the log only."""
    try:
        async with asyncio.timeout(CHECK_WITHIN_S), deps.db.begin() as tx:
            found = await migrate.revision_of(tx)
    except (Unavailable, TimeoutError) as error:
        log.warning("not_ready", extra={"check": "database", "reason": str(error)})
        return {"database": "cannot be reached", "migration": "unknown while the database is down"}
    wanted = migrate.head()
    is_well = found == wanted or migrate.is_newer(found)  # newer: another release is being rolled out beside us
    return {} if is_well else {"migration": f"at {found or 'none'}, needs {wanted}; run `salescontrol migrate`"}


async def _storage(deps: Deps) -> dict[str, str]:
    floor_mb = deps.settings.storage.free_floor_mb
    try:
        async with asyncio.timeout(CHECK_WITHIN_S):
            free_bytes = await asyncio.to_thread(_free_bytes, deps.store)
    except (Unavailable, TimeoutError) as error:
        log.warning("not_ready", extra={"check": "storage", "reason": str(error)})
        return {"storage": "cannot be reached"}
    if free_bytes is not None and free_bytes < floor_mb * MIB:
        return {"storage": f"below {floor_mb} MB free; free disk space or change storage.free_floor_mb"}
    return {}


def _free_bytes(store: AudioStore) -> int | None:
    """Blocking. Of a store that can be used now."""
    store.check()
    return store.free_bytes()
