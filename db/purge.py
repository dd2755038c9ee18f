"""What recorders and installers left behind that nobody will ask for again."""

from db.attempts import purge_attempts
from db.engine import Database
from db.enrolment import purge_codes
from db.heartbeats import purge_heartbeats


async def purge_recorders(db: Database) -> int:
    """Deletes old heartbeats, codes that ended long ago and counted attempts; returns how many rows."""
    async with db.begin() as tx:
        return await purge_heartbeats(tx) + await purge_codes(tx) + await purge_attempts(tx)
