"""Fixtures of the HTTP applications and of the worker."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from shop import Shop, running, settings_for_tests
from worker_bench import Bench

from audio.store import FileStore
from configs.sections import JobSettings
from db.engine import Database
from serve_apps.application import Deps


@pytest.fixture
def deps(db: Database, tmp_path: Path) -> Deps:
    return Deps(db, FileStore(tmp_path / "store"), settings_for_tests())


@pytest.fixture
def other_audio(samples: Path) -> bytes:
    """Audio that is not `Shop.audio`."""
    return sorted((samples / "chunks").glob("dev_en_*.ogg"))[0].read_bytes()


@pytest.fixture
async def shop(deps: Deps, samples: Path) -> AsyncIterator[Shop]:
    async with running(deps, samples) as shop:
        yield shop


@pytest.fixture
async def bench(db: Database, job_settings: JobSettings, tmp_path: Path) -> AsyncIterator[Bench]:
    bench = Bench(db, job_settings, tmp_path)
    yield bench
    await bench.close()
