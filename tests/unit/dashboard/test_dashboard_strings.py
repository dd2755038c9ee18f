"""Every text is there in both languages, is used, and is asked for as it is written."""

import re
from itertools import product
from pathlib import Path
from string import Formatter

import pytest

from dashboard.strings import LANGUAGES, Strings, plural, preferred_language, texts
from domain.status import LossReason

DASHBOARD = Path(__file__).resolve().parents[3] / "dashboard"
SOURCES = [path for kind in ("*.py", "*.html", "*.js") for path in sorted(DASHBOARD.rglob(kind))]
CODE = "\n".join(path.read_text(encoding="utf-8") for path in SOURCES if path.parent.name != "strings")
ASKED = re.compile(r"""\bs(?:\.n)?\(\s*f?["']([a-z_]+\.[\w.]+)["']""")
BUILT = re.compile(r"""["']([a-z_]+\.(?:[\w]+\.)*)["']\s*~|f["']([a-z_]+\.(?:[\w]+\.)*)\{""")


def placeholders(text: str) -> set[str]:
    return {name for form in text.split("|") for _, name, _, _ in Formatter().parse(form) if name}


def test_no_text_is_missing() -> None:
    assert {key for key in ASKED.findall(CODE) if key not in texts() and not key.endswith(".")} == set()


def test_every_text_is_used() -> None:
    prefixes = {one or other for one, other in BUILT.findall(CODE)}
    unused = {key for key in texts() if key not in CODE and not any(key.startswith(prefix) for prefix in prefixes)}
    assert unused == set()


def test_both_languages_say_the_same_things() -> None:
    assert {key for key, (ru, en) in texts().items() if not ru.strip() or not en.strip()} == set()
    assert {key for key, (ru, en) in texts().items() if placeholders(ru) != placeholders(en)} == set()


def test_counted_texts_have_every_form() -> None:
    counted = {key: pair for key, pair in texts().items() if "|" in pair[0] or "|" in pair[1]}
    assert {key for key, (ru, en) in counted.items() if (ru.count("|"), en.count("|")) != (2, 1)} == set()


@pytest.mark.parametrize(
    ("n", "said"),
    [
        (1, "1 попытка"),
        (2, "2 попытки"),
        (5, "5 попыток"),
        (11, "11 попыток"),
        (21, "21 попытка"),
        (112, "112 попыток"),
    ],
)
def test_russian_counts_as_russians_do(n: int, said: str) -> None:
    assert Strings("ru").n("system.attempts", n) == said


def test_plural_forms_are_those_of_the_language() -> None:
    assert [plural("en", n) for n in (0, 1, 2)] == [1, 0, 1]


def test_every_reason_of_loss_has_its_words() -> None:
    for language, reason in product(LANGUAGES, LossReason):
        assert Strings(language)(f"loss.{reason}")


def test_the_browser_says_which_language() -> None:
    assert preferred_language("ru-RU,ru;q=0.9,en;q=0.8") == "ru"
    assert preferred_language("de,en;q=0.5") == "en"
    assert preferred_language("") == "en"
