"""After a crash: which half of an effect stands, and what the other half is.

The row decides where files belong. Audio without a row was complete in the outbox before the ledger knew (or the ledger
was replaced): its sidecar makes the row. Audio that should wait and is nowhere is missing.
"""

import logging
from dataclasses import asdict, dataclass
from pathlib import Path

from recorder import durable
from recorder.fate import ChunkState
from recorder.ledger.ledger import Ledger
from recorder.spool.spool_files import Audio, Folders, audio, delete, litter, read_sidecar, transfer

ACKED_IS_KNOWN = "spool_acked_is_known"
"""A note in the ledger: all in acked/ got there after its row was written, so there is no need to look. Its absence
tells a new or replaced ledger."""

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Mended:
    """How many chunks. `adopted`: got a row. `moved`, `deleted`: their files followed the row. `missing`: nowhere.
    `damaged`: not the size that was recorded. `unknown`: audio of which nothing is known, now in the quarantine."""

    adopted: int = 0
    moved: int = 0
    deleted: int = 0
    missing: int = 0
    damaged: int = 0
    unknown: int = 0


def reconcile(folders: Folders, ledger: Ledger) -> Mended:
    """Finishes every half. May be interrupted and done again. Raises OSError, LedgerUnwritable."""
    mended = Mended()
    waiting = ledger.waiting_sizes()
    found = {file.key: (folder, file) for folder in (folders.outbox, folders.quarantine) for file in audio(folder)}
    if ledger.recall(ACKED_IS_KNOWN) is None or not waiting.keys() <= found.keys():
        found |= {file.key: (folders.acked, file) for file in audio(folders.acked)}
    with ledger.together():
        for key in waiting.keys() - found.keys():
            ledger.set_state(key, ChunkState.MISSING, "its file is gone")
            mended.missing += 1
        for folder, file in found.values():
            if file.key in waiting:
                _check_size(ledger, file, waiting[file.key], mended)
            elif ledger.state(file.key) is None:
                _adopt(folders, ledger, folder, file, mended)
    for key, (folder, file) in found.items():
        if folder != folders.outbox or waiting.get(key) != file.size_bytes:
            _follow(folders, ledger, key, folder, mended)
    _tidy(folders)
    ledger.remember(ACKED_IS_KNOWN, "yes")
    if mended != Mended():
        log.warning("spool_reconciled", extra=asdict(mended))
    return mended


def _check_size(ledger: Ledger, file: Audio, size_bytes: int, mended: Mended) -> None:
    if file.size_bytes != size_bytes:
        ledger.set_state(file.key, ChunkState.MISSING, f"{file.size_bytes} bytes instead of {size_bytes}")
        mended.damaged += 1


def _adopt(folders: Folders, ledger: Ledger, folder: Path, file: Audio, mended: Mended) -> None:
    chunk = next((c for place in folders.of_chunks if (c := read_sidecar(file.key, place))), None)
    if chunk is None:
        if folder != folders.quarantine:
            log.error("chunk_without_sidecar", extra={"key": file.key})
            mended.unknown += 1
        return
    ledger.add_chunk(chunk)
    mended.adopted += 1
    if folder == folders.acked:
        ledger.set_state(chunk.key, ChunkState.DELIVERED, "found in acked/", file.modified_ms)
    elif folder == folders.quarantine:
        ledger.set_state(chunk.key, ChunkState.QUARANTINED, "found in quarantine/")
    else:
        _check_size(ledger, file, chunk.size_bytes, mended)


def _follow(folders: Folders, ledger: Ledger, key: str, folder: Path, mended: Mended) -> None:
    """The files go where the row says; those without a row to the quarantine."""
    state = ledger.state(key)
    target = folders.of_state(state) if state else folders.quarantine
    if target is None:
        delete([key], folder)
        mended.deleted += 1
    elif transfer(key, folder, target):
        mended.moved += 1


def _tidy(folders: Folders) -> None:
    for folder in folders.of_chunks:
        useless = litter(folder)
        for path in useless:
            path.unlink(missing_ok=True)
        if useless:
            durable.sync_folder(folder)
