"""Log lines: JSON, without secrets, and not the same fault again and again."""

import io
import json
import logging
import os
from collections.abc import Iterator

import pytest

from recorder import logs

SECRET = 's3cr3t"\\T0ken'


@pytest.fixture
def root() -> Iterator[logging.Logger]:
    """The root logger, put back as it was."""
    logger = logging.getLogger()
    handlers, level = logger.handlers[:], logger.level
    yield logger
    logger.handlers[:], logger.level = handlers, level


def lines(stream: io.StringIO) -> list[dict[str, object]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_a_line_is_one_json_object_with_the_fields_of_the_event(root: logging.Logger) -> None:
    stream = io.StringIO()
    logs.setup("INFO", stream=stream)
    logging.getLogger("recorder.spool.spool").info("chunk_delivered", extra={"seq": 7, "shop": "Лавка\nу дома"})
    logging.getLogger("recorder").debug("not_asked_for")
    [line] = lines(stream)
    assert line["event"] == "chunk_delivered"
    assert (line["level"], line["logger"], line["seq"]) == ("INFO", "recorder.spool.spool", 7)
    assert line["shop"] == "Лавка\nу дома"
    assert str(line["ts"]).endswith("+00:00")


def test_an_exception_is_inside_of_the_line(root: logging.Logger) -> None:
    stream = io.StringIO()
    logs.setup(stream=stream)
    try:
        raise OSError(28, "No space left on device")
    except OSError:
        logging.getLogger("recorder").exception("chunk_not_kept")
    assert "No space left" in str(lines(stream)[0]["error"])


def test_secrets_are_in_no_line_whatever_carries_them(root: logging.Logger) -> None:
    stream = io.StringIO()
    formatter = logs.setup("DEBUG", [SECRET], stream)
    log = logging.getLogger("recorder")
    log.info("sent", extra={"headers": {"Authorization": f"Bearer {SECRET}"}, "raw": SECRET})
    log.info("token %s", SECRET)
    try:
        raise ValueError(SECRET)
    except ValueError:
        log.exception("failed")
    log.info("other", extra={"header": "Bearer another-token"})
    formatter.hide("enrolled-later")
    log.info("enrolled-later")
    said = stream.getvalue()
    assert "T0ken" not in said
    assert "another-token" not in said
    assert "enrolled-later" not in said
    assert len(lines(stream)) == 5


def test_a_lasting_fault_is_said_once_a_minute_with_what_was_held_back() -> None:
    now_s = 0.0
    faults = logs.LastingFaults(lambda: now_s)
    passed = []
    for now_s in range(0, 121):
        record = logging.LogRecord("recorder", logging.WARNING, "", 0, "upload_failed", None, None)
        if faults.filter(record):
            passed.append((now_s, getattr(record, "held_back", 0)))
    assert passed == [(0, 0), (60, 59), (120, 59)]


def test_other_faults_reasons_and_plain_events_are_not_held_back() -> None:
    faults = logs.LastingFaults(lambda: 0.0)

    def passes(level: int, event: str, **fields: object) -> bool:
        return faults.filter(logging.makeLogRecord({"name": "r", "levelno": level, "msg": event, **fields}))

    assert passes(logging.WARNING, "upload_failed", reason="timeout")
    assert not passes(logging.WARNING, "upload_failed", reason="timeout")
    assert passes(logging.WARNING, "upload_failed", reason="refused")
    assert passes(logging.ERROR, "disk_full")
    assert all(passes(logging.INFO, "chunk_delivered") for _ in range(3))


def test_kinds_of_faults_without_end_do_not_fill_the_memory() -> None:
    faults = logs.LastingFaults(lambda: 0.0)
    for number in range(10_000):
        faults.filter(logging.makeLogRecord({"levelno": logging.ERROR, "msg": f"fault {number}"}))
    assert len(faults._passed) <= 200


def test_in_the_journal_a_line_starts_with_its_priority(root: logging.Logger) -> None:
    reading, writing = os.pipe()
    status = os.fstat(writing)
    with os.fdopen(reading) as reader, os.fdopen(writing, "w") as stream:
        logs.setup(stream=stream, environment={"JOURNAL_STREAM": f"{status.st_dev}:{status.st_ino}"})
        logging.getLogger("recorder").error("disk_full")
        logging.getLogger("recorder").info("started")
        assert [reader.readline()[:4] for _ in range(2)] == ["<3>{", "<6>{"]
