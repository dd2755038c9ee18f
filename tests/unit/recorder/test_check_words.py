"""Every result that a step can give has its words, in both languages, and every value that they need."""

import ast
import re
from pathlib import Path
from string import Formatter

import pytest

from recorder.check import sampling, words
from recorder.check.context import Cue
from recorder.check.result import Result, State, Step
from recorder.check.words import COMMON, TEXTS

FOLDER = Path(words.__file__).parent
MAKERS = {"ok", "warn", "fail", "skip"}


def placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name}


def keys_in_code() -> set[tuple[str, str, str]]:
    """(step, key, maker) of every call like fail(Step.DISK, "full", …); computed keys are spelled out below."""
    found = set()
    for path in FOLDER.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not (isinstance(node, ast.Call) and len(node.args) >= 2):
                continue
            step, key = node.args[:2]
            makers = {name.id for name in ast.walk(node.func) if isinstance(name, ast.Name)} & MAKERS
            if makers and isinstance(step, ast.Attribute):
                literals = [one.value for one in ast.walk(key) if isinstance(one, ast.Constant)]
                texts = [text for text in literals if isinstance(text, str) and re.fullmatch(r"[a-z_]+", text)]
                found |= {(step.attr.lower(), text, "/".join(sorted(makers))) for text in texts}
    return found


def test_every_key_in_the_code_has_words() -> None:
    keys = keys_in_code()
    assert len(keys) > 70
    missing = {(step, key) for step, key, _ in keys if f"{step}.{key}" not in TEXTS and f"any.{key}" not in TEXTS}
    assert not missing


@pytest.mark.parametrize("why", sampling.Why)
def test_every_reason_not_to_record_has_words(why: sampling.Why) -> None:
    assert f"any.cannot_{why}" in TEXTS


def test_nothing_is_worded_that_no_step_says() -> None:
    said = {key for _, key, _ in keys_in_code()} | {f"cannot_{why}" for why in sampling.Why}
    code = "\n".join(path.read_text(encoding="utf-8") for path in FOLDER.glob("*.py") if "texts" not in path.name)
    unused = {name for name in TEXTS if (key := name.partition(".")[2]) not in said and f'"{key}"' not in code}
    assert unused <= set(COMMON)


@pytest.mark.parametrize("name", TEXTS)
def test_both_languages_say_the_same_with_the_same_values(name: str) -> None:
    english, russian = TEXTS[name]

    assert len(english) == len(russian)
    for one, other in zip(english, russian, strict=True):
        assert placeholders(one) == placeholders(other)
        assert re.search("[а-яё]", other) or not re.search("[a-z]{3}", re.sub(r"\{\w+\}|`.*`", "", other))
        assert not re.search("[а-яё]", one)
        commands = [re.findall(r"`([^`]*)`", text.replace("КОД", "CODE")) for text in (one, other)]
        assert [re.sub(r"'.*'", "", command) for command in commands[0]] == [
            re.sub(r"'.*'", "", command) for command in commands[1]
        ]


@pytest.mark.parametrize("step", Step)
def test_a_failure_of_any_step_says_how_to_mend_it(step: Step) -> None:
    keys = [key for found, key, makers in keys_in_code() if found == step and makers == "fail"]
    assert keys or step in (Step.TILL, Step.CUSTOMER)
    for key in keys:
        for language in (0, 1):
            assert len(TEXTS.get(f"{step}.{key}", TEXTS.get(f"any.{key}", ((), ())))[language]) == 2, (step, key)


def test_a_skipped_step_names_the_one_that_failed_in_the_reader_s_language() -> None:
    skipped = Result(Step.UPLOAD, State.SKIP, "because", {"earlier": Step.DNS})

    assert words.sentences(skipped, "en") == ('skipped, because "Server\'s name (DNS)" failed', "")
    assert words.sentences(skipped, "ru") == ("пропущено, так как не прошло «Имя сервера (DNS)»", "")


@pytest.mark.parametrize(
    ("seconds", "english", "russian"),
    [
        (75, "1 min 15 s", "1 мин 15 с"),
        (3600, "1 h", "1 ч"),
        (2 * 365 * 86_400 + 7300, "730 days 2 h", "730 дн. 2 ч"),
    ],
)
def test_how_far_a_clock_is_off_is_said_in_two_units(seconds: int, english: str, russian: str) -> None:
    ahead = Result(Step.SERVER_CLOCK, State.FAIL, "ahead", {"off": seconds})

    assert words.sentences(ahead, "en")[0].endswith(f"by {english}")
    assert words.sentences(ahead, "ru")[0].endswith(f"на {russian}")


def test_every_step_and_cue_is_named_in_both_languages() -> None:
    assert set(words.TITLES) == set(Step)
    assert set(words.CUES) == set(Cue)
