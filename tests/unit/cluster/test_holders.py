"""Which workers will never finish what they hold."""

from cluster.holders import gone, holder

HERE, THERE, ELSEWHERE = ("a" * 56, "b" * 56, "c" * 56)
ONE, TWO = holder("vad-0", HERE, 11), holder("vad-1", THERE, 12)


def test_a_worker_that_answers_is_not_gone() -> None:
    assert gone({ONE, TWO}, {HERE: True, THERE: True}, {"vad-0": ONE, "vad-1": TWO}) == set()


def test_whoever_was_on_a_lost_node_is_gone_whatever_it_is_called_now() -> None:
    assert gone({ONE, TWO}, {HERE: True, THERE: False}, {"vad-0": ONE, "vad-1": None}) == {TWO}


def test_a_process_that_was_started_again_is_not_the_one_that_held_the_job() -> None:
    assert gone({ONE}, {HERE: True}, {"vad-0": holder("vad-0", HERE, 99)}) == {ONE}


def test_one_that_was_removed_is_gone() -> None:
    assert gone({ONE}, {HERE: True}, {}) == {ONE}


def test_one_that_does_not_answer_keeps_its_leases() -> None:
    assert gone({ONE}, {HERE: True}, {"vad-0": None}) == set()


def test_workers_of_another_cluster_on_the_same_database_are_none_of_ours() -> None:
    assert gone({holder("vad-0", ELSEWHERE, 11), "w0"}, {HERE: True}, {"vad-0": ONE}) == set()
