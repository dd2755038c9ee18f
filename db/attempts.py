"""How many codes were tried in vain of late: counted in the database, so that all replicas count together."""

from datetime import datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

EVERYBODY = ""
"""The client whose attempts are everybody's."""

_WINDOW = "date_bin(make_interval(secs => :window_s), now(), timestamptz '2000-01-01 00:00:00+00')"
_RESERVE = text(
    f"""
    INSERT INTO enrolment_attempts AS a (client, window_start, failures) VALUES (:client, {_WINDOW}, 1)
    ON CONFLICT (client, window_start) DO UPDATE SET failures = a.failures + 1 WHERE a.failures < :limit
    RETURNING window_start
    """
)
_WAIT = text(f"SELECT extract(epoch FROM {_WINDOW} + make_interval(secs => :window_s) - now())")
_GIVE_BACK = text(
    "UPDATE enrolment_attempts SET failures = failures - 1 WHERE client = :client AND window_start = :window_start"
)
_PURGE = text("DELETE FROM enrolment_attempts WHERE window_start < now() - interval '1 day'")


async def reserve(connection: AsyncConnection, client: str, limit: int, window_s: float) -> datetime | None:
    """Counts an attempt before it is made, so that attempts made at once cannot pass the limit together. Returns the
    window that it was counted in; None where the limit is reached. `connection`: one of `Database.alone`."""
    where = {"client": client, "limit": limit, "window_s": window_s}
    found: datetime | None = (await connection.execute(_RESERVE, where)).scalar_one_or_none()
    return found


async def give_back(connection: AsyncConnection, client: str, window: datetime) -> None:
    """Takes an attempt back that was none."""
    await connection.execute(_GIVE_BACK, {"client": client, "window_start": window})


async def wait_s(connection: AsyncConnection, window_s: float) -> float:
    """Seconds until the next window begins."""
    return float((await connection.execute(_WAIT, {"window_s": window_s})).scalar_one())


async def purge_attempts(tx: AsyncConnection) -> int:
    """Deletes what no limit asks for any more; returns how many."""
    return (await tx.execute(_PURGE)).rowcount
