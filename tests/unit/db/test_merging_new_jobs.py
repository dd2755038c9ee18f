"""Twins within one enqueue call."""

from uuid import UUID

from db.job import NewJob
from db.queue import merged
from domain.status import JobClass

RUN = UUID(int=1)


def test_twins_join_to_the_earlier_time_the_newer_revision_and_the_better_class() -> None:
    early = NewJob("asr", "d1", subject_rev=1, job_class=JobClass.BACKFILL, delay_s=5, audio_ms=100)
    late = NewJob("asr", "d1", subject_rev=2, job_class=JobClass.REANALYSIS, delay_s=9, audio_ms=200)
    expected = [NewJob("asr", "d1", subject_rev=2, job_class=JobClass.BACKFILL, delay_s=5, audio_ms=200)]
    assert merged([early, late]) == expected
    assert merged([late, early]) == expected


def test_jobs_of_different_runs_or_stages_are_not_twins() -> None:
    jobs = [NewJob("asr", "d1"), NewJob("asr", "d1", run_id=RUN), NewJob("analysis", "d1")]
    assert len(merged(jobs)) == 3


def test_rows_are_locked_in_one_order_whatever_the_callers_order() -> None:
    jobs = [NewJob("asr", "d2"), NewJob("asr", "d1", run_id=RUN), NewJob("analysis", "d3"), NewJob("asr", "d1")]
    assert merged(jobs) == merged(reversed(jobs))
