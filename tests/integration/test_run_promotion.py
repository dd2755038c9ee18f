"""Promotion and rollback: every figure at once, back to the byte, and nothing that changed meanwhile is trodden on."""

import asyncio
import os
import sys
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from run_scene import BOSS, HEARD_SHA, RunScene, end_run, heard, held_point, offered
from shop import ADMIN, Shop
from sqlalchemy import func, select, update

from db import tables as t
from db.reports.check import ONE_SNAPSHOT, check_chain, check_days
from db.runs.promote import promote
from db.runs.rollback import rollback
from db.shops.points import list_points
from domain.errors import Conflict, NotFound
from domain.runs import RunState
from domain.verdict import AnalysisResult

CURRENT = ("dialogues", "dialogue_transcripts", "dialogue_upsell_analysis", "dialogue_facts", "dialogue_search")
ROLL_UPS = ("report_hours", "report_days", "report_day_categories", "report_day_engines", "chain_hours")
EVERYTHING = (*CURRENT, *ROLL_UPS, "reviews")
"""Without the chain's categories: one that nobody offers any more keeps a row of zeros, which no report shows."""
SKIPPED = AnalysisResult(HEARD_SHA, "too short")


@pytest.fixture
def scene(shop: Shop) -> RunScene:
    return RunScene(shop)


async def _drifts(scene: RunScene) -> list[Any]:
    """Where reports are not what the dialogues say."""
    async with scene.deps.db.begin() as tx:
        await tx.execute(ONE_SNAPSHOT)
        (point,) = await list_points(tx)
        return [*await check_days(tx, point, date(2026, 3, 1), date(2026, 3, 5)), *await check_chain(tx)]


async def _entries(scene: RunScene, action: str) -> int:
    async with scene.deps.db.begin() as tx:
        return int(await tx.scalar(select(func.count()).where(t.audit_log.c.action == action)) or 0)


async def test_a_promotion_moves_every_figure_and_a_rollback_gives_them_back_to_the_byte(scene: RunScene) -> None:
    ids = await scene.judge(10)
    before, rows = await scene.figures(), await scene.rows(*EVERYTHING)
    run_id = await scene.run("better", dict.fromkeys(ids[:6], offered()) | {ids[6]: SKIPPED})
    done = await promote(scene.deps.db, run_id, BOSS)
    assert (done.state, done.moved, done.changed) == (RunState.PROMOTED, 7, 0)
    assert await scene.rates() == (6, 9)
    after = await scene.figures()
    assert all(before[name] != after[name] for name in before)
    assert await _drifts(scene) == []
    back = await rollback(scene.deps.db, run_id, BOSS)
    assert (back.state, back.restored, back.left) == (RunState.ROLLED_BACK, 7, 0)
    assert await scene.figures() == before
    assert await scene.rows(*EVERYTHING) == rows
    assert (await promote(scene.deps.db, run_id, BOSS)).moved == 7
    assert await scene.rates() == (6, 9)
    assert [await _entries(scene, action) for action in ("run.promote", "run.rollback")] == [2, 1]


async def test_a_run_of_asr_brings_its_words_and_a_rollback_the_words_of_before(scene: RunScene) -> None:
    ids = await scene.judge(4)
    await scene.change(ids[3], asr_status="ERROR", error="no model", analysis_status="SKIPPED", skip_reason="no words")
    before, rows = await scene.figures(), await scene.rows(*EVERYTHING)
    outcomes = {one: heard(f"Кофе и торт номер {place}") for place, one in enumerate(ids)}
    verdicts = {one: offered(sha256=outcome.transcript.sha256) for one, outcome in outcomes.items()}
    of_other_words = {ids[2]: offered(sha256="e" * 64)}
    run_id = await scene.run("ears", verdicts | of_other_words, outcomes)
    done = await promote(scene.deps.db, run_id, BOSS)
    assert (done.moved, done.without_result) == (3, 1)
    async with scene.deps.db.begin() as tx:
        words = (await tx.execute(select(t.dialogue_transcripts.c.text))).scalars().all()
        failed = (await tx.execute(select(t.dialogues).where(t.dialogues.c.dialogue_id == ids[3]))).one()
    assert sorted(words) == ["Кофе", *(f"Кофе и торт номер {place}" for place in (0, 1, 3))]
    assert (failed.asr_status, failed.error, failed.asr_model) == ("DONE", None, "small@1")
    found = await scene.shop.client.get("/api/v1/dialogues/rows", params={"q": "торт"}, headers=ADMIN)
    assert len(found.json()["items"]) == 3
    assert await _drifts(scene) == []
    assert (await rollback(scene.deps.db, run_id, BOSS)).restored == 3
    assert await scene.figures() == before
    assert await scene.rows(*EVERYTHING) == rows


async def test_a_promoted_verdict_is_in_the_dialogues_history_until_it_is_rolled_back(scene: RunScene) -> None:
    (dialogue_id,) = await scene.judge(1)
    run_id = await scene.run("better", {dialogue_id: offered()})

    async def verdicts() -> list[tuple[str, bool]]:
        answer = await scene.shop.client.get(f"/api/v1/dialogues/{dialogue_id}/detail", headers=ADMIN)
        events = [event for event in answer.json()["history"] if event["what"] == "verdict"]
        return [(event["by"], event["is_current"]) for event in events]

    assert await verdicts() == []
    await promote(scene.deps.db, run_id, BOSS)
    assert await verdicts() == [("rules-2", True)]
    await rollback(scene.deps.db, run_id, BOSS)
    assert await verdicts() == []


async def test_a_reader_sees_the_figures_of_before_until_all_of_the_new_ones_are_there(scene: RunScene) -> None:
    ids = await scene.judge(9)
    run_id = await scene.run("better", dict.fromkeys(ids, offered()))
    before = await scene.figures()
    async with held_point(scene) as is_waited_for:
        work = asyncio.create_task(promote(scene.deps.db, run_id, BOSS))
        await is_waited_for()
        assert await scene.figures() == before
    seen = set()
    while not work.done():
        seen.add(await scene.rates())
    await work
    assert seen <= {(0, 9), (9, 9)}
    assert await scene.rates() == (9, 9)


@pytest.mark.parametrize("what", ["promote", "rollback"])
async def test_killed_in_the_middle_nothing_has_happened_and_the_next_call_does_it(
    scene: RunScene, what: str, database_url: str
) -> None:
    ids = await scene.judge(5)
    run_id = await scene.run("better", dict.fromkeys(ids, offered()))
    if what == "rollback":
        await promote(scene.deps.db, run_id, BOSS)
    watched = (*EVERYTHING, "runs", "run_replaced", "run_subjects", "audit_log")
    before = await scene.rows(*watched)
    script = [sys.executable, str(Path(__file__).with_name("promoting.py")), what, str(run_id)]
    async with held_point(scene) as is_waited_for:
        process = await asyncio.create_subprocess_exec(*script, env={**os.environ, "DATABASE_URL": database_url})
        await is_waited_for()
        process.kill()
        await process.wait()
    assert await scene.rows(*watched) == before
    work = promote if what == "promote" else rollback
    await work(scene.deps.db, run_id, BOSS)
    assert await scene.rates() == ((5, 5) if what == "promote" else (0, 5))


async def test_what_changed_since_is_left_alone_and_judged_by_the_run_once_more(scene: RunScene) -> None:
    ids = await scene.judge(8)
    run_id = await scene.run("better", dict.fromkeys(ids[:7], offered()) | {ids[7]: None})
    await scene.change(ids[0], revision=2)
    async with scene.deps.db.begin() as tx:
        other = {"transcript_sha256": "f" * 64}
        of_it = t.dialogue_transcripts.c.dialogue_id == ids[1]
        await tx.execute(update(t.dialogue_transcripts).where(of_it).values(other))
    await scene.change(ids[2], state="open", revision=2)
    await scene.change(ids[3], analysis_status="PENDING")
    await scene.change(ids[4], state="superseded")
    done = await promote(scene.deps.db, run_id, BOSS)
    assert (done.moved, done.changed, done.busy, done.gone, done.without_result) == (2, 2, 2, 1, 1)
    assert await scene.state(run_id) == done.state == RunState.RUNNING
    async with scene.deps.db.begin() as tx:
        s = t.run_subjects.c
        again = (await tx.execute(select(s.dialogue_id, s.revision).where(s.fed_at.is_(None)))).all()
        assert {tuple(row) for row in again} == {(ids[0], 2), (ids[1], 1)}
        await tx.execute(
            update(t.dialogue_transcripts).where(t.dialogue_transcripts.c.dialogue_id == ids[0]).values(revision=2)
        )
        await scene.result(tx, run_id, ids[0], offered())
        await scene.result(tx, run_id, ids[1], offered(sha256="f" * 64))
    with pytest.raises(Conflict, match="has not ended"):
        await promote(scene.deps.db, run_id, BOSS)
    await end_run(scene, run_id)
    rest = await promote(scene.deps.db, run_id, BOSS)
    assert (rest.state, rest.moved, rest.before, rest.changed) == (RunState.PROMOTED, 2, 2, 0)
    assert (await rollback(scene.deps.db, run_id, BOSS)).restored == 4


async def test_what_changed_after_the_promotion_stays_when_it_is_rolled_back(scene: RunScene) -> None:
    ids = await scene.judge(4)
    run_id = await scene.run("better", dict.fromkeys(ids, offered()))
    await promote(scene.deps.db, run_id, BOSS)
    async with scene.deps.db.begin() as tx:
        a = t.dialogue_upsell_analysis
        judged_anew = {"attempted": "uncertain", "created_at": func.now()}
        await tx.execute(update(a).where(a.c.dialogue_id == ids[0]).values(judged_anew))
    await scene.change(ids[0])
    await scene.change(ids[1], revision=2, analysis_status="PENDING")
    back = await rollback(scene.deps.db, run_id, BOSS)
    assert (back.restored, back.left) == (2, 2)
    async with scene.deps.db.begin() as tx:
        rows = await tx.execute(select(t.dialogue_facts.c.dialogue_id, t.dialogue_facts.c.place))
        facts = {row.dialogue_id: row.place for row in rows}
    assert [facts[one] for one in ids] == ["uncertain", "pending", "no", "no"]
    assert await _drifts(scene) == []


async def test_promotions_over_one_another_come_off_in_reverse_order(scene: RunScene) -> None:
    ids = await scene.judge(5)
    before = await scene.figures()
    lower = await scene.run("lower", dict.fromkeys(ids[:4], offered()))
    await promote(scene.deps.db, lower, BOSS)
    between = await scene.figures()
    upper = await scene.run("upper", dict.fromkeys(ids[3:], offered(quality_score=3)))
    await promote(scene.deps.db, upper, BOSS)
    with pytest.raises(Conflict, match=r"'upper' was promoted over 1 .* roll 'upper' back first"):
        await rollback(scene.deps.db, lower, BOSS)
    with pytest.raises(Conflict, match="roll 'upper' back first"):
        await promote(scene.deps.db, lower, BOSS)
    await rollback(scene.deps.db, upper, BOSS)
    assert await scene.figures() == between
    await rollback(scene.deps.db, lower, BOSS)
    assert await scene.figures() == before


async def test_many_callers_at_once_do_it_once(scene: RunScene) -> None:
    ids = await scene.judge(6)
    run_id = await scene.run("better", dict.fromkeys(ids, offered()))
    other = await scene.run("other", dict.fromkeys(ids, offered(quality_score=1)))
    done = await asyncio.gather(*(promote(scene.deps.db, run_id, BOSS) for _ in range(3)))
    assert sorted(one.moved for one in done) == [0, 0, 6]
    assert await _entries(scene, "run.promote") == 1
    review = {"kind": "sale", "attempted": "no"}
    path = f"/api/v1/dialogues/{ids[0]}/reviews"
    reviewed, *_ = await asyncio.gather(
        scene.shop.client.post(path, json=review, headers=ADMIN),
        promote(scene.deps.db, other, BOSS),
        rollback(scene.deps.db, run_id, BOSS),
        return_exceptions=True,
    )
    assert not isinstance(reviewed, BaseException)
    assert reviewed.status_code == 201
    assert await _drifts(scene) == []
    back = await asyncio.gather(*(rollback(scene.deps.db, other, BOSS) for _ in range(3)))
    assert sorted(one.restored for one in back) == [0, 0, 6]


async def test_a_review_counts_before_the_run_and_stays_through_promotion_and_rollback(scene: RunScene) -> None:
    ids = await scene.judge(3)
    body = {"kind": "sale", "attempted": "yes", "quality_score": 1}
    await scene.shop.client.post(f"/api/v1/dialogues/{ids[0]}/reviews", json=body, headers=ADMIN)
    rows = await scene.rows("reviews", "dialogue_facts")
    run_id = await scene.run("worse", dict.fromkeys(ids, SKIPPED))
    await promote(scene.deps.db, run_id, BOSS)
    assert await scene.rates() == (1, 1)
    answer = await scene.shop.client.get(f"/api/v1/dialogues/{ids[0]}/reviews", headers=ADMIN)
    assert [(one["is_counting"], one["is_stale"]) for one in answer.json()["items"]] == [(True, False)]
    await rollback(scene.deps.db, run_id, BOSS)
    assert await scene.rows("reviews", "dialogue_facts") == rows


async def test_what_cannot_be_promoted_is_refused_with_what_to_do(scene: RunScene) -> None:
    ids = await scene.judge(2)
    failed = await scene.run("failed", dict.fromkeys(ids))
    with pytest.raises(Conflict, match="has no result that could be promoted: it has none on 2 dialogues"):
        await promote(scene.deps.db, failed, BOSS)
    with pytest.raises(Conflict, match="nothing to roll back"):
        await rollback(scene.deps.db, failed, BOSS)
    cancelled = await scene.run("ended", dict.fromkeys(ids, offered()), state=RunState.CANCELLED)
    with pytest.raises(Conflict, match="was cancelled; plan it anew"):
        await promote(scene.deps.db, cancelled, BOSS)
    with pytest.raises(NotFound):
        await promote(scene.deps.db, ids[0], BOSS)
    assert (await scene.state(failed), await scene.state(cancelled)) == ("done", "cancelled")
