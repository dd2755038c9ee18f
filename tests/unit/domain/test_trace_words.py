"""What a chunk or dialogue waits for, in words."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from domain.status import DialogueState, JobState, StageStatus
from domain.trace import STUCK, HowFar, JobSeen, dialogue_waits_for, waits_for_job

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
JOB = JobSeen(7, "asr", "d", JobState.QUEUED, NOW, 0, None, None, is_rerun=False)
LATER = NOW + timedelta(minutes=5)


@pytest.mark.parametrize(
    ("job", "said"),
    [
        (replace(JOB, ahead=12), "asr: a free worker; 12 jobs go before job 7"),
        (replace(JOB, run_after=LATER), "asr: its time comes at 2026-03-02 12:05:00 UTC"),
        (
            replace(JOB, run_after=LATER, attempts=2, last_error="timeout"),
            "asr: attempt 3 comes at 2026-03-02 12:05:00 UTC; the last one failed: timeout",
        ),
        (
            replace(JOB, pause="the LLM is down", paused_until=LATER),
            "asr: the stage is paused until 2026-03-02 12:05:00 UTC: the LLM is down",
        ),
        (replace(JOB, pause="it was down", paused_until=NOW), "asr: a free worker; 0 jobs go before job 7"),
        (
            replace(JOB, state=JobState.RUNNING, attempts=1, worker="worker-0@1"),
            "asr: job 7 is in the hands of worker-0@1, attempt 1",
        ),
        (
            replace(JOB, state=JobState.DEAD, attempts=5, last_error="not audio"),
            "asr: job 7 is dead after 5 attempts (not audio); `salescontrol jobs retry 7` tries again",
        ),
        (replace(JOB, is_rerun=True), f"asr: {STUCK}"),
        (replace(JOB, stage="vad"), f"asr: {STUCK}"),
    ],
)
def test_a_subject_waits_for_its_job_as_that_stands_in_the_queue(job: JobSeen, said: str) -> None:
    assert waits_for_job([job], "asr", NOW) == said


CLOSED = HowFar(DialogueState.CLOSED, None, None, StageStatus.DONE, StageStatus.DONE)


@pytest.mark.parametrize(
    ("row", "said"),
    [
        (CLOSED, None),
        (replace(CLOSED, state=DialogueState.SUPERSEDED, asr=StageStatus.PENDING), None),
        (replace(CLOSED, analysis=StageStatus.SKIPPED), None),
        (replace(CLOSED, asr=StageStatus.PENDING), "asr: a free worker; 0 jobs go before job 7"),
        (replace(CLOSED, analysis=StageStatus.PENDING), f"analysis: {STUCK}"),
    ],
)
def test_a_dialogue_waits_for_the_first_stage_that_is_not_over(row: HowFar, said: str | None) -> None:
    assert dialogue_waits_for(row, [JOB], NOW) == said


def test_an_open_dialogue_says_until_when() -> None:
    row = replace(CLOSED, state=DialogueState.OPEN, close_at=LATER, asr=StageStatus.PENDING)
    assert "2026-03-02 12:05:00 UTC" in str(dialogue_waits_for(row, [], NOW))
    assert "received before" in str(dialogue_waits_for(replace(row, close_at=None), [], NOW))
