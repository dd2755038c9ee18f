"""Files of captures that ended, however they ended, as chunks: what was killed is cut at its last whole page."""

import hashlib
import logging
from collections.abc import Collection, Iterator
from pathlib import Path

from recorder.capture import ogg
from recorder.capture.session import Captured, Session, locked, remove_if_done
from recorder.chunk import Chunk, Moment

log = logging.getLogger(__name__)


PATIENCE_S = 3.0
"""For the ffmpeg of an agent that has just been killed: the kernel ends it at once, but not within the same moment."""


def salvage(recording: Path, patience_s: float = PATIENCE_S) -> Iterator[Captured]:
    """Every chunk that earlier captures left in their folders, oldest number first, each once; move it before asking
    for the next. A folder goes when nothing is left in it; one that is still being recorded into after `patience_s`
    is left alone.

    Raises OSError where the disk does not let itself be read or written.
    """
    for folder in sorted(recording.glob("*/")):
        with locked(folder, patience_s) as lock:
            if lock is None:
                log.warning("session_still_recorded", extra={"folder": str(folder)})
                continue
            yield from _of_folder(folder)
            remove_if_done(folder)


def left_over(folder: Path, session: Session, taken: Collection[int] = ()) -> Iterator[Captured]:
    """The files of one session whose capture has ended, but for the numbers in `taken`."""
    for path in sorted(folder.glob("*.ogg")):
        if not path.stem.isdecimal() or (seq := int(path.stem)) in taken:
            continue
        if (captured := finish(path, seq, session, session.start_of(seq), is_listed=False)) is not None:
            yield captured


def finish(path: Path, seq: int, session: Session, start: Moment, *, is_listed: bool) -> Captured | None:
    """The file as a chunk, put in order where it must be; without sound it is removed. Doing it again changes nothing.

    `is_listed`: ffmpeg said that it is finished. Another may be so too, and then it is as long as it should be.

    From the second chunk on nothing is skipped at the start. Skipping is for the encoder's first, empty 6.5 ms; ffmpeg
    asks for it in every file, where it would drop sound: each chunk would lack 6.5 ms of what the last one ended with.
    """
    data = path.read_bytes()
    if (stream := ogg.read(data)) is None:
        log.info("empty_file_removed", extra={"session_id": session.session_id, "seq": seq, "size_bytes": len(data)})
        path.unlink()
        return None
    if seq:
        stream = ogg.without_skip(stream)
    whole = stream.head + data[len(stream.head) : stream.end]
    if whole != data:
        # In place, for much of the file may be on the disk already, and the disks of Pis wear out.
        with path.open("r+b") as file:
            file.write(stream.head)
            file.truncate(stream.end)
    is_full = len(whole) == len(data) and stream.samples >= session.full_samples(seq)
    chunk = Chunk(
        session_id=session.session_id,
        seq=seq,
        identity=session.identity,
        start=start,
        length_ms=round(stream.samples * 1000 / ogg.OPUS_RATE),
        sample_rate=session.sample_rate,
        channels=1,
        size_bytes=len(whole),
        sha256=hashlib.sha256(whole).hexdigest(),
        salvaged=not (is_listed or is_full),
    )
    return Captured(path, chunk)


def _of_folder(folder: Path) -> Iterator[Captured]:
    try:
        session = Session.read(folder)
    except (FileNotFoundError, ValueError) as error:
        # Written and synced before ffmpeg starts: sound without it means a damaged disk. Whose it is nobody can say.
        if any(folder.glob("*.ogg")):
            log.error("session_unreadable", extra={"folder": str(folder), "error": str(error)})
        return
    yield from left_over(folder, session)
