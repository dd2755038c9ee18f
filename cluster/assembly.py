"""A worker put together: the one place for it, whatever process it lives in."""

from collections.abc import Sequence

from audio.open import open_store
from cluster import steps
from cluster.stage import StageContext
from cluster.stages import discover
from cluster.wiring import database_url
from cluster.worker import Worker
from configs.settings import Settings
from db.engine import Database
from db.leases import LeaseRenewer
from db.queue import Queue


def build_worker(settings: Settings, holder: str, hosted: Sequence[str] | None) -> Worker:
    """`holder`: as what it holds jobs; `hosted` None: every stage. Raises Unavailable where no database is known."""
    stages = discover()
    database = Database(database_url(settings))
    renewer = LeaseRenewer(database.url, settings.jobs)
    ctx = StageContext(database, open_store(settings), settings)
    queue = Queue(database, settings.jobs)
    return Worker(holder, ctx, queue, renewer, stages, hosted or list(stages), steps.from_environment())
