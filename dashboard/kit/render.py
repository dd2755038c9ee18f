"""Templates into HTML. Everything is escaped: what was spoken, typed or guessed is never markup."""

from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from dashboard.kit.charts import attribute
from dashboard.kit.format import Format
from dashboard.strings import Strings

TEMPLATES = Path(__file__).resolve().parent.parent / "templates"


@dataclass(frozen=True)
class Look:
    """How this person wants to see it. theme: light or dark."""

    language: str
    theme: str = "light"

    @cached_property
    def s(self) -> Strings:
        return Strings(self.language)

    @cached_property
    def f(self) -> Format:
        return Format(self.s)

    def render(self, template: str, **context: Any) -> str:
        """Raises jinja2.UndefinedError where the context lacks a name."""
        return environment().get_template(template).render(s=self.s, f=self.f, look=self, **context)


@cache
def environment() -> Environment:
    """Compiled templates are shared by all sessions."""
    made = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=select_autoescape(default=True, default_for_string=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters["attribute"] = attribute
    return made
