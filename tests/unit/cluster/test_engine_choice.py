"""Which engine judges, which prompt it is told, and how a model's words are read."""

import json
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest

from cluster.engines.choice import build_engine, engine_name
from cluster.engines.failures import retry_after_s
from cluster.engines.prompt import PROMPTS, PUBLISHED, check_prompts, load_prompt
from cluster.engines.rules import RulesEngine
from cluster.engines.wire import RESPONSE_FORMATS, InvalidReply, WireVerdict, read_reply
from configs.sections import AnalysisSettings
from configs.settings import load
from domain.errors import ConfigError
from domain.rules.engine import sha256_of
from domain.rules.versions import NEWEST
from domain.status import Attempted
from domain.transcript import Transcript, Utterance
from domain.verdict import DEFAULT_CATALOGUE


def analysis(**env: str) -> AnalysisSettings:
    return load(env).analysis


def test_auto_is_openai_with_a_key_and_rules_without() -> None:
    assert engine_name(analysis()) == "rules"
    assert engine_name(analysis(OPENAI_API_KEY="sk-1")) == "openai"
    assert engine_name(analysis(OPENAI_API_KEY="sk-1", SALESCONTROL_ANALYSIS__ENGINE="rules")) == "rules"


def test_openai_without_a_key_or_a_server_of_its_own_is_refused() -> None:
    with pytest.raises(ConfigError, match="OPENAI_API_KEY"):
        build_engine(analysis(SALESCONTROL_ANALYSIS__ENGINE="openai"))


async def test_the_rules_name_themselves_as_model_and_prompt() -> None:
    said = Transcript("en", (Utterance(0, 1000, "A latte, please."), Utterance(2000, 3000, "Anything else?")))
    verdict, source = await RulesEngine().analyse(said, DEFAULT_CATALOGUE)
    assert verdict.attempted is Attempted.YES
    assert (source.model, source.prompt_version, source.prompt_sha256) == ("rules-2", "rules-2", sha256_of(NEWEST))
    assert (source.transcript_sha256, source.tokens_in, source.cost_usd) == (said.sha256, 0, 0.0)


def test_the_shipped_prompt_is_read_with_version_and_hash_and_names_every_field() -> None:
    prompt = load_prompt("upsell-v1")
    assert (prompt.version, len(prompt.sha256)) == ("upsell-v1", 64)
    assert [name for name in WireVerdict.model_fields if f'"{name}"' not in prompt.system] == []


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (None, "no prompt"),
        ("name: upsell\nversion: 2\nsystem: x\nrepair: 'bad: {problem}'", "calls itself upsell-v2"),
        ("name: upsell\nversion: 9\nsystem: x\nrepair: again", "problem"),
        ("name: upsell\nversion: 9", "not a prompt file"),
        ("{", "not a prompt file"),
    ],
)
def test_a_prompt_that_is_not_what_it_says_is_refused(tmp_path: Path, content: str | None, reason: str) -> None:
    if content is not None:
        (tmp_path / "upsell-v9.yaml").write_text(content)
    with pytest.raises(ConfigError, match=reason):
        load_prompt("upsell-v9", tmp_path)


def test_every_shipped_prompt_is_published() -> None:
    for path in PROMPTS.glob("*.yaml"):
        assert load_prompt(path.stem).version == path.stem
    check_prompts()


def test_a_prompt_is_used_once_it_is_published_and_never_again_once_it_was_changed(tmp_path: Path) -> None:
    path, lock = tmp_path / "upsell-v9.yaml", tmp_path / PUBLISHED
    path.write_text("name: upsell\nversion: 9\nsystem: x\nrepair: 'bad: {problem}'")
    with pytest.raises(ConfigError, match=r"sha256sum upsell-v9.yaml >> SHA256SUMS"):
        load_prompt("upsell-v9", tmp_path)
    subprocess.run(f"sha256sum upsell-v9.yaml >> {PUBLISHED}", shell=True, cwd=tmp_path, check=True)
    assert load_prompt("upsell-v9", tmp_path).system == "x"
    assert lock.read_text().split()[0] == load_prompt("upsell-v9", tmp_path).sha256
    check_prompts(tmp_path)
    path.write_text(path.read_text().replace("system: x", "system: y"))
    for refused in (lambda: load_prompt("upsell-v9", tmp_path), lambda: check_prompts(tmp_path)):
        with pytest.raises(ConfigError, match="put the change into a new version"):
            refused()


VERDICT = {
    "kind": "sale",
    "attempted": "yes",
    "quality_score": 2,
    "categories": ["pastry"],
    "closing_question": False,
    "customer_reaction": "accepted",
    "evidence_quotes": ["a { b"],
    "summary": "so \x00 it was",
    "confidence": 0.8,
}


@pytest.mark.parametrize("around", ["{}", "Here: {} Bye.", "```json\n{}\n```", "{{not json}} {{}} {}", "[{}]"])
def test_a_verdict_is_read_out_of_whatever_surrounds_it(around: str) -> None:
    text = around.replace("{{", "{").replace("}}", "}").replace("{}", json.dumps(VERDICT))
    verdict = read_reply(text)
    assert (verdict.attempted, verdict.quotes, verdict.summary) == (Attempted.YES, ("a { b",), "so  it was")


@pytest.mark.parametrize(
    ("text", "problem", "has_object"),
    [
        ("", "empty", False),
        ("yes", "no JSON object", False),
        (json.dumps(VERDICT)[:50], "no JSON object", True),
        (json.dumps(VERDICT | {"attempted": "maybe"}), "attempted: Input should be 'yes', 'no' or 'uncertain'", True),
        (json.dumps({k: v for k, v in VERDICT.items() if k != "kind"}), "kind: Field required", True),
    ],
)
def test_a_reply_without_a_verdict_says_what_is_wrong(text: str, problem: str, has_object: bool) -> None:
    with pytest.raises(InvalidReply, match=problem) as raised:
        read_reply(text)
    assert raised.value.has_object is has_object


def test_the_schema_is_one_that_strict_servers_take() -> None:
    schema = (RESPONSE_FORMATS["json_schema"] or {})["json_schema"]["schema"]
    assert schema["additionalProperties"] is False
    assert set(schema["required"]) == set(schema["properties"])


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"retry-after": "7"}, 7.0),
        ({"retry-after": "0.5"}, 0.5),
        ({"retry-after": "-3"}, 0.0),
        ({"retry-after-ms": "1500", "retry-after": "9"}, 1.5),
        ({"retry-after": "Mon, 02 Mar 2026 09:05:00 GMT"}, 300.0),
        ({"retry-after": "Mon, 02 Mar 2026 08:00:00 GMT"}, 0.0),
        ({"retry-after": "soon"}, None),
    ],
)
def test_retry_after_is_read_as_seconds_or_as_a_date(headers: dict[str, str], seconds: float | None) -> None:
    assert retry_after_s(headers, datetime(2026, 3, 2, 9, tzinfo=UTC)) == seconds
