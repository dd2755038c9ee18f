"""`ledger`: what became of every second of a day."""

import argparse
from contextlib import closing
from datetime import date

from recorder.commands.context import (
    USAGE,
    CommandError,
    configuration,
    health,
    io_error,
    language,
    put,
    put_json,
    spool_folder,
)
from recorder.config.config import RecorderConfig
from recorder.ledger.day_report import Day, document, lines, time_of_agent_ms, today, windows_of
from recorder.ledger.ledger import Ledger, LedgerError
from recorder.spool.spool_files import LEDGER
from recorder.timing import clock
from recorder.timing.schedule import Schedule
from recorder.wording import Language, say

YEARS = range(1970, 2200)
"""Days outside of them have no instants that the schedule can name."""


def execute(args: argparse.Namespace) -> int:
    config = configuration(args)
    chosen = language(args, config)
    day = _day(config, args.day, chosen)
    if args.json:
        put_json(document(day))
    else:
        for line in lines(day, chosen):
            put(line)
    return 0


def _day(config: RecorderConfig, wanted: str | None, chosen: Language) -> Day:
    folder, schedule = spool_folder(config, chosen), Schedule.from_config(config)
    system = clock.SystemClock()
    now_ms = time_of_agent_ms(health(config.health_port)) or system.wall_ms()
    try:
        on = date.fromisoformat(wanted) if wanted else today(now_ms, schedule.zone)
        if on.year not in YEARS:
            raise ValueError(on)
    except ValueError:
        raise CommandError(say("day.bad", chosen, text=wanted), USAGE) from None
    try:
        with closing(Ledger.attach(folder / LEDGER, system)) as ledger:
            windows = windows_of(on, schedule)
            known_ms = ledger.known_from_ms
            known = [(max(start, known_ms), end) for start, end in windows if end > known_ms]
            return Day(on, schedule.zone, windows, tuple(ledger.account(known, now_ms)))
    except LedgerError as error:
        raise CommandError(say("failed", chosen, path=folder / LEDGER, reason=error)) from error
    except OSError as error:
        raise io_error(error, folder, chosen) from error
