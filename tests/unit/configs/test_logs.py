"""The log says of every line what the work is about."""

import asyncio
import json
import logging
import sys
from io import StringIO

import pytest

from configs.logs import JsonFormatter, about, setup


@pytest.fixture
def lines() -> StringIO:
    return StringIO()


@pytest.fixture
def log(lines: StringIO) -> logging.Logger:
    """A library's logger: it knows nothing of ours."""
    logger = logging.Logger("library")
    handler = logging.StreamHandler(lines)
    handler.setFormatter(JsonFormatter())
    logger.addHandler(handler)
    return logger


def written(lines: StringIO) -> list[dict[str, object]]:
    return [json.loads(line) for line in lines.getvalue().splitlines()]


def test_every_line_of_a_block_carries_what_it_is_about_and_no_line_after_it(
    log: logging.Logger, lines: StringIO
) -> None:
    with about(dialogue_id="d", run_id=None):
        log.warning("inside", extra={"more": 1})
        with about(attempt=2):
            log.warning("deeper")
    log.warning("outside")
    inside, deeper, outside = written(lines)
    assert (inside["dialogue_id"], inside["more"]) == ("d", 1)
    assert (deeper["dialogue_id"], deeper["attempt"]) == ("d", 2)
    assert not {"run_id", "attempt"} & inside.keys()
    assert "dialogue_id" not in outside


async def test_threads_and_tasks_that_were_begun_inside_carry_it_too_and_neighbours_do_not_mix(
    log: logging.Logger, lines: StringIO
) -> None:
    async def work(dialogue_id: str) -> None:
        with about(dialogue_id=dialogue_id):
            await asyncio.sleep(0)
            await asyncio.to_thread(log.warning, "thread", extra={"expected": dialogue_id})
            await asyncio.create_task(asyncio.to_thread(log.warning, "task", extra={"expected": dialogue_id}))

    await asyncio.gather(work("one"), work("other"))
    found = written(lines)
    assert len(found) == 4
    assert all(line["dialogue_id"] == line["expected"] for line in found)


def test_whoever_takes_the_place_of_stderr_does_not_get_our_lines(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """As Ray Serve does in its replicas, with a logger that keeps back what is below its own level."""
    root, taker = logging.getLogger(), StringIO()
    monkeypatch.setattr(root, "handlers", [])
    monkeypatch.setattr(root, "level", root.level)
    monkeypatch.setattr(sys, "stderr", taker)
    setup("INFO")
    logging.getLogger("ours").info("chunk_received")
    assert json.loads(capfd.readouterr().err)["event"] == "chunk_received"
    assert taker.getvalue() == ""
