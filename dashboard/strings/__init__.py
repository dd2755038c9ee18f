"""Every text of the dashboard, in the two languages of the shops' managers.

Each module of this package has `TEXTS: Mapping[str, tuple[ru, en]]`; its keys begin with what they belong to:
"today.title". A text with a count has its forms side by side, `"{n} диалог|{n} диалога|{n} диалогов"` (1, 2–4, 5 and
more) and `"{n} dialogue|{n} dialogues"`, and is asked for with `s.n(key, n)`.
"""

from collections.abc import Mapping
from functools import cache
from importlib import import_module
from pkgutil import iter_modules

LANGUAGES = {"ru": "Русский", "en": "English"}


class Strings:
    """The texts of one language: `s("errors.away", reason="…")`, `s.n("today.dialogues", 3)`."""

    def __init__(self, language: str) -> None:
        self.language = language
        self._column = list(LANGUAGES).index(language)

    def __call__(self, key: str, **values: object) -> str:
        """Raises KeyError where there is no such text."""
        text = texts()[key][self._column]
        return text.format(**values) if values else text

    def n(self, key: str, n: int, **values: object) -> str:
        """The form for a count."""
        forms = texts()[key][self._column].split("|")
        return forms[min(plural(self.language, n), len(forms) - 1)].format(n=n, **values)

    def has(self, key: str) -> bool:
        return key in texts()


@cache
def texts() -> Mapping[str, tuple[str, str]]:
    """All modules' texts. Raises ValueError where two define one key."""
    merged: dict[str, tuple[str, str]] = {}
    for module in iter_modules(__path__):
        for key, pair in import_module(f"{__name__}.{module.name}").TEXTS.items():
            if key in merged:
                raise ValueError(f"two texts for {key}")
            merged[key] = pair
    return merged


def plural(language: str, n: int) -> int:
    """Which form a count takes (Unicode CLDR): Russian one, few, many; English one, other."""
    if language != "ru":
        return 0 if n == 1 else 1
    if n % 10 == 1 and n % 100 != 11:
        return 0
    return 1 if n % 10 in (2, 3, 4) and n % 100 not in (12, 13, 14) else 2


def preferred_language(accept_language: str) -> str:
    """The page's language for a browser's Accept-Language header."""
    return "ru" if accept_language.strip().lower().startswith("ru") else "en"
