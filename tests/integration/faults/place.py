"""What all cells of the matrix share, and what each of them finds."""

import shutil
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import AbstractAsyncContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from rich.table import Table

from db import embedded, migrate
from serve_apps.whisper.assembly import build_engine
from serve_apps.whisper.engine import Engine
from serve_apps.whisper.options import suspicion_rules
from tests.buckets import S3Server
from tests.conftest import NOT_DURABLE
from tests.integration.faults.line import Line, line
from tests.integration.faults.outcome import Outcome
from tests.integration.shop import settings_for_tests
from tests.openai_server import OpenAIServer, openai_server


@dataclass
class Findings:
    """`accepted`, `refused`: uploads while the fault lasted, the latter by status; `recovery_s`: from its end until all
    was judged."""

    accepted: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    recovery_s: float = 0.0
    problems: list[str] = field(default_factory=list)


@dataclass
class Place:
    """A database server of the matrix's own in `home`, the real model, a language model and an S3 server that can be
    stopped."""

    home: Path
    url: str
    engine: Engine
    llm: OpenAIServer
    s3: S3Server
    truth: Outcome | None = None

    @property
    def env(self) -> dict[str, str]:
        """What a process of the system gets here."""
        model = {"OPENAI_BASE_URL": self.llm.url, "OPENAI_API_KEY": "sk-test"}
        return {**model, "SALESCONTROL_HOME": str(self.home), "DATABASE_URL": self.url}

    def line(self, hosted: Sequence[str] | None = None, **env: str) -> AbstractAsyncContextManager[Line]:
        """A running system with a worker of these stages, all where None."""
        return line(self.url, self.engine, hosted, **{**self.env, **env})

    async def undisturbed(self) -> Outcome:
        """What comes of a chunk when nothing happens. Played once."""
        if self.truth is None:
            async with self.line() as line:
                recorder = await line.recorder()
                await line.deliver(recorder)
                (self.truth,) = await line.settle([recorder])
        return self.truth


@contextmanager
def open_place() -> Iterator[Place]:
    """Starts what all cells share, and ends it."""
    home = Path(tempfile.mkdtemp(prefix="sc-faults-"))
    settings = settings_for_tests(SALESCONTROL_HOME=str(home))
    engine = build_engine(settings, settings.asr.fast.model, "int8", suspicion_rules(settings.asr))
    s3 = S3Server()
    try:
        url = embedded.start(home, NOT_DURABLE)
        migrate.upgrade(url)
        with openai_server() as llm:
            yield Place(home, url, engine, llm, s3)
    finally:
        s3.stop()
        embedded.stop(home)
        shutil.rmtree(home)


def table(results: dict[str, Findings]) -> Table:
    """For people."""
    shown = Table("fault", "accepted meanwhile", "refused meanwhile", "recovery, s", "lost or doubled")
    for name, found in results.items():
        refused = ", ".join(f"{count} × {status}" for status, count in found.refused.items()) or "none"
        verdict = f"[red]{'; '.join(found.problems)[:300]}[/]" if found.problems else "[green]nothing[/]"
        shown.add_row(name, str(found.accepted), refused, f"{found.recovery_s:.1f}", verdict)
    return shown
