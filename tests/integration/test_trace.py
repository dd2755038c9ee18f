"""The way of a chunk and of a dialogue, from real rows."""

import asyncio
import json
from typing import Any
from uuid import UUID, uuid4

import pytest
from shop import Shop
from spoken_dialogues import record, say
from sqlalchemy import insert, text, update
from typer.testing import CliRunner

from cluster.cli.app import app
from db import tables as t
from db.trace.find import way_of
from domain.errors import NotFound
from domain.trace import Step, Way


async def way(shop: Shop, asked: object) -> Way:
    async with shop.deps.db.begin() as tx:
        return await way_of(tx, str(asked))


def facts(steps: Any, what: str) -> dict[str, Any]:
    [found] = [step for step in steps if isinstance(step, Step) and step.what == what]
    return dict(found.facts)


async def result(shop: Shop, stage: str, subject_id: UUID, payload: dict[str, Any], run_id: UUID | None = None) -> None:
    row = {"stage": stage, "subject_id": str(subject_id), "subject_rev": 1, "job_id": 999, "run_id": run_id}
    async with shop.deps.db.begin() as tx:
        await tx.execute(insert(t.stage_results).values(**row, payload=payload))


async def test_a_chunk_just_received_waits_for_a_worker_and_its_file_name_finds_it(shop: Shop) -> None:
    receipt = (await shop.upload()).json()
    found = await way(shop, receipt["stored_path"])
    assert (found.kind, found.id) == ("chunk", receipt["chunk_id"])
    assert [step.what for step in found.steps] == ["recorded", "received"]
    assert facts(found.steps, "received")["sha256"] == receipt["sha256"]
    assert str(found.waits_for).startswith("vad: a free worker; 0 jobs go before")


async def test_a_chunk_whose_job_is_dead_says_so_with_its_error_and_the_way_out(shop: Shop) -> None:
    receipt = (await shop.upload()).json()
    async with shop.deps.db.begin() as tx:
        await tx.execute(update(t.audio_chunks).values(status="ERROR"))
        await tx.execute(update(t.jobs).values(state="dead", attempts=5, last_error="Rejected: not audio"))
        await tx.execute(text("UPDATE audio_chunks SET settled_status = status"))
    waits_for = str((await way(shop, receipt["chunk_id"])).waits_for)
    assert "dead after 5 attempts (Rejected: not audio)" in waits_for
    assert "salescontrol jobs retry" in waits_for


async def test_a_judged_chunk_shows_every_step_up_to_the_figures_and_waits_for_nothing(shop: Shop) -> None:
    dialogue_id = await say(shop, "Хотите десерт?")
    chunk_id = await record(shop, dialogue_id)
    await result(shop, "vad", chunk_id, {"decoded_ms": 60_000, "speech": [[0, 20_000]]})
    heard = {"transcript": {"utterances": [{"words": [{}, {}]}]}, "asr_pass": "fast", "model": "base", "reasons": ["x"]}
    await result(shop, "asr", dialogue_id, heard)
    run_id = uuid4()
    async with shop.deps.db.begin() as tx:
        run = {"run_id": run_id, "name": "trial", "stage": "analysis", "is_shadow": True, "created_by": "ana"}
        empty: dict[str, Any] = {"filters": {}, "settings": {}, "planned": 1, "planned_audio_ms": 0}
        await tx.execute(insert(t.runs).values({**run, **empty}))
        await tx.execute(update(t.audio_chunks).values(settled_status="DONE"))
    verdict = {"verdict": {"kind": "sale", "attempted": "yes", "evidence": [{}]}, "provenance": {"model": "rules-1"}}
    await result(shop, "analysis", dialogue_id, verdict, run_id)
    found = await way(shop, chunk_id)
    assert facts(found.steps, "vad") == {"decoded_s": 60.0, "speech_s": 20.0, "segments": 1, "job_id": 999}
    [part] = found.parts
    assert (part.id, part.waits_for, found.waits_for) == (str(dialogue_id), None, None)
    assert facts(part.steps, "asr")["words"] == 2
    assert (facts(part.steps, "analysis")["run"], facts(part.steps, "analysis")["quotes"]) == ("trial", 1)
    assert await way(shop, dialogue_id) == part


async def test_erased_audio_and_a_review_are_among_the_steps(shop: Shop) -> None:
    dialogue_id = await say(shop, "Хотите десерт?")
    chunk_id = await record(shop, dialogue_id)
    review = {"kind": "sale", "attempted": "no", "quality_score": 0, "customer_reaction": "unclear"}
    about = {"dialogue_id": dialogue_id, "revision": 1, "reviewer": "ana", "reason": "random"}
    async with shop.deps.db.begin() as tx:
        await tx.execute(insert(t.reviews).values(review_id=uuid4(), **about, **review))
        await tx.execute(
            text(
                "INSERT INTO erasures (erasure_id, kind, point_id, start_ts, end_ts, requested_by)"
                " SELECT gen_random_uuid(), 'interval', point_id, start_ts, end_ts, 'boss' FROM audio_chunks"
            )
        )
    found = await way(shop, chunk_id)
    assert facts(found.steps, "erasure")["by"] == "boss"
    assert facts(found.parts[0].steps, "review")["attempted"] == "no"


@pytest.mark.parametrize(
    ("asked", "said"),
    [("chunk_20260302.ogg", "holds no id"), ("3f0b6f0e-8d0e-4c55-9c8e-0d6c5a2f4d11", "was never received")],
)
async def test_what_nobody_knows_is_said_to_be_unknown(shop: Shop, asked: str, said: str) -> None:
    with pytest.raises(NotFound, match=said):
        await way(shop, asked)


async def test_the_command_prints_a_tree_or_json(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    receipt = (await shop.upload()).json()
    monkeypatch.setenv("DATABASE_URL", shop.deps.db.url.render_as_string(hide_password=False))
    printed = await asyncio.to_thread(CliRunner().invoke, app, ["trace", receipt["chunk_id"]])
    assert printed.exit_code == 0, printed.output
    for words in (receipt["chunk_id"], "recorded", "received", "waits for", "a free worker"):
        assert words in printed.output
    as_json = await asyncio.to_thread(CliRunner().invoke, app, ["trace", receipt["chunk_id"], "--json"])
    assert [step["what"] for step in json.loads(as_json.stdout)["steps"]] == ["recorded", "received"]
