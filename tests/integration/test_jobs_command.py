"""`jobs` on a real database, as a person calls it."""

from collections.abc import Callable

import pytest
from click.testing import Result
from typer.testing import CliRunner

from cluster.cli import jobs

Command = Callable[..., Result]


@pytest.fixture
def command(database_url: str, monkeypatch: pytest.MonkeyPatch) -> Command:
    monkeypatch.setenv("DATABASE_URL", database_url)
    return lambda *words, **more: CliRunner().invoke(jobs.app, list(words), **more)


@pytest.mark.parametrize("name", ["retry", "show"])
@pytest.mark.parametrize("number", ["99999999999999999999", str(2**63), "0"])
def test_a_number_that_no_job_can_have_is_a_usage_error(command: Command, name: str, number: str) -> None:
    result = command(name, number)
    assert (result.exit_code, "Invalid value" in result.output) == (2, True)


def test_the_largest_number_is_looked_for(command: Command) -> None:
    assert "there is no job 9223372036854775807" in str(command("show", str(2**63 - 1)).exception)


def test_every_dead_job_is_retried_by_a_script_only_if_it_says_so(command: Command) -> None:
    refused = command("retry")
    assert (refused.exit_code, "--yes" in refused.output) == (2, True)
    for words in (("--yes",), ("--stage", "asr")):
        assert "0 dead job(s) queued again" in command("retry", *words).output


@pytest.mark.parametrize(("answer", "exit_code", "is_done"), [("y\n", 0, True), ("n\n", 1, False), ("\n", 1, False)])
def test_a_person_is_asked_before_every_dead_job_is_retried(
    command: Command, monkeypatch: pytest.MonkeyPatch, answer: str, exit_code: int, is_done: bool
) -> None:
    monkeypatch.setattr(jobs, "_is_asked", lambda: True)
    result = command("retry", input=answer)
    assert (result.exit_code, "queued again." in result.output) == (exit_code, is_done)
