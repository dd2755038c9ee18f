"""`reanalyze`, `runs` and `jobs retry --run` as a person or a script calls them."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest
from click.testing import Result
from run_bench import AS_THEN, RunBench
from typer.testing import CliRunner

from cluster.cli import reanalyze
from cluster.cli.app import app
from configs.sections import JobSettings
from db import tables as t
from db.engine import Database
from domain.runs import RunState

Command = Callable[..., Awaitable[Result]]


@pytest.fixture
async def scene(db: Database, job_settings: JobSettings, tmp_path: Path) -> AsyncIterator[RunBench]:
    scene = RunBench.of(db, job_settings, tmp_path)
    await scene.history(6, judge=False)
    yield scene
    await scene.stop()


@pytest.fixture
def command(database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Command:
    for name, value in {"DATABASE_URL": database_url, "SALESCONTROL_HOME": str(tmp_path), **AS_THEN}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("COLUMNS", "200")

    async def run(*words: str, answer: str = "") -> Result:
        return await asyncio.to_thread(CliRunner().invoke, app, list(words), answer)

    return run


PLANNED = ("reanalyze", "--stage", "analysis", "--model", "rules-2", "--name", "mine")


async def test_a_script_must_say_yes_and_a_person_is_asked(
    scene: RunBench, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    refused = await command(*PLANNED)
    assert (refused.exit_code, "say --yes" in refused.output) == (2, True)
    monkeypatch.setattr(reanalyze, "_is_asked", lambda: True)
    declined = await command(*PLANNED, answer="n\n")
    assert (declined.exit_code, "Begin?" in declined.output) == (1, True)
    assert await scene.count(t.runs) == 0
    agreed = await command(*PLANNED, "--detach", answer="y\n")
    assert agreed.exit_code == 0, agreed.output
    for said in ("mine", "rules-2", "rules cost nothing", "replace the current ones", "salescontrol runs follow mine"):
        assert said in agreed.output
    assert await scene.count(t.run_subjects) == 6


async def test_a_wrong_wish_is_a_usage_error_that_writes_nothing(scene: RunBench, command: Command) -> None:
    wrong = await command("reanalyze", "--stage", "analysis", "--model", "rules-9", "--yes")
    assert "there are no rules 'rules-9'" in str(wrong.exception)
    nowhere = await command(*PLANNED, "--point", "Nowhere", "--yes")
    assert "there is no point 'Nowhere'; there are: 'Bakery', 'Kiosk'" in str(nowhere.exception)
    assert await scene.count(t.runs) == 0


async def test_a_run_is_listed_shown_cancelled_and_followed_to_its_end(scene: RunBench, command: Command) -> None:
    planned = await command(*PLANNED, "--shadow", "--yes", "--detach", "--json")
    assert json.loads(planned.stdout)["plan"]["dialogues"] == 6
    second = await command(*PLANNED[:-1], "other", "--sample", "2", "--point", "Kiosk", "--yes", "--detach", "--json")
    assert (json.loads(second.stdout)["plan"]["dialogues"], second.exit_code) == (1, 0)
    listed = json.loads((await command("runs", "list", "--json")).stdout)
    assert [(run["name"], run["state"], run["progress"]["planned"]) for run in listed] == [
        ("other", "planned", 1),
        ("mine", "planned", 6),
    ]
    cancelled = await command("runs", "cancel", "other")
    assert (cancelled.exit_code, "other is cancelled" in cancelled.output) == (0, True)
    assert (await command("runs", "follow", "other")).exit_code == 1
    scene.work()
    await scene.keep("mine", RunState.DONE)
    followed = await command("runs", "follow", "mine")
    assert (followed.exit_code, "6 of 6 dialogues judged" in followed.output) == (0, True)
    assert "salescontrol runs promote mine" in followed.output
    shown = await command("runs", "show", "mine")
    assert [word in shown.output for word in ("done, a shadow", "rules-2", "6 judged")] == [True] * 3
    told = json.loads((await command("runs", "show", "mine", "--json")).stdout)
    assert (told["state"], told["progress"]["judged"], told["spent"]["tokens_in"]) == ("done", 6, 0)
    assert "0 dead job(s) queued again" in (await command("jobs", "retry", "--run", "mine")).output
    unknown = await command("runs", "show", "yours")
    assert "there is no run 'yours'; the newest are 'other', 'mine'" in str(unknown.exception)
