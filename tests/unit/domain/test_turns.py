"""Which ready jobs a claim takes."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from domain.status import JobClass
from domain.turns import Ready, class_of_turn, take_turns

LIVE, BACKFILL, REANALYSIS = JobClass


def flood(job_class: JobClass, count: int, first_id: int) -> list[Ready]:
    return [Ready(first_id + n, job_class, f"key {first_id + n}", f"device {n % 3}") for n in range(count)]


ready_jobs = st.lists(
    st.builds(
        lambda job_class, key, device: (job_class, f"key {key}", f"device {device}"),
        st.sampled_from(JobClass),
        st.integers(0, 20),
        st.integers(0, 4),
    ),
    max_size=60,
).map(lambda rows: [Ready(job_id, *row) for job_id, row in enumerate(rows)])


def test_one_slot_in_eight_goes_to_the_lower_classes_which_share_it() -> None:
    ready = [*flood(LIVE, 160, 0), *flood(BACKFILL, 160, 1_000), *flood(REANALYSIS, 160, 2_000)]
    classes = {job.job_id: job.job_class for job in ready}
    taken = Counter(classes[one.job_id] for one in take_turns(ready, 160, last_turn=0, lower_every=8))
    assert taken == {LIVE: 140, BACKFILL: 10, REANALYSIS: 10}


def test_claims_of_one_job_each_keep_the_same_shares() -> None:
    turns = [class_of_turn(turn, [BACKFILL, REANALYSIS], 8) for turn in range(1, 81)]
    assert Counter(turns) == {BACKFILL: 70, REANALYSIS: 10}


def test_a_class_alone_takes_every_slot() -> None:
    assert len(take_turns(flood(REANALYSIS, 20, 0), 20, last_turn=5, lower_every=8)) == 20


def test_within_a_class_the_given_order_stands() -> None:
    ready = flood(LIVE, 6, 0)
    assert [one.job_id for one in take_turns(ready, 4, last_turn=0, lower_every=8)] == [0, 1, 2, 3]


@given(ready_jobs, st.integers(0, 30), st.integers(0, 10**12), st.integers(2, 10))
def test_slots_are_filled_as_far_as_there_are_keys_and_never_two_of_one_key(
    ready: list[Ready], slots: int, last_turn: int, lower_every: int
) -> None:
    taken = take_turns(ready, slots, last_turn, lower_every)
    by_id = {job.job_id: job for job in ready}
    keys = [by_id[one.job_id].lock_key for one in taken]
    assert len(keys) == len(set(keys)) == min(slots, len({job.lock_key for job in ready}))
    assert [one.turn for one in taken] == list(range(last_turn + 1, last_turn + 1 + len(taken)))


@given(ready_jobs, st.integers(0, 30), st.integers(0, 10**6), st.integers(0, 10))
def test_reruns_are_bounded_and_leave_the_others_their_turns(
    ready: list[Ready], slots: int, last_turn: int, reruns: int
) -> None:
    classes = {job.job_id: job.job_class for job in ready}
    taken = [classes[one.job_id] for one in take_turns(ready, slots, last_turn, 8, reruns)]
    assert taken.count(REANALYSIS) <= reruns
    alone = [job for job in ready if job.job_class is not REANALYSIS]
    assert len(taken) >= len(take_turns(alone, slots, last_turn, 8))
