"""Every effect of the spool on a prepared spool, stopped or watched at each change that it makes to the disk.

`python spool_effects.py kill EFFECT PREPARED RESULTS`: for every change that the effect makes, a copy of the prepared
spool on which a process was killed just before that change: RESULTS/0, RESULTS/1, … and RESULTS/whole.
"""

import os
import shutil
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

from recorder.chunk import Chunk
from recorder.fate import ChunkState
from recorder.ledger.ledger import Ledger
from recorder.spool.janitor import Janitor
from recorder.spool.retention import Limits
from recorder.spool.spool import Spool
from recorder.steps import Step
from tests.integration.recorder.spooling import WALL_MS, cut, opened, told_ms

WAITING, DELIVERED, REFUSED, NEW = 1, 2, 3, 4
"""The chunks of the prepared spool, by number; the new one is still in recording/."""

Effect = Callable[[Spool, Ledger], None]


def prepare(root: Path) -> None:
    spool, ledger = opened(root)
    for seq in (WAITING, DELIVERED, REFUSED):
        chunk = spool.complete(cut(root, seq))
        if seq == DELIVERED:
            spool.acknowledge(chunk, told_ms(chunk), "chunk-id")
        if seq == REFUSED:
            spool.quarantine(chunk, 422, "not audio")
    cut(root, NEW)
    spool.reconcile()
    ledger.close()


def _chunk(ledger: Ledger, seq: int) -> Chunk:
    chunk = ledger.chunk(f"session-{seq:06d}")
    assert chunk
    return chunk


def _complete(spool: Spool, ledger: Ledger) -> None:
    if (spool.folders.recording / "session" / f"{NEW:06d}.ogg").exists():
        spool.complete(cut(spool.folders.root, NEW))


def _acknowledge(spool: Spool, ledger: Ledger) -> None:
    spool.acknowledge(_chunk(ledger, WAITING), told_ms(_chunk(ledger, WAITING)), "chunk-id")


def _quarantine(spool: Spool, ledger: Ledger) -> None:
    spool.quarantine(_chunk(ledger, WAITING), 415, "no")


def _requeue(spool: Spool, ledger: Ledger) -> None:
    spool.requeue(_chunk(ledger, REFUSED))


def _evict(spool: Spool, ledger: Ledger) -> None:
    spool.evict(ledger.entries(ChunkState.WAITING), "no space")


def _discard(spool: Spool, ledger: Ledger) -> None:
    spool.discard(ledger.entries(ChunkState.WAITING), "the clock was wrong")


def _sweep(spool: Spool, ledger: Ledger) -> None:
    """The spool is too large by all that it holds."""
    Janitor(spool, ledger, Limits(7, 1, 0), lambda: WALL_MS).run_once()


EFFECTS: dict[str, tuple[Effect, dict[int, ChunkState]]] = {
    "complete": (_complete, {NEW: ChunkState.WAITING}),
    "acknowledge": (_acknowledge, {WAITING: ChunkState.DELIVERED}),
    "quarantine": (_quarantine, {WAITING: ChunkState.QUARANTINED}),
    "requeue": (_requeue, {REFUSED: ChunkState.WAITING}),
    "evict": (_evict, {WAITING: ChunkState.EVICTED}),
    "discard": (_discard, {WAITING: ChunkState.OUT_OF_HOURS}),
    "sweep": (_sweep, {WAITING: ChunkState.EVICTED, REFUSED: ChunkState.EVICTED}),
}
"""By name, and which chunks it changes to what."""

_observers: list[Callable[[], None]] = []
_CHANGES = ("os.rename", "os.remove", "os.mkdir", "os.utime", "os.truncate")


def _audit(event: str, arguments: tuple[object, ...]) -> None:
    """Python tells of a change just before it is made."""
    is_change = event in _CHANGES
    if event == "open" and isinstance(arguments[2], int):
        is_change = bool(arguments[2] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT))
    if is_change:
        _observed()


def _observed() -> None:
    if _observers:
        observer = _observers.pop()
        observer()
        _observers.append(observer)


def at_step(step: Step) -> None:
    _observed()


@contextmanager
def observed(observer: Callable[[], None]) -> Iterator[None]:
    """The observer is called before every change to the disk that is made inside, and before every commit."""
    if not hasattr(sys, "_spool_effects_audited"):
        sys.addaudithook(_audit)
        sys._spool_effects_audited = True  # type: ignore[attr-defined]
    _observers.append(observer)
    try:
        yield
    finally:
        _observers.clear()


def kill_before_change(number: int, root: Path, effect: Effect) -> bool:
    """Forks a process that dies before its change of that number; False where it came to the end."""
    pid = os.fork()
    if pid == 0:
        spool, ledger = opened(root, at_step)
        left = iter(range(number, -1, -1))
        with observed(lambda: os.kill(os.getpid(), signal.SIGKILL) if next(left) == 0 else None):
            effect(spool, ledger)
        os._exit(0)
    _, status = os.waitpid(pid, 0)
    if os.WIFSIGNALED(status):
        return True
    assert status == 0, status
    return False


def main(name: str, prepared: Path, results: Path) -> None:
    effect = (lambda spool, ledger: spool.reconcile()) if name == "reconcile" else EFFECTS[name][0]
    for number in count():
        root = results / str(number)
        shutil.copytree(prepared, root)
        if not kill_before_change(number, root, effect):
            root.rename(results / "whole")
            return


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]))
