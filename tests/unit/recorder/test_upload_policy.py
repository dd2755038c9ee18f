"""What goes next and when, step by step and over random histories."""

from itertools import pairwise
from math import inf
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recorder.upload.retry import Backoff, Judgement, Verdict
from recorder.upload.upload_policy import Send, Tempo, UploadPolicy, Wait, Waiting

BACKOFF = Backoff(2.0, 300.0)
FRESH_AFTER_S = Tempo().fresh_after * 60.0
OK = Judgement(Verdict.DELIVERED, "delivered")
DOWN = Judgement(Verdict.RETRY, "connection_refused")
BUSY = Judgement(Verdict.RETRY, "http_503", retry_after_s=60.0)
POISON = Judgement(Verdict.DOUBT, "http_500")
REVOKED = Judgement(Verdict.PAUSE, "http_401", status=401)
REFUSED = Judgement(Verdict.QUARANTINE, "http_422")


def policy(chance: float = 0.0, chunk_s: float = 60.0) -> UploadPolicy:
    return UploadPolicy(BACKOFF, chunk_s, lambda: chance)


def old(name: str, credential: str = "till 1") -> Waiting:
    return Waiting(name, credential, None)


def cut(at_s: float, credential: str = "till 1") -> Waiting:
    return Waiting(f"cut at {at_s}", credential, at_s)


def sent(decision: Send | Wait) -> str:
    assert isinstance(decision, Send)
    return decision.chunk.key


def waits(decision: Send | Wait) -> float:
    assert isinstance(decision, Wait)
    return decision.seconds


def test_with_nothing_to_send_it_waits_for_ever() -> None:
    assert policy().next(0.0, []) == Wait(inf)


def test_the_newest_goes_first_and_then_takes_turns_with_the_oldest() -> None:
    rules, waiting, order = policy(), [old("a"), old("b"), old("c"), cut(40.0), cut(100.0)], []
    while waiting:
        decision = rules.next(100.0, waiting)
        assert isinstance(decision, Send)
        order.append(decision.chunk.key)
        waiting.remove(decision.chunk)
        rules.answered(100.0, decision.chunk, OK)
    assert order == ["cut at 100.0", "a", "cut at 40.0", "b", "c"]


def test_recorders_that_cut_at_the_same_second_send_at_different_ones() -> None:
    early, late = policy(chance=0.0), policy(chance=0.5)
    assert sent(early.next(100.0, [cut(100.0)])) == "cut at 100.0"
    assert waits(late.next(100.0, [cut(100.0)])) == Tempo().spread * 60.0 / 2
    assert sent(late.next(110.0, [cut(100.0)])) == "cut at 100.0"


def test_a_failure_makes_all_wait_and_the_first_success_resets_it() -> None:
    rules = policy(chance=0.5)
    rules.answered(1000.0, old("a"), DOWN)
    assert waits(rules.next(1000.0, [old("a"), old("b")])) == 3.0
    rules.answered(1003.0, old("a"), DOWN)
    assert waits(rules.next(1003.0, [old("a")])) == 5.0
    rules.answered(1008.0, old("a"), OK)
    assert rules.hold(1008.0, "till 1") is None
    rules.answered(1012.0, old("b"), DOWN)
    assert waits(rules.next(1012.0, [old("b")])) == 3.0


def test_a_fresh_chunk_is_tried_once_in_the_midst_of_a_long_back_off() -> None:
    rules = policy(chance=0.99)
    for _ in range(9):
        rules.answered(1000.0, old("a"), DOWN)
    assert waits(rules.next(1000.0, [old("a")])) > 290.0
    fresh = cut(990.0)
    soon_s = waits(rules.next(1000.0, [old("a"), fresh]))
    assert FRESH_AFTER_S / 2 <= soon_s <= FRESH_AFTER_S * 1.5
    assert sent(rules.next(1000.0 + soon_s, [old("a"), fresh])) == fresh.key
    rules.answered(1020.0, fresh, DOWN)
    assert waits(rules.next(1020.0, [old("a"), fresh])) > 290.0


def test_while_the_server_is_busy_a_live_chunk_is_tried_again_and_the_backlog_waits_longer() -> None:
    rules, live = policy(chance=0.5), cut(990.0)
    for _ in range(9):
        rules.answered(1000.0, live, Judgement(Verdict.RETRY, "http_503", retry_after_s=2.0))
    assert sent(rules.next(1000.0 + 1.5 * FRESH_AFTER_S, [old("a"), live])) == live.key
    assert waits(rules.next(1000.0 + 1.5 * FRESH_AFTER_S, [old("a")])) > 60.0


def test_after_trouble_the_backlog_comes_slowly_at_first_and_then_as_fast_as_it_goes() -> None:
    rules, waiting, now_s, at_s = policy(chance=0.5), [old(str(i)) for i in range(100)], 1000.0, []
    rules.answered(now_s, waiting[0], DOWN)
    while waiting:
        decision = rules.next(now_s, waiting)
        if isinstance(decision, Wait):
            now_s += decision.seconds
            continue
        at_s.append(now_s)
        waiting.remove(decision.chunk)
        rules.answered(now_s, decision.chunk, OK)
    gaps = [later - earlier for earlier, later in pairwise(at_s)]
    assert gaps == sorted(gaps, reverse=True)
    assert (round(gaps[0], 1), gaps[-1]) == (3.6, 0.0)


def test_retry_after_holds_even_a_fresh_chunk() -> None:
    rules = policy()
    rules.answered(1000.0, old("a"), BUSY)
    assert waits(rules.next(1030.0, [old("a"), cut(1025.0)])) == 30.0
    assert isinstance(rules.next(1061.0, [cut(1025.0)]), Send)


def test_recorders_that_were_told_the_same_do_not_return_in_step_even_with_fresh_chunks() -> None:
    returns = set()
    for i in range(10):
        rules = policy(chance=i / 10)
        rules.answered(1000.0, old("a"), BUSY)
        returns.add(round(waits(rules.next(1030.0, [cut(1000.0)]))))
    assert len(returns) == 10


def test_a_chunk_that_the_server_chokes_on_lets_the_others_pass() -> None:
    rules, waiting, order = policy(), [old("poison"), old("b"), old("c")], []
    now_s = 0.0
    for _ in range(30):
        decision = rules.next(now_s, waiting)
        if isinstance(decision, Wait):
            now_s += decision.seconds
            continue
        order.append(decision.chunk.key)
        is_poison = decision.chunk.key == "poison"
        rules.answered(now_s, decision.chunk, POISON if is_poison else OK)
        if not is_poison:
            waiting.remove(decision.chunk)
    assert waiting == [old("poison")]
    assert order.index("c") < 6
    assert rules.history("poison").others_passed


def test_refused_credentials_pause_their_own_chunks_only() -> None:
    rules, both = policy(), [old("a", "till 1"), old("b", "till 2")]
    rules.answered(0.0, both[0], REVOKED)
    assert sent(rules.next(0.0, both)) == "b"
    assert waits(rules.next(0.0, both[:1])) == pytest.approx(15.0)
    hold = rules.hold(0.0, "till 1")
    assert hold is not None
    assert (hold.reason, hold.is_paused, hold.paused_by) == ("http_401", True, 401)
    assert rules.hold(0.0, "till 2") is None
    rules.answered(15.0, both[0], OK)
    assert rules.hold(15.0, "till 1") is None


def test_a_server_that_refuses_every_file_gets_few_of_them() -> None:
    rules, waiting, now_s = policy(chance=0.5), [old(str(i)) for i in range(1000)], 0.0
    while now_s < 3600.0:
        decision = rules.next(now_s, waiting)
        if isinstance(decision, Send):
            waiting.remove(decision.chunk)
            rules.answered(now_s, decision.chunk, REFUSED)
        else:
            now_s += decision.seconds
    assert len(waiting) > 960


def test_what_is_no_longer_waiting_is_forgotten() -> None:
    rules = policy()
    rules.answered(0.0, old("a"), POISON)
    rules.next(0.0, [old("b")])
    assert rules.history("a").doubts == 0


outcomes = st.sampled_from([OK, OK, DOWN, BUSY, POISON, REVOKED, REFUSED])


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32), st.lists(outcomes, max_size=40), st.integers(1, 30), st.booleans())
def test_after_any_history_a_working_server_gets_everything_once_and_soon(
    seed: int, script: list[Judgement], backlog: int, moved: bool
) -> None:
    rules = UploadPolicy(BACKOFF, 60.0, Random(seed).random)
    waiting = [old(f"old {i}", "till 2" if moved and i % 2 else "till 1") for i in range(backlog)]
    delivered: list[str] = []
    now_s, next_cut_s, worked_since_s = 0.0, 60.0, 0.0
    while now_s < worked_since_s + 1800.0 or waiting:
        assert now_s < worked_since_s + 3600.0
        if now_s >= next_cut_s and now_s < worked_since_s + 1500.0:
            waiting.append(cut(next_cut_s))
            next_cut_s += 60.0
        decision = rules.next(now_s, waiting)
        if isinstance(decision, Wait):
            now_s += min(max(decision.seconds, 0.001), max(next_cut_s - now_s, 1.0))
            continue
        judgement = script.pop(0) if script else OK
        worked_since_s = now_s if script else worked_since_s
        rules.answered(now_s, decision.chunk, judgement)
        if judgement.verdict in (Verdict.DELIVERED, Verdict.QUARANTINE):
            waiting.remove(decision.chunk)
            delivered.append(decision.chunk.key)
    assert len(delivered) == len(set(delivered))
