"""Where a run may go, and what it may take."""

from dataclasses import replace

import pytest

from domain.errors import Conflict
from domain.run_estimate import Measured, Tokens, Work, estimate
from domain.runs import NEXT, OPEN, Judging, Listening, RunProgress, RunSettings, RunState, check_move

WORK = Work(dialogues=1000, audio_s=36_000, text_chars=600, prompt_chars=3_000, concurrency=4)
MODEL = Judging("openai", "big", "upsell-v1", "0" * 64, 1.0, 10.0)
WHISPER = Listening("accurate", "base", "int8", 5, pack=False)


def test_an_open_run_can_be_cancelled_and_an_ended_one_cannot() -> None:
    for state in RunState:
        assert (RunState.CANCELLED in NEXT[state]) == (state in OPEN)
    with pytest.raises(Conflict, match="'mine' is done: it cannot become cancelled; what may follow is promoted, runn"):
        check_move("mine", RunState.DONE, RunState.CANCELLED)


def test_every_run_can_come_to_an_end_and_none_begins_anew() -> None:
    assert set(NEXT) == set(RunState)
    assert all(RunState.PLANNED not in following for following in NEXT.values())


def test_money_goes_by_the_models_own_tokens_then_by_anothers_then_by_the_length_of_what_is_asked() -> None:
    tokens = {"big": Tokens(50, 2000.0, 100.0), "small": Tokens(900, 1000.0, 100.0)}
    own = estimate(WORK, RunSettings(MODEL), Measured(tokens))
    assert own.cost_usd == pytest.approx(1000 * (2000 * 1.0 + 100 * 10.0) / 1e6)
    assert "50 dialogues judged by big" in own.cost_from
    others = estimate(WORK, RunSettings(MODEL), Measured({"small": tokens["small"]}))
    assert others.cost_usd == pytest.approx(1000 * (1000 * 1.0 + 100 * 10.0) / 1e6)
    assert "another model" in others.cost_from
    unknown = estimate(WORK, RunSettings(MODEL), Measured({}))
    assert unknown.cost_usd == pytest.approx(1000 * (1200 * 1.0 + 250 * 10.0) / 1e6)
    assert "no model has judged here yet" in unknown.cost_from
    assert estimate(WORK, RunSettings(Judging("rules", "rules-2")), Measured(tokens)).cost_usd == 0


def test_time_goes_by_the_slower_of_hearing_and_judging_and_says_what_is_assumed() -> None:
    rules = Judging("rules", "rules-2")
    known = Measured({}, times_real_time=10.0, judged_per_s=50.0, is_same_engine=True)
    assert estimate(WORK, RunSettings(rules), known).time_s == 20
    heard = estimate(WORK, RunSettings(rules, WHISPER), known)
    assert (heard.time_s, "10.0 × real time" in heard.time_from) == (3600, True)
    assumed = estimate(WORK, RunSettings(MODEL), Measured({}, judged_per_s=50.0))
    assert (assumed.time_s, "assumed" in assumed.time_from) == (750, True)


def test_what_is_judged_stale_or_dead_has_ended_and_never_more_than_was_planned() -> None:
    progress = RunProgress(planned=3, fed=3, heard=0, judged=1, stale=1, dead=1, queued=0, running=0)
    assert progress.ended == 3
    assert replace(progress, judged=2).ended == 3
    assert replace(progress, dead=0, running=1).ended == 2
