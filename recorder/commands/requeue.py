"""`requeue`: what the server refused for good goes out again, after something was mended."""

import argparse
from collections.abc import Sequence
from contextlib import closing

from recorder.chunk import Chunk
from recorder.commands.context import FAILED, USAGE, CommandError, configuration, io_error, language, put, spool_folder
from recorder.fate import ChunkState
from recorder.ledger.ledger import Ledger, LedgerError
from recorder.spool.spool import Spool, SpoolError
from recorder.spool.spool_files import LEDGER
from recorder.timing import clock
from recorder.wording import say


def execute(args: argparse.Namespace) -> int:
    config = configuration(args)
    chosen = language(args, config)
    if bool(args.keys) == args.all:
        raise CommandError(say("requeue.which", chosen), USAGE)
    folder, system = spool_folder(config, chosen), clock.SystemClock()
    try:
        with closing(Ledger.attach(folder / LEDGER, system)) as ledger:
            spool = Spool(folder, ledger, system)
            refused = _refused(ledger, args.keys)
            done = {chunk.key for chunk in refused if spool.requeue(chunk)}
    except (LedgerError, SpoolError) as error:
        raise CommandError(say("failed", chosen, path=folder, reason=error)) from error
    except OSError as error:
        raise io_error(error, folder, chosen) from error
    missing = [key for key in (args.keys or [chunk.key for chunk in refused]) if key not in done]
    for key in missing:
        put(say("requeue.unknown", chosen, key=key))
    put(say("requeue.done", chosen, count=len(done)))
    return FAILED if missing else 0


def _refused(ledger: Ledger, keys: Sequence[str]) -> list[Chunk]:
    """Those in quarantine: all, or those named."""
    chunks = [entry.chunk for entry in ledger.entries(ChunkState.QUARANTINED)]
    return [chunk for chunk in chunks if not keys or chunk.key in keys]
