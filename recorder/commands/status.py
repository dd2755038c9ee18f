"""`status`: the running agent's health, for people."""

import argparse
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from recorder.commands.context import FAILED, CommandError, configuration, health, language, put, put_json
from recorder.config.config import RecorderConfig
from recorder.health.health import LedgerDay
from recorder.ledger.day_report import duration, sentence
from recorder.wording import Language, say

_DEFAULT_PORT = 8042
_GIGABYTE, _MEGABYTE = 1_000_000_000, 1_000_000


def execute(args: argparse.Namespace) -> int:
    config = _configuration(args)
    chosen = language(args, config)
    port = config.health_port if config else _DEFAULT_PORT
    document = health(port)
    if document is None:
        raise CommandError(say("status.not_running", chosen, port=port))
    if args.json:
        put_json(document)
    else:
        for line in lines(document, chosen):
            put(line)
    return FAILED if document["status"] == "failing" else 0


def _configuration(args: argparse.Namespace) -> RecorderConfig | None:
    """Whoever may not read the configuration may still see the status, on the usual port."""
    try:
        return configuration(args)
    except CommandError:
        if args.config is not None:
            raise
        return None


def lines(document: dict[str, Any], chosen: Language) -> Iterator[str]:
    """The table, then what is to be mended."""
    rows = list(_rows(document, chosen))
    width = max(len(name) for name, _ in rows)
    yield from (f"{name:<{width}}  {value}" for name, value in rows)
    if document["problems"]:
        yield ""
        yield say("status.problems", chosen)
        yield from (f"  - {problem['message']}" for problem in document["problems"])


def _rows(document: dict[str, Any], chosen: Language) -> Iterator[tuple[str, str]]:
    def row(key: str, value: str) -> tuple[str, str]:
        return say(f"status.{key}", chosen), value

    microphone, level, clock, disk = (document[key] for key in ("microphone", "level", "clock", "disk"))
    yield row("recorder", f"{say('condition.' + document['condition'], chosen)} ({document['version']})")
    if document["pause"]:
        until = datetime.fromisoformat(document["pause"]["until"]).astimezone()
        yield row("pause", say("status.until", chosen, until=f"{until:%H:%M:%S}"))
    yield row("microphone", " ".join(filter(None, (microphone["name"], microphone["pcm"]))) or "–")
    if level["rms_dbfs"] is not None:
        peak = "–" if level["peak_dbfs"] is None else f"{level['peak_dbfs']:.0f}"
        yield row("level", say("status.level_text", chosen, rms=f"{level['rms_dbfs']:.0f}", peak=peak))
    if document["last_chunk_age_s"] is not None:
        age = duration(document["last_chunk_age_s"], chosen)
        yield row("last_chunk", say("status.ago", chosen, time=age))
    sent, errors = document["uploaded_total"], document["upload_errors_total"]
    yield row("queue", say("status.queue_text", chosen, files=document["queue_size"], sent=sent, errors=errors))
    free, spool = disk["free_bytes"] / _GIGABYTE, disk["spool_bytes"] / _MEGABYTE
    yield row("disk", say("status.disk_text", chosen, free=f"{free:.1f}", spool=f"{spool:.1f}"))
    state = say(f"clock.{clock['state']}", chosen)
    error = f"{clock['error_s']:.1f}"
    yield row("clock", say("status.clock_text", chosen, state=state, source=clock["source"], error=error))
    yield row("today", sentence(LedgerDay(**document["ledger"]), chosen))
