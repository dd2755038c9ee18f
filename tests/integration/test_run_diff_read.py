"""What a run says otherwise, read from the rows, over HTTP and on the command line; before its promotion and after."""

import asyncio
import csv
import io
import json
from collections.abc import Callable
from itertools import islice

import pytest
from click.testing import Result
from review_dialogues import Judged, in_random_share, store
from run_scene import BOSS, FIRST, HEARD_SHA, RunScene, offered
from shop import ADMIN, Shop
from typer.testing import CliRunner

from cluster.cli import runs
from db.runs.diff import read_pairs
from db.runs.promote import promote
from domain.run_diff import Standing, compare
from domain.runs import RunState
from domain.status import Attempted
from domain.verdict import AnalysisResult

Command = Callable[..., Result]


@pytest.fixture
def scene(shop: Shop) -> RunScene:
    return RunScene(shop)


@pytest.fixture
def command(database_url: str, monkeypatch: pytest.MonkeyPatch) -> Command:
    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.setenv("COLUMNS", "140")
    return lambda *words, **more: CliRunner().invoke(runs.app, list(words), **more)


async def test_flips_are_counted_from_verdict_to_verdict_and_stay_known_after_the_promotion(scene: RunScene) -> None:
    ids = await scene.judge(8)
    verdicts = dict.fromkeys(ids[:3], offered()) | {ids[3]: offered(attempted=Attempted.NO, quality_score=0)}
    skipped = {ids[4]: AnalysisResult(HEARD_SHA, "too short"), ids[5]: None, ids[6]: offered(sha256="d" * 64)}
    run_id = await scene.run("better", verdicts | skipped | {ids[7]: offered()})
    await scene.change(ids[7], analysis_status="PENDING")
    async with scene.deps.db.snapshot() as tx:
        pairs, old, new = await read_pairs(tx, run_id)
    diff = compare(pairs)
    assert diff.standing == {
        Standing.READY: 5,
        Standing.WITHOUT_RESULT: 1,
        Standing.CHANGED: 1,
        Standing.BUSY: 1,
    }
    assert (diff.compared, diff.flipped, diff.differing) == (5, 4, 5)
    assert diff.places.count("no", "yes") == 3
    assert diff.places.count("no", "skipped") == 1
    assert diff.attempted.count("no", "no") == 1
    assert [(one.category, one.only_new) for one in diff.categories] == [("dessert", 4)]
    assert (diff.old_figures.rate.hits, diff.old_figures.rate.n) == (0, 7)
    assert (diff.new_figures.rate.hits, diff.new_figures.rate.n) == (3, 6)
    assert (old.cost_usd, old.tokens_in, new.tokens_in, new.dialogues) == (0.0, 0, 400, 5)
    await promote(scene.deps.db, run_id, BOSS)
    async with scene.deps.db.snapshot() as tx:
        again, *_ = await read_pairs(tx, run_id)
    after = compare(again)
    assert (after.places, after.attempted, after.flipped) == (diff.places, diff.attempted, diff.flipped)
    assert after.standing[Standing.MOVED] == 5
    assert after.new_figures == diff.new_figures


async def test_the_api_compares_with_reviewers_promotes_rolls_back_and_cancels(scene: RunScene) -> None:
    client, ids = scene.shop.client, list(islice(in_random_share(), 4))
    async with scene.deps.db.begin() as tx:
        await store(tx, scene.shop.device, [Judged(one, FIRST) for one in ids])
    for one in ids[:3]:
        said = {"kind": "sale", "attempted": "yes", "quality_score": 2, "reason": "random"}
        answer = await client.post(f"/api/v1/dialogues/{one}/reviews", json=said, headers=ADMIN)
        assert answer.status_code == 201, answer.text
    run_id = await scene.run("better", dict.fromkeys(ids, offered()))
    other = await scene.run("other", dict.fromkeys(ids), state=RunState.RUNNING)
    path = f"/api/v1/runs/{run_id}"
    diff = (await client.get(f"{path}/diff", headers=ADMIN)).json()
    share = diff["share"]
    assert (share["n"], share["old"]["agreed"]["hits"], share["new"]["agreed"]["hits"]) == (3, 0, 3)
    assert (share["hits"]["p_value"], share["hits"]["difference"]["difference"]) == (0.25, 1.0)
    assert [one["new"]["place"] for one in diff["listen"]] == ["yes"] * 4
    assert diff["listen"][0]["quote"] == "Возьмите торт"
    listed = (await client.get("/api/v1/runs", headers=ADMIN)).json()["items"]
    assert {(one["name"], one["state"]) for one in listed} == {("better", "done"), ("other", "running")}
    early = await client.post(f"/api/v1/runs/{other}/promote", headers=ADMIN)
    assert (early.status_code, early.json()["code"]) == (409, "run_state")
    moved = await client.post(f"{path}/promote", headers=ADMIN)
    assert (moved.status_code, moved.json()["moved"], moved.json()["state"]) == (200, 4, "promoted")
    shown = (await client.get(path, headers=ADMIN)).json()
    assert (shown["current"], shown["is_moving"], shown["progress"]["judged"]) == (4, False, 4)
    back = await client.post(f"{path}/rollback", headers=ADMIN)
    assert (back.json()["restored"], back.json()["left"]) == (4, 0)
    ended = await client.post(f"/api/v1/runs/{other}/cancel", headers=ADMIN)
    assert (ended.status_code, ended.json()["state"]) == (200, "cancelled")
    assert (await client.post(f"/api/v1/runs/{other}/cancel", headers=ADMIN)).status_code == 409
    assert (await client.get(f"/api/v1/runs/{ids[0]}/diff", headers=ADMIN)).status_code == 404
    entries = (await client.get("/api/v1/audit", headers=ADMIN)).json()["items"]
    acts = [entry["action"] for entry in entries if entry["action"].startswith("run.")]
    assert acts == ["run.cancel", "run.rollback", "run.promote"]


async def test_the_command_line_says_what_would_change_and_asks_before_it_does(
    scene: RunScene, command: Command
) -> None:
    ids = await scene.judge(4)
    await scene.run("better", dict.fromkeys(ids[:3], offered()) | {ids[3]: None})

    async def told_by(*words: str, **more: str) -> Result:
        """In a thread: the command has an event loop of its own."""
        return await asyncio.to_thread(command, *words, **more)

    shown = (await told_by("diff", "better")).output
    assert "of 4 dialogues 3 may become current, 1 have no result of it yet" in shown
    assert "no → yes" in shown
    assert f"/app?page=dialogue&id={ids[0]}" in shown
    found = json.loads((await told_by("diff", "better", "--json")).output)
    assert (found["compared"], found["flipped"], len(found["listen"])) == (3, 3, 3)
    lines = list(csv.DictReader(io.StringIO((await told_by("diff", "better", "--csv")).output)))
    assert [(line["old_place"], line["new_place"], line["new_quality"]) for line in lines] == [("no", "yes", "2")] * 3
    refused = await told_by("promote", "better", input="n\n")
    assert (refused.exit_code, await scene.rates()) == (1, (0, 4))
    done = await told_by("promote", "better", "--yes")
    assert "'better': 3 dialogues have its verdicts now." in done.output
    assert await scene.rates() == (3, 4)
    back = json.loads((await told_by("rollback", "better", "--yes", "--json")).output)
    assert (back["restored"], back["state"], await scene.rates()) == (3, "rolled_back", (0, 4))
    assert "there is no run 'nowhere'" in str((await told_by("diff", "nowhere")).exception)
