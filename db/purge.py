"""What recorders, installers and people left behind that nobody will ask for again."""

from db.accounts.idempotency import purge_keys
from db.accounts.user_tokens import purge_tokens
from db.attempts import ENROLMENTS, LOGINS
from db.engine import Database
from db.shops.enrolment import purge_codes
from db.shops.heartbeats import purge_heartbeats


async def purge_recorders(db: Database) -> int:
    """Deletes old heartbeats, codes that ended long ago and counted attempts; returns how many rows."""
    async with db.begin() as tx:
        return await purge_heartbeats(tx) + await purge_codes(tx) + await ENROLMENTS.purge(tx)


async def purge_people(db: Database) -> int:
    """Deletes tokens that ended long ago, counted attempts, and answers that are kept for a day; returns how many
    rows."""
    async with db.begin() as tx:
        return await purge_tokens(tx) + await LOGINS.purge(tx) + await purge_keys(tx)
