"""The one log format: a JSON object a line on stderr; `extra` fields become keys.

What the work is about is said once, by `about`: every line that is written meanwhile carries it, a library's lines and
those of `asyncio.to_thread` and of tasks begun there included.
"""

import json
import logging
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from types import MappingProxyType

_STANDARD = set(logging.makeLogRecord({}).__dict__) | {"message", "asctime", "taskName"}


_about: ContextVar[Mapping[str, object]] = ContextVar("about", default=MappingProxyType({}))


@contextmanager
def about(**fields: object) -> Iterator[None]:
    """Fields such as dialogue_id for every line until the end of the block; None leaves one out."""
    token = _about.set({**_about.get(), **{name: value for name, value in fields.items() if value is not None}})
    try:
        yield
    finally:
        _about.reset(token)


class JsonFormatter(logging.Formatter):
    """`log.info("stage_done", extra={"job_id": 1})` → {"ts": …, "level": …, "event": "stage_done", "job_id": 1}."""

    def format(self, record: logging.LogRecord) -> str:
        entry: dict[str, object] = {
            "ts": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "event": record.getMessage(),
            **_about.get(),
        }
        entry.update({key: value for key, value in record.__dict__.items() if key not in _STANDARD})
        if record.exc_info:
            entry["error"] = self.formatException(record.exc_info)
        return json.dumps(entry, ensure_ascii=False, default=str)


def setup(level: str = "INFO") -> None:
    """Called once in each process's wiring place."""
    # The process's own: Ray Serve puts a logger of its level in the place of sys.stderr in replicas, which would keep
    # back what is below that level, our errors included.
    handler = logging.StreamHandler(sys.__stderr__ or sys.stderr)
    handler.setFormatter(JsonFormatter())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for noisy in ("httpx", "httpx2", "httpcore", "httpcore2", "openai", "faster_whisper", "uvicorn.access", "alembic"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
