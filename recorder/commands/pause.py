"""`pause`: somebody at the counter doesn't want to be recorded."""

import argparse
import time
from datetime import UTC, datetime

from recorder.commands.context import USAGE, CommandError, configuration, health, io_error, language, put, spool_folder
from recorder.ledger.day_report import duration, time_of_agent_ms
from recorder.timing import clock
from recorder.timing.pause import FILE_NAME, PauseStore, parse
from recorder.timing.schedule import Schedule
from recorder.wording import say

_CONFIRM_S = 5.0
_ASK_EACH_S = 0.2


def execute(args: argparse.Namespace) -> int:
    config = configuration(args)
    chosen = language(args, config)
    folder = spool_folder(config, chosen)
    running = health(config.health_port)
    now, zone = clock.moment(clock.SystemClock()), Schedule.from_config(config).zone
    wall_ms = time_of_agent_ms(running) or now.wall_ms
    try:
        request = parse(" ".join(args.when), wall_ms, zone)
    except ValueError as error:
        raise CommandError(str(error), USAGE) from error
    try:
        PauseStore(folder / FILE_NAME).start(request, now)
    except OSError as error:
        raise io_error(error, folder, chosen) from error
    until = datetime.fromtimestamp(request.until_ms / 1000, UTC).astimezone(zone)
    lasts = duration((request.until_ms - wall_ms) / 1000, chosen)
    put(say("pause.begun", chosen, until=f"{until:%d.%m. %H:%M:%S} ({zone.key})", lasts=lasts))
    if running is None:
        put(say("pause.not_running", chosen))
    elif not _is_confirmed(config.health_port):
        put(say("pause.unconfirmed", chosen))
        return 1
    return 0


def _is_confirmed(port: int) -> bool:
    end_s = time.monotonic() + _CONFIRM_S
    while time.monotonic() < end_s:
        if (health(port) or {}).get("pause"):
            return True
        time.sleep(_ASK_EACH_S)
    return False
