"""`resume`: the pause is over before its time."""

import argparse

from recorder.commands.context import configuration, io_error, language, put, spool_folder
from recorder.timing.pause import FILE_NAME, PauseStore
from recorder.wording import say


def execute(args: argparse.Namespace) -> int:
    config = configuration(args)
    chosen = language(args, config)
    folder = spool_folder(config, chosen)
    try:
        was_paused = PauseStore(folder / FILE_NAME).resume()
    except OSError as error:
        raise io_error(error, folder, chosen) from error
    put(say("pause.ended" if was_paused else "pause.none", chosen))
    return 0
