"""`salescontrol worker`: what it refuses to begin with. That it works is tests/e2e/test_asr_elsewhere.py's."""

import asyncio
from pathlib import Path

import pytest
from sqlalchemy import text

from cluster import apart
from configs.settings import load
from db import migrate
from db.engine import Database
from domain.errors import ConfigError, Unavailable

NOWHERE = {"INGEST_INTERNAL_BASE_URL": "http://127.0.0.1:9", "INTERNAL_TOKEN": "a-token"}


def begin(stages: list[str], home: Path, **env: str) -> list[tuple[str, str]]:
    """What it reports until it gives up."""
    said: list[tuple[str, str]] = []
    apart.run(load({"SALESCONTROL_HOME": str(home), **env}), stages, lambda step, state: said.append((step, state)))
    return said


@pytest.mark.parametrize(("stages", "named"), [(["asr", "listening"], "listening"), ([], "none")])
def test_a_stage_that_there_is_not_is_named_with_those_that_there_are(
    tmp_path: Path, stages: list[str], named: str
) -> None:
    with pytest.raises(ConfigError, match=f"--stages names {named}; the stages are vad, dialogues, asr"):
        begin(stages, tmp_path)


def test_a_cluster_has_workers_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RAY_ADDRESS", "10.0.0.5:6379")
    with pytest.raises(ConfigError, match="RAY_ADDRESS names a cluster"):
        begin(["asr"], tmp_path)


def test_it_needs_a_database(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="set DATABASE_URL"):
        begin(["dialogues"], tmp_path)
    with pytest.raises(Unavailable, match="database"):
        begin(["dialogues"], tmp_path, DATABASE_URL="postgresql://nobody@127.0.0.1:9/none")


async def test_it_does_not_begin_on_an_older_schema_and_changes_none(
    tmp_path: Path, db: Database, database_url: str
) -> None:
    async with db.begin() as tx:
        await tx.execute(text("UPDATE alembic_version SET version_num = '0007'"))
    with pytest.raises(ConfigError, match=f"the database is at 0007, this release needs {migrate.head()}; update the"):
        await asyncio.to_thread(begin, ["dialogues"], tmp_path, DATABASE_URL=database_url)
    async with db.begin() as tx:
        assert (await tx.execute(text("SELECT version_num FROM alembic_version"))).scalar_one() == "0007"


def test_it_does_not_begin_where_the_audio_cannot_be_read(tmp_path: Path, database_url: str) -> None:
    with pytest.raises(Unavailable, match=r"http://127\.0\.0\.1:9 does not answer"):
        begin(["vad"], tmp_path, DATABASE_URL=database_url, **NOWHERE)
    assert not (tmp_path / "apart").exists(), "no Ray was started for nothing"
