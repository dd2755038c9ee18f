"""The database back from a dump, beside the present one, which is then renamed and kept: never half of either."""

import asyncio
import json
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from db import migrate
from db import tables as t
from db.backup.dump import DATABASE, ERASURES, orders_of
from db.backup.programs import find_program, run
from db.dialogues.stage_store import to_ms
from db.engine import Database
from db.erasure.orders import ErasureKind, Target, place_order
from db.queue import Queue
from domain.errors import Conflict, Rejected
from domain.ids import DeviceId, DialogueId, PointId
from domain.timeline import Span

LOOKS, LOOK_S = 20, 0.1
"""PostgreSQL lists a connection for a moment after it was closed."""


async def restore_database(url: str, folder: Path, server_version: int, tell: Callable[[str], None]) -> str | None:
    """Makes the dump the database of `url`. Returns the name that the former one is kept under.

    Nobody else may be connected. Killed at any moment, the present database is the old or the new one, whole.
    Raises Conflict where somebody is connected, Rejected with what PostgreSQL said, ConfigError without pg_restore.
    """
    program = find_program("pg_restore", server_version)
    target = make_url(url)
    name = str(target.database)
    coming = f"{name}_restoring"
    server = Database(target.set(database="postgres").render_as_string(hide_password=False), pool_size=1)
    try:
        async with server.alone() as connection:
            await _alone(connection, name)
            await _execute(connection, f"DROP DATABASE IF EXISTS {_quoted(coming)} WITH (FORCE)")
            await _execute(connection, f"CREATE DATABASE {_quoted(coming)} TEMPLATE template0 ENCODING 'UTF8'")
        tell("database")
        into = target.set(database=coming).render_as_string(hide_password=False)
        await run(
            program, "--no-owner", "--no-privileges", "--exit-on-error", f"--dbname={coming}", str(folder / DATABASE),
            url=into,
        )  # fmt: skip
        async with server.begin() as connection:
            return await _swap(connection, name, coming)
    finally:
        await server.dispose()


async def drop_kept(url: str) -> list[str]:
    """Drops the databases that restores have kept beside that of `url`, with whoever is connected to them. Returns
    their names."""
    target = make_url(url)
    server = Database(target.set(database="postgres").render_as_string(hide_password=False), pool_size=1)
    try:
        async with server.alone() as connection:
            query = text("SELECT datname FROM pg_database WHERE starts_with(datname, :kept) ORDER BY datname")
            names = list(await connection.scalars(query, {"kept": _kept(str(target.database))}))
            for name in names:
                await _execute(connection, f"DROP DATABASE {_quoted(name)} WITH (FORCE)")
        return names
    finally:
        await server.dispose()


async def present_orders(url: str) -> list[str]:
    """The orders to erase that the database of `url` knows, as a backup lists them; none where there is no database
    or it is older than erasures."""
    target = make_url(url)
    server = Database(target.set(database="postgres").render_as_string(hide_password=False), pool_size=1)
    present = Database(url, pool_size=1)
    try:
        async with server.begin() as connection:
            if not await _exists(connection, str(target.database)):
                return []
        async with present.begin() as tx:
            has_orders = await tx.scalar(text("SELECT to_regclass('erasures') IS NOT NULL"))
            return await orders_of(tx) if has_orders else []
    finally:
        await present.dispose()
        await server.dispose()


async def order_again(db: Database, queue: Queue, lines: Iterable[str]) -> int:
    """Places orders of erasure anew that the restored database does not know: what was to go is not brought back.

    `lines`: an `erasures.jsonl`. Workers carry them out. Returns how many.
    """
    placed = 0
    for order in map(json.loads, lines):
        erasure_id = UUID(order["erasure_id"])
        async with db.begin() as tx:
            known = await tx.scalar(select(t.erasures.c.erasure_id).where(t.erasures.c.erasure_id == erasure_id))
            if known is None:
                await place_order(tx, queue, _target(order), order["requested_by"], erasure_id, delay_s=0)
                placed += 1
    return placed


async def _alone(connection: AsyncConnection, name: str) -> None:
    query = text("SELECT count(*) FROM pg_stat_activity WHERE datname = :name AND backend_type = 'client backend'")
    for _ in range(LOOKS):
        others = await connection.scalar(query, {"name": name})
        if not others:
            return
        await asyncio.sleep(LOOK_S)
    else:
        raise Conflict(f"{others} connections to the database are open: end what uses it first (`salescontrol down`)")


async def _exists(connection: AsyncConnection, name: str) -> bool:
    return bool(await connection.scalar(text("SELECT true FROM pg_database WHERE datname = :name"), {"name": name}))


async def _swap(connection: AsyncConnection, name: str, coming: str) -> str | None:
    """In one transaction: databases are renamed like rows."""
    exists = await _exists(connection, name)
    kept = f"{_kept(name)}{datetime.now(UTC):%Y%m%d_%H%M%S_%f}" if exists else None
    try:
        if kept:
            await connection.execute(text(f"ALTER DATABASE {_quoted(name)} RENAME TO {_quoted(kept)}"))
        await connection.execute(text(f"ALTER DATABASE {_quoted(coming)} RENAME TO {_quoted(name)}"))
    except DBAPIError as error:
        raise Conflict(f"the database cannot be replaced now: {error.orig}; end what uses it and try again") from None
    return kept


def _kept(name: str) -> str:
    """How the names begin under which restores keep what they replaced."""
    return f"{name}_before_"


async def _execute(connection: AsyncConnection, statement: str) -> None:
    try:
        await connection.execute(text(statement))
    except DBAPIError as error:
        hint = "the database's user needs the right to create databases (ALTER ROLE … CREATEDB)"
        raise Rejected(f"{statement.partition(' DATABASE')[0]} DATABASE failed: {error.orig}; {hint}") from None


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _target(order: dict[str, Any]) -> Target:
    start, end = (to_ms(datetime.fromisoformat(order[name])) for name in ("start_ts", "end_ts"))
    return Target(
        ErasureKind(order["kind"]),
        PointId(UUID(order["point_id"])),
        DeviceId(UUID(order["device_id"])) if order["device_id"] else None,
        Span(start, end),
        DialogueId(UUID(order["dialogue_id"])) if order["dialogue_id"] else None,
    )


def knows(revision: str) -> bool:
    """Is this schema revision one of ours, or older?"""
    return revision <= migrate.head()


def erasures_of(folder: Path) -> list[str]:
    """The orders that a backup lists."""
    return (folder / ERASURES).read_text(encoding="utf-8").splitlines()
