"""Planning a run over history: what is counted, left out and drawn, and what it may take. Nothing is queued by it."""

from collections.abc import AsyncIterator
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from openai_server import openai_server
from run_bench import DAY, RunBench

from cluster.cli.times import parse_end, parse_start
from cluster.reanalysis.choice import Wish
from configs.sections import JobSettings
from db import tables as t
from db.engine import Database
from db.runs.plan import write
from domain.errors import ConfigError
from domain.runs import RunStage


@pytest.fixture
async def scene(db: Database, job_settings: JobSettings, tmp_path: Path) -> AsyncIterator[RunBench]:
    scene = RunBench.of(db, job_settings, tmp_path)
    yield scene
    await scene.stop()


def between(start: str, end: str) -> dict[str, datetime | None]:
    """As somebody types it."""
    return {"start_from": parse_start(start), "start_before": parse_end(end)}


async def test_it_counts_the_closed_dialogues_of_the_points_days_and_says_what_is_left_out(scene: RunBench) -> None:
    await scene.history(8, judge=False)
    still_open, unheard, old = scene.dialogues[:3]
    await scene.execute("UPDATE dialogues SET state = 'open' WHERE dialogue_id = :id", id=still_open)
    await scene.execute("DELETE FROM dialogue_transcripts WHERE dialogue_id = :id", id=unheard)
    await scene.execute("UPDATE dialogue_transcripts SET dropped_at = now() WHERE dialogue_id = :id", id=old)
    plan = await scene.plan()
    assert (plan.dialogues, plan.audio_ms) == (5, 5 * 20_000)
    assert plan.left_out == {"still open": 1, "not transcribed": 1, "words deleted by age": 1}
    heard_again = await scene.plan(Wish(RunStage.ASR))
    assert (heard_again.dialogues, heard_again.left_out) == (7, {"still open": 1})
    await scene.execute("UPDATE audio_chunks SET stored_path = NULL WHERE start_ts = :at", at=DAY)
    assert await scene.count(t.run_subjects, t.run_subjects.c.run_id == plan.run_id) == 5


async def test_days_are_those_of_each_point(scene: RunBench) -> None:
    """The kiosk's clock is two hours ahead of the bakery's: an hour's dialogues of local time are not the same."""
    await scene.history(8, judge=False)
    assert (await scene.plan(**between("2026-03-02T09:00", "2026-03-02T10:00"))).dialogues == 6
    later = between("2026-03-02T11:00", "2026-03-02T12:00")
    assert (await scene.plan(**later)).dialogues == 2
    kiosk = str(scene.places[1]["point_id"])
    assert (await scene.plan(**later, points=["Kiosk", kiosk])).dialogues == 2
    assert (await scene.plan(**between("2026-03-02", "2026-03-02"))).dialogues == 8
    assert (await scene.plan(**between("2026-03-02T08:00Z", "2026-03-02T08:03Z"))).dialogues == 3


@pytest.mark.parametrize(
    ("asked", "reason"),
    [
        ({"points": ["Bakkery"]}, r"no point 'Bakkery'; there are: 'Bakery', 'Kiosk'"),
        ({"start_from": parse_start("2027-01-01")}, "no dialogue to judge again: there is none"),
        (
            {"start_from": parse_start("2026-03-03"), "start_before": parse_end("2026-03-02")},
            "--from is not before --to",
        ),
        ({"name": "taken"}, "a run called 'taken' already"),
        ({"name": "two words"}, "--name: letters"),
    ],
)
async def test_what_is_wrong_is_said_before_anything_is_written(
    scene: RunBench, asked: dict[str, Any], reason: str
) -> None:
    await scene.history(2, judge=False)
    await scene.plan(name="taken")
    with pytest.raises(ConfigError, match=reason):
        await scene.plan(**asked)
    assert await scene.count(t.runs) == 1


async def test_a_sample_is_drawn_by_the_runs_own_lot_and_gives_each_point_its_share(scene: RunBench) -> None:
    await scene.history(40, judge=False)
    plans = [await scene.plan(sample=8) for _ in range(2)]
    drawn: list[set[UUID]] = []
    for plan in plans:
        assert plan.dialogues == 8
        async with scene.db.begin() as tx:
            rows = (await tx.execute(t.run_subjects.select().where(t.run_subjects.c.run_id == plan.run_id))).all()
            drawn.append({row.dialogue_id for row in rows})
            of_kiosk = drawn[-1] & set(scene.dialogues[3::4])
        assert (len(drawn[-1]), len(of_kiosk)) == (8, 2)
    assert drawn[0] != drawn[1]
    await scene.execute("DELETE FROM run_subjects WHERE run_id = :run", run=plans[0].run_id)
    await scene.execute("DELETE FROM runs WHERE run_id = :run", run=plans[0].run_id)
    async with scene.db.begin() as tx:
        await write(tx, plans[0], "somebody")
        rows = (await tx.execute(t.run_subjects.select().where(t.run_subjects.c.run_id == plans[0].run_id))).all()
    assert {row.dialogue_id for row in rows} == drawn[0]


async def test_the_estimate_goes_by_what_was_measured_here(scene: RunBench) -> None:
    await scene.history(8)
    by_rules = (await scene.plan()).estimate
    assert by_rules is not None
    assert by_rules.cost_usd == 0
    assert "an assumed 20.0 verdicts a second" in by_rules.time_from
    payload = '{"provenance": {"model": "big", "tokens_in": 2000, "tokens_out": 100}}'
    await scene.execute(
        "INSERT INTO stage_results (stage, subject_id, subject_rev, job_id, payload)"
        f" VALUES ('analysis', 'x', 1, 1, '{payload}')".replace(":", r"\:")
    )
    with openai_server() as server:
        scene.ask_model(server.url)
        wish = Wish(RunStage.ANALYSIS, model="big", price_in_usd=1.0, price_out_usd=10.0)
        estimate = (await scene.plan(wish)).estimate
    assert estimate is not None
    assert estimate.cost_usd == pytest.approx(8 * (2000 * 1.0 + 100 * 10.0) / 1e6)
    assert "tokens of 1 dialogues judged by big" in estimate.cost_from
