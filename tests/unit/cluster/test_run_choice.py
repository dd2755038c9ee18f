"""What one may ask of a run over history, and what is refused before anything is planned."""

import pytest

from cluster.engines.prompt import load_prompt
from cluster.reanalysis.choice import Wish, settings_for
from configs.settings import Settings, load
from domain.errors import ConfigError
from domain.runs import Judging, Listening, RunStage

ASR, ANALYSIS = RunStage
RERUN = {"SALESCONTROL_ASR__RERUN": "{model: small, compute_type: int8, beam_size: 5, pack: false}"}
KEY = {"OPENAI_API_KEY": "k"}
PROMPT = load_prompt("upsell-v1")


def configured(**env: str) -> Settings:
    return load(env)


@pytest.mark.parametrize(
    ("wish", "env", "judging"),
    [
        (Wish(ANALYSIS), {}, Judging("rules", "rules-2")),
        (Wish(ANALYSIS, model="rules-1"), {}, Judging("rules", "rules-1")),
        (Wish(ANALYSIS, model="rules-1"), KEY, Judging("rules", "rules-1")),
        (Wish(ANALYSIS, engine="rules"), KEY, Judging("rules", "rules-2")),
        (Wish(ANALYSIS), KEY, Judging("openai", "gpt-4o-mini", "upsell-v1", PROMPT.sha256, 0.15, 0.6)),
        (
            Wish(ANALYSIS, model="big", price_in_usd=2.0, price_out_usd=8.0),
            {},
            Judging("openai", "big", "upsell-v1", PROMPT.sha256, 2.0, 8.0),
        ),
    ],
)
def test_what_is_not_asked_for_is_as_configured(wish: Wish, env: dict[str, str], judging: Judging) -> None:
    found = settings_for(wish, configured(**env))
    assert (found.judging, found.listening) == (judging, None)


@pytest.mark.parametrize(
    ("wish", "env", "listening"),
    [
        (Wish(ASR), {}, Listening("accurate", "base", "int8", 5, False)),
        (Wish(ASR, model="fast", beam=1), {}, Listening("fast", "base", "int8", 1, True)),
        (Wish(ASR, model="base"), {}, Listening("accurate", "base", "int8", 5, False)),
        (Wish(ASR, model="small"), RERUN, Listening("rerun", "small", "int8", 5, False)),
        (Wish(ASR, model="rerun", beam=9), RERUN, Listening("rerun", "small", "int8", 9, False)),
    ],
)
def test_a_run_of_asr_listens_once_and_judges_as_configured(
    wish: Wish, env: dict[str, str], listening: Listening
) -> None:
    found = settings_for(wish, configured(**env))
    assert (found.judging, found.listening) == (Judging("rules", "rules-2"), listening)


@pytest.mark.parametrize(
    ("wish", "reason"),
    [
        (Wish(ASR, model="large"), r"serves no 'large'; it serves fast \(base, int8\), accurate \(base, int8\)"),
        (Wish(ASR, model="rerun"), "set asr.rerun"),
        (Wish(ASR, prompt="upsell-v1"), "belong to --stage analysis"),
        (Wish(ASR, engine="rules"), "belong to --stage analysis"),
        (Wish(ANALYSIS, beam=5), "--beam belongs to --stage asr"),
        (Wish(ANALYSIS, model="rules-9"), "no rules 'rules-9'; there are: rules-1, rules-2"),
        (Wish(ANALYSIS, engine="oracle"), "no engine 'oracle'"),
        (Wish(ANALYSIS, engine="openai", model="rules-1"), "is no language model"),
        (Wish(ANALYSIS, engine="rules", prompt="upsell-v1"), "told no prompt"),
        (Wish(ANALYSIS, model="big", prompt="upsell-v7"), "no prompt 'upsell-v7'.*there are: upsell-v1"),
    ],
)
def test_what_there_is_not_is_refused_with_what_there_is(wish: Wish, reason: str) -> None:
    with pytest.raises(ConfigError, match=reason):
        settings_for(wish, configured())
