"""One JSON object a line on stderr, as journald likes it; `extra` fields become keys.

A fault that lasts says so once a minute, with the number of times that were held back. Secrets never get out.
"""

import json
import logging
import os
import re
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import TextIO

QUIET_S = 60.0
_STANDARD = set(logging.makeLogRecord({}).__dict__) | {"message", "asctime", "taskName"}
_HIDDEN = "***"
_BEARER = re.compile(r"(bearer\s+)[^\s\"',\\]+", re.IGNORECASE)
_MOST_FAULTS = 200
_PRIORITIES = ((logging.CRITICAL, 2), (logging.ERROR, 3), (logging.WARNING, 4), (logging.INFO, 6), (0, 7))
"""Levels and syslog's numbers for them (sd-daemon(3))."""


class JsonFormatter(logging.Formatter):
    """`log.info("chunk_delivered", extra={"seq": 1})` → {"ts": …, "level": …, "event": "chunk_delivered", "seq": 1}.

    `with_priority`: the line starts with journald's <N>.
    """

    def __init__(self, secrets: Iterable[str] = (), *, with_priority: bool = False) -> None:
        super().__init__()
        self._with_priority = with_priority
        self._secrets: tuple[str, ...] = ()
        for secret in secrets:
            self.hide(secret)

    def hide(self, secret: str) -> None:
        """From now on, also as it looks inside of JSON."""
        if secret:
            self._secrets += (secret, json.dumps(secret, ensure_ascii=False)[1:-1])

    def format(self, record: logging.LogRecord) -> str:
        entry: dict[str, object] = {
            "ts": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "event": record.getMessage(),
        }
        entry.update({key: value for key, value in record.__dict__.items() if key not in _STANDARD})
        if record.exc_info:
            entry["error"] = self.formatException(record.exc_info)
        line = json.dumps(entry, ensure_ascii=False, default=str)
        for secret in self._secrets:
            line = line.replace(secret, _HIDDEN)
        line = _BEARER.sub(rf"\1{_HIDDEN}", line)
        priority = next(number for level, number in _PRIORITIES if record.levelno >= level)
        return f"<{priority}>{line}" if self._with_priority else line


class LastingFaults(logging.Filter):
    """Lets a warning or error of one kind (logger, event and its `reason`) pass once a minute; the next that passes
    tells how many were `held_back`."""

    def __init__(self, now_s: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._now_s = now_s
        self._passed: dict[tuple[object, ...], tuple[float, int]] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        if record.levelno < logging.WARNING:
            return True
        kind = (record.name, record.levelno, record.msg, str(getattr(record, "reason", "")))
        now_s = self._now_s()
        last_s, held_back = self._passed.get(kind, (-QUIET_S, 0))
        if now_s - last_s < QUIET_S:
            self._passed[kind] = (last_s, held_back + 1)
            return False
        if held_back:
            record.held_back = held_back
        self._passed.pop(kind, None)
        while len(self._passed) >= _MOST_FAULTS:
            del self._passed[next(iter(self._passed))]
        self._passed[kind] = (now_s, 0)
        return True


def setup(
    level: str = "INFO",
    secrets: Iterable[str] = (),
    stream: TextIO | None = None,
    environment: Mapping[str, str] = os.environ,
) -> JsonFormatter:
    """Called once in the process's wiring place. The formatter takes secrets that become known later."""
    handler = logging.StreamHandler(stream or sys.stderr)
    formatter = JsonFormatter(secrets, with_priority=_is_journal(handler.stream, environment))
    handler.setFormatter(formatter)
    handler.addFilter(LastingFaults())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for noisy in ("httpx", "httpcore"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    return formatter


def _is_journal(stream: TextIO, environment: Mapping[str, str]) -> bool:
    """systemd.exec(5): JOURNAL_STREAM is device:inode of the journal's end of our stderr."""
    try:
        status = os.fstat(stream.fileno())
    except (OSError, ValueError):
        return False
    return environment.get("JOURNAL_STREAM") == f"{status.st_dev}:{status.st_ino}"
