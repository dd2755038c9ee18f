"""A process that promotes a run or rolls it back, to be killed: `python promoting.py promote|rollback RUN`."""

import asyncio
import os
import sys
from uuid import UUID

from db.engine import Database
from db.runs.promote import promote
from db.runs.rollback import rollback
from domain.access import OPERATOR, Principal, Role


async def main(what: str, run_id: UUID) -> None:
    db = Database(os.environ["DATABASE_URL"])
    await {"promote": promote, "rollback": rollback}[what](db, run_id, Principal(OPERATOR, None, Role.ADMIN, None))


asyncio.run(main(sys.argv[1], UUID(sys.argv[2])))
