"""A few cells of the kill matrix; `benchmarks/kill_matrix.py` plays all of them."""

import pytest

from cluster.steps import Step
from tests.e2e.scene import COMPARABLE, Outcome, Scene
from tests.e2e.system import System

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]

SETTINGS = COMPARABLE


@pytest.fixture(scope="module")
def scene(system: System) -> Scene:
    return Scene(system)


@pytest.fixture(scope="module")
def expected(scene: Scene) -> Outcome:
    outcome = scene.undisturbed()
    assert outcome.dialogues
    assert all(dialogue["analysis_status"] in ("DONE", "SKIPPED") for dialogue in outcome.dialogues)
    return outcome


@pytest.mark.parametrize(
    ("victim", "step"),
    [
        ("worker:vad", Step.AFTER_CLAIM),
        ("worker:dialogues", Step.BEFORE_COMMIT),
        ("worker:asr", Step.AFTER_COMMIT),
        ("whisper", Step.MID_WORK),
        ("supervisor", Step.MID_WORK),
        ("ingest", Step.MID_WORK),
        ("postgres", Step.MID_WORK),
        ("ray", Step.BEFORE_COMMIT),
    ],
)
def test_whatever_is_killed_the_result_is_the_undisturbed_one(
    scene: Scene, expected: Outcome, victim: str, step: Step
) -> None:
    cell = scene.disturbed(victim, step, expected)
    assert cell.is_equal, cell.difference
