"""The schema's history: one line of Alembic revisions in `db/migrations/versions`, run from Python.

Write a new one with `python -m db.migrate "what it does"` against a database that is at head. It only adds: during an
upgrade the release before still works on it (docs/upgrades.md).
"""

import asyncio
import logging
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import AsyncConnection

from db.engine import Database
from db.tables import metadata

T = TypeVar("T")
log = logging.getLogger(__name__)

LAST_RELEASE = "0007"
"""The schema of the release before this one. What came after it adds only, so code of that release works on it."""

LOCK = "SELECT pg_advisory_xact_lock(hashtextextended('salescontrol.migrate', 0))"
"""Two processes that migrate at once take turns; the second finds nothing to do."""


def upgrade(url: str, revision: str = "head") -> None:
    """Brings the database to a revision, all or nothing. One that a later release has migrated is left as it is, since
    this release works on it too. From async code call it in a thread."""
    _run(url, lambda connection: _upgrade(connection, revision))


def downgrade(url: str, revision: str = "base") -> None:
    """Takes the database back to a revision, all or nothing; `base` drops everything."""
    _run(url, lambda connection: command.downgrade(_config(connection), revision))


def current(url: str) -> str | None:
    """The database's revision; None where it has none."""
    return _run(url, _revision)


def head() -> str:
    """The newest revision that the code knows."""
    revision = ScriptDirectory.from_config(_config()).get_current_head()
    if revision is None:
        raise RuntimeError("db/migrations/versions is empty")
    return revision


def is_newer(found: str | None) -> bool:
    """Is this the schema of a later release? Revisions are numbered in one line, four digits each."""
    return found is not None and found > head()


def server_version(url: str) -> int:
    """The server's major version, for example 18."""
    return _run(url, lambda connection: int(connection.execute(text("SHOW server_version_num")).scalar_one()) // 10_000)


def differences(url: str) -> list[Any]:
    """What `alembic check` finds: the steps from the database to the tables in `db.tables`."""
    return _run(url, lambda connection: compare_metadata(MigrationContext.configure(connection), metadata))


async def revision_of(connection: AsyncConnection) -> str | None:
    """As `current`, on an open connection: for readiness checks."""
    return await connection.run_sync(_revision)


def _upgrade(connection: Connection, revision: str) -> None:
    found = _revision(connection)
    if is_newer(found):
        log.warning("schema_is_newer", extra={"found": found, "known": head()})
        return
    command.upgrade(_config(connection), revision)


def _revision(connection: Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()


def _config(connection: Connection | None = None) -> Config:
    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    return config


def _run(url: str, act: Callable[[Connection], T]) -> T:
    async def once() -> T:
        db = Database(url, pool_size=1)
        try:
            async with db.begin() as connection:
                await connection.execute(text(LOCK))
                return await connection.run_sync(act)
        finally:
            await db.dispose()

    return asyncio.run(once())


if __name__ == "__main__":
    _run(
        os.environ["DATABASE_URL"],
        lambda connection: command.revision(_config(connection), sys.argv[1], autogenerate=True),
    )
