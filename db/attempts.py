"""How much was tried in vain of late: counted in the database, so that all replicas count together."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

_WINDOW = "date_bin(make_interval(secs => :window_s), now(), timestamptz '2000-01-01 00:00:00+00')"
_WAIT = text(f"SELECT extract(epoch FROM {_WINDOW} + make_interval(secs => :window_s) - now())")


@dataclass(frozen=True, slots=True)
class Attempts:
    """Counters in windows of time. `column`: who or what is counted, the other half of the table's key."""

    table: str
    column: str

    async def reserve(self, connection: AsyncConnection, of: str, limit: int, window_s: float) -> datetime | None:
        """Counts an attempt before it is made, so that attempts made at once cannot pass the limit together. Returns
        the window that it was counted in; None where the limit is reached. `connection`: one of `Database.alone`."""
        statement = text(
            f"""
            INSERT INTO {self.table} AS a ({self.column}, window_start, failures) VALUES (:of, {_WINDOW}, 1)
            ON CONFLICT ({self.column}, window_start)
            DO UPDATE SET failures = a.failures + 1 WHERE a.failures < :limit
            RETURNING window_start
            """
        )
        given = {"of": of, "limit": limit, "window_s": window_s}
        found: datetime | None = (await connection.execute(statement, given)).scalar_one_or_none()
        return found

    async def give_back(self, connection: AsyncConnection, of: str, window: datetime) -> None:
        """Takes an attempt back that was none."""
        where = f"{self.column} = :of AND window_start = :window_start"
        statement = text(f"UPDATE {self.table} SET failures = failures - 1 WHERE {where}")
        await connection.execute(statement, {"of": of, "window_start": window})

    async def purge(self, tx: AsyncConnection) -> int:
        """Deletes what no limit asks for any more; returns how many."""
        old = text(f"DELETE FROM {self.table} WHERE window_start < now() - interval '1 day'")
        return (await tx.execute(old)).rowcount


ENROLMENTS = Attempts("enrolment_attempts", "client")
LOGINS = Attempts("login_attempts", "subject")


async def wait_s(connection: AsyncConnection, window_s: float) -> float:
    """Seconds until the next window begins."""
    return float((await connection.execute(_WAIT, {"window_s": window_s})).scalar_one())
