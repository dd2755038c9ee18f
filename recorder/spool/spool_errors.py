"""Why nothing can be written now, in words for the person who can mend it."""

import errno
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from recorder.ledger.ledger import LedgerUnwritable

_FULL = (errno.ENOSPC, errno.EDQUOT)
_NEXT_TO_NOTHING_BYTES = 64 * 1024
_FORBIDDEN = (errno.EACCES, errno.EPERM)


class SpoolError(Exception):
    """What could not be done with the spool.

    SpoolError
    ├── DiskFull          no space, or over quota: the janitor may make room. Try again
    ├── SpoolUnwritable   read-only, no permission, gone, or the disk answers with errors. Try again
    └── ChunkGone         there is nothing to try again with
    """


class DiskFull(SpoolError):
    """No space left on the spool's disk."""


class SpoolUnwritable(SpoolError):
    """The spool's folder or disk takes no writes."""


class ChunkGone(SpoolError):
    """A captured file vanished before it was kept."""


@contextmanager
def explained(root: Path) -> Iterator[None]:
    """Raises SpoolError for what goes wrong with the spool at `root` or its ledger."""
    try:
        yield
    except (OSError, LedgerUnwritable) as error:
        if is_full(root, error):
            raise DiskFull(f"no space left on the disk of {root}: make room there, or lower max_spool_gb") from error
        raise SpoolUnwritable(_words(root, error)) from error


def is_full(root: Path, error: OSError | LedgerUnwritable) -> bool:
    """It is for want of space. SQLite does not always say so: then the disk is asked."""
    if isinstance(error, OSError):
        return error.errno in _FULL
    cause = error.__cause__
    if isinstance(cause, sqlite3.Error) and cause.sqlite_errorcode & 0xFF == sqlite3.SQLITE_FULL:
        return True
    try:
        disk = os.statvfs(root)
    except OSError:
        return False
    return disk.f_bavail * disk.f_frsize < _NEXT_TO_NOTHING_BYTES


def _words(root: Path, error: OSError | LedgerUnwritable) -> str:
    if isinstance(error, LedgerUnwritable):
        return f"the ledger can't be written: {error}"
    if error.errno == errno.EROFS:
        return f"{root} is read-only now: the card or disk may be worn out; check it and restart"
    if error.errno in _FORBIDDEN:
        return f"no permission in {root}: sudo chown -R recorder-agent: {root}"
    return f"{error.filename or root}: {error.strerror or error}"
