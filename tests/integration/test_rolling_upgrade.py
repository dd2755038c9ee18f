"""A rolling upgrade: for a while the release before works beside this one, on this one's schema (docs/upgrades.md)."""

import asyncio
import io
import os
import shutil
import subprocess
import sys
import tarfile
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import uuid4

import asyncpg
import pytest
from alembic.script import ScriptDirectory
from dropped_stage import SENTIMENT, WORK, plant, start
from schema_changes import breaks, schema_of
from sqlalchemy import func, select, text, update

from db import migrate
from db import queue_sql as sql
from db import tables as t
from db.engine import Database
from db.queue import NewJob, Queue

ROOT = Path(__file__).resolve().parents[2]
VERSIONS = Path("db") / "migrations" / "versions"
ITS_OWN_TESTS = ("ingest", "dialogues_stage", "analysis_stage", "roll_ups")
"""Of the release before: from the upload to the verdict and its figures, each on a real database."""
JOBS = 60
LISTENING = """
    SELECT count(*) FROM pg_stat_activity
    WHERE application_name = 'salescontrol-leases' AND datname = current_database()
"""

pytestmark = pytest.mark.timeout(300)


def newer() -> list[str]:
    """The revisions since the last release, oldest first."""
    scripts = ScriptDirectory(ROOT / "db" / "migrations").walk_revisions()
    return sorted(script.revision for script in scripts if script.revision > migrate.LAST_RELEASE)


@pytest.fixture(scope="module")
def release_before(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Its tree, as the repository's history has it: the one before the first migration that it does not know. The
    migrations in it are ours, so that it works on our schema."""
    first = next((ROOT / VERSIONS).glob(f"{newer()[0]}_*.py")).relative_to(ROOT)
    added = _git("log", "--diff-filter=A", "--format=%H", "-1", "--", str(first)).decode().strip()
    tree = tmp_path_factory.mktemp("release") / "before"
    with tarfile.open(fileobj=io.BytesIO(_git("archive", f"{added}^"))) as archive:
        archive.extractall(tree, filter="data")
    shutil.rmtree(tree / VERSIONS)
    shutil.copytree(ROOT / VERSIONS, tree / VERSIONS)
    return tree


def _git(*arguments: str) -> bytes:
    done = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, check=False)
    if done.returncode != 0 or not done.stdout:
        pytest.skip(f"the release before comes from the history, which this checkout lacks: {done.stderr.decode()}")
    return done.stdout


def test_the_release_before_passes_its_own_tests_on_this_schema(release_before: Path, tmp_path: Path) -> None:
    env = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    tests = [f"tests/integration/test_{name}.py" for name in ITS_OWN_TESTS]
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", f"--basetemp={tmp_path / 'its'}", *tests]
    done = subprocess.run(
        command, cwd=release_before, env={**env, "PYTHONPATH": str(release_before)}, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout[-4000:]
    assert " passed" in done.stdout


async def test_workers_of_both_releases_share_the_queue_and_do_each_job_once(
    release_before: Path, db: Database, database_url: str, queue: Queue, tmp_path: Path
) -> None:
    tree, env = plant(tmp_path, database_url)
    stage = release_before / "cluster" / "stages" / "sentiment.py"
    stage.write_text(SENTIMENT)
    async with db.begin() as tx:
        await queue.enqueue(tx, [NewJob("sentiment", str(uuid4()), delay_s=3600) for _ in range(JOBS)])
    both = [
        start(release_before, {**env, "PYTHONPATH": str(release_before)}, WORK, "before"),
        start(tree, env, WORK, "ours"),
    ]
    async with asyncio.timeout(100):
        while not await _begin(db, workers=len(both)):
            await asyncio.sleep(0.1)
    for process in both:
        _, said = await asyncio.to_thread(process.communicate, timeout=100)
        assert process.returncode == 0, said
    async with db.begin() as tx:
        jobs = (await tx.execute(select(t.jobs.c.state, t.jobs.c.attempts, t.jobs.c.worker))).all()
        results = Counter((await tx.execute(select(t.stage_results.c.subject_id))).scalars())
    assert {(job.state, job.attempts) for job in jobs} == {("done", 1)}
    assert {job.worker for job in jobs} == {"before", "ours"}
    assert (len(results), set(results.values())) == (JOBS, {1})


async def _begin(db: Database, workers: int) -> bool:
    """Lets the jobs begin once that many workers look for some; False while there are fewer."""
    async with db.begin() as tx:
        listening = await tx.execute(text(LISTENING))
        if listening.scalar_one() < workers:
            return False
        await tx.execute(update(t.jobs).values(run_after=func.now()))
        await tx.execute(sql.NOTIFY, {"stages": ["sentiment"]})
    return True


async def test_migrations_since_the_last_release_only_add(
    connection: "asyncpg.Connection[asyncpg.Record]", database_url: str
) -> None:
    await asyncio.to_thread(migrate.downgrade, database_url, migrate.LAST_RELEASE)
    assert newer(), "LAST_RELEASE is the newest: what does this test look at?"
    before = await schema_of(connection)
    for revision in newer():
        await asyncio.to_thread(migrate.upgrade, database_url, revision)
        after = await schema_of(connection)
        assert _contracts(revision) or not breaks(before, after), (
            f"{revision}: {breaks(before, after)}. The release before works on this schema during an upgrade: add now, "
            'and take away a release later, in a migration with `contract = "what no longer uses it"`.'
        )
        before = after


def _contracts(revision: str) -> str | None:
    module = ScriptDirectory(ROOT / "db" / "migrations").get_revision(revision).module
    return getattr(module, "contract", None)


CHANGES = {
    "DROP TABLE reviews": "table reviews is gone",
    "ALTER TABLE points DROP COLUMN name": "column points.name is gone",
    "ALTER TABLE points RENAME COLUMN name TO title": "column points.name is gone",
    "ALTER TABLE audio_chunks ALTER channels TYPE text": "column audio_chunks.channels was int",
    "ALTER TABLE audio_chunks ALTER error SET NOT NULL": "audio_chunks.error may not be null",
    "ALTER TABLE audio_chunks ALTER status DROP DEFAULT": "audio_chunks.status has lost its default",
    "ALTER TABLE points ADD mood text NOT NULL": "points.mood is new and must be given",
    "ALTER TABLE points ADD CHECK (name <> '')": "table points has a new rule: CHECK",
    "CREATE UNIQUE INDEX ON points (name)": "table points has a new rule: btree (name)",
    "DROP INDEX uq_jobs_queued": "table jobs has lost a key",
    "ALTER TABLE points ADD mood text": "",
    "ALTER TABLE points ADD mood text NOT NULL DEFAULT 'good'": "",
    "CREATE TABLE moods (mood text PRIMARY KEY)": "",
    "CREATE INDEX ON points (name)": "",
}


async def test_what_the_release_before_would_stumble_over_is_named(
    connection: "asyncpg.Connection[asyncpg.Record]", subtests: pytest.Subtests
) -> None:
    now = await schema_of(connection)
    for change, said in CHANGES.items():
        with subtests.test(change):
            transaction = connection.transaction()
            await transaction.start()
            await connection.execute(change)
            found = breaks(now, await schema_of(connection))
            await transaction.rollback()
            assert any(said in sentence for sentence in found) if said else not found, found


@pytest.fixture
async def connection(database_url: str) -> AsyncIterator["asyncpg.Connection[asyncpg.Record]"]:
    connection = await asyncpg.connect(database_url)
    yield connection
    await connection.close()
