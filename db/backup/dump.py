"""The database as it was at one instant: pg_dump's file, and what the same snapshot says of audio and erasures."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import insert, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from db import migrate
from db import tables as t
from db.backup.programs import find_program, run
from db.engine import Database
from domain.errors import ConfigError

DATABASE, AUDIO, ERASURES = "database.dump", "audio.jsonl", "erasures.jsonl"
_BEGIN = (
    "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY",
    "SET LOCAL idle_in_transaction_session_timeout = 0",  # pg_dump works meanwhile
)
_c = t.audio_chunks.c


@dataclass(frozen=True, slots=True)
class Dump:
    """What was written. `as_of`: the snapshot's time by the database's clock; `revision`: of the schema."""

    as_of: datetime
    revision: str
    server_version: int
    database_bytes: int
    audio_files: int


async def dump(url: str, folder: Path, server_version: int, tell: Callable[[str], None]) -> Dump:
    """Writes the database, the manifest of the audio that it names, and the orders of erasure into `folder`.

    `tell` hears what is being written. The files can be read by their owner only: they hold all that was said.
    Raises ConfigError where there is no schema or no pg_dump, Rejected with what pg_dump said, Unavailable.
    """
    program = find_program("pg_dump", server_version)
    db = Database(url, pool_size=1)
    try:
        async with db.begin() as tx:
            for statement in _BEGIN:
                await tx.execute(text(statement))
            snapshot, as_of = (await tx.execute(text("SELECT pg_export_snapshot(), now()"))).one()
            revision = await migrate.revision_of(tx)
            if revision is None:
                raise ConfigError("the database has no schema yet: nothing to back up")
            tell("database")
            target = _private(folder / DATABASE)
            await run(
                program, "--format=custom", "--no-owner", "--no-privileges", f"--snapshot={snapshot}",
                f"--file={target}", url=url,
            )  # fmt: skip
            tell("manifest")
            files = await _write_audio(tx, _private(folder / AUDIO))
            with _private(folder / ERASURES).open("w", encoding="utf-8") as out:
                out.writelines(f"{line}\n" for line in await orders_of(tx))
    finally:
        await db.dispose()
    return Dump(as_of, revision, server_version, target.stat().st_size, files)


async def note_backup(db: Database, values: dict[str, object]) -> None:
    """That a backup is complete. `values`: columns of `backups`."""
    async with db.begin() as tx:
        await tx.execute(insert(t.backups).values(**values))


async def _write_audio(tx: AsyncConnection, path: Path) -> int:
    ordered = select(_c.stored_path, _c.sha256).where(_c.stored_path.is_not(None)).order_by(_c.stored_path)
    count = 0
    with path.open("w", encoding="utf-8") as out:
        async for row in await tx.stream(ordered):
            out.write(json.dumps({"path": row.stored_path, "sha256": row.sha256}) + "\n")
            count += 1
    return count


async def orders_of(tx: AsyncConnection) -> list[str]:
    """Every order to erase that somebody gave, oldest first, each as a line of JSON."""
    e = t.erasures.c
    columns = (e.erasure_id, e.kind, e.point_id, e.device_id, e.dialogue_id, e.start_ts, e.end_ts, e.requested_by)
    query = select(*columns).where(e.kind != "retention").order_by(e.at)
    return [json.dumps(dict(row._mapping), default=_plain) for row in await tx.execute(query)]


def _plain(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)


def _private(path: Path) -> Path:
    path.touch(mode=0o600)
    return path
