"""Why a capture ended, told from ffmpeg's last words."""

import errno
from collections.abc import Sequence
from dataclasses import dataclass

from recorder.fate import Condition


@dataclass(frozen=True, slots=True)
class Ending:
    """`condition`: what the agent is in now, None where the capture ended because it was told to. `detail`: one line
    for a person. `stderr`: ffmpeg's last lines."""

    condition: Condition | None
    detail: str
    stderr: tuple[str, ...] = ()


_KNOWN: tuple[tuple[tuple[str, ...], Condition, str], ...] = (
    (("No space left on device", "Disk quota exceeded"), Condition.DISK_FULL, "no space left on the disk"),
    (
        ("Read-only file system", "Failed to open segment"),
        Condition.SPOOL_UNWRITABLE,
        "the spool folder cannot be written",
    ),
    (("Unknown encoder 'libopus'",), Condition.CAPTURE_FAILED, "this ffmpeg has no libopus; install Debian's ffmpeg"),
    (("Unknown input format: 'alsa'",), Condition.CAPTURE_FAILED, "this ffmpeg has no ALSA; install Debian's ffmpeg"),
    (("ffmpeg: not found",), Condition.CAPTURE_FAILED, "ffmpeg is not installed: sudo apt install ffmpeg"),
    (
        ("cannot set channel count", "cannot set sample rate", "cannot set sample format"),
        Condition.CAPTURE_FAILED,
        "the device cannot record mono at this rate; use a plughw: name as audio_device",
    ),
    (("(Device or resource busy)",), Condition.MICROPHONE_BUSY, "another program holds the microphone"),
    (
        ("(Permission denied)", "(Operation not permitted)"),
        Condition.NO_MICROPHONE,
        "no permission to use the microphone; add the user to the group audio",
    ),
    (("ALSA read error",), Condition.NO_MICROPHONE, "the microphone was unplugged or failed"),
    (("cannot open audio device",), Condition.NO_MICROPHONE, "there is no such microphone"),
)
"""Earlier rows win. The words are ffmpeg's (libavdevice/alsa.c, alsa_dec.c; fftools) and the C library's."""


_CANNOT_WRITE = ("av_interleaved_write_frame()", "No space left on device", "Read-only file system")


def is_fatal(line: str) -> bool:
    """ffmpeg says that it can't write the sound. Some versions go on all the same, for the levels can be told still;
    `-xerror` would end them, but also throw away the last second when a microphone is unplugged."""
    return any(words in line for words in _CANNOT_WRITE)


_OF_DISK = {errno.ENOSPC: Condition.DISK_FULL, errno.EDQUOT: Condition.DISK_FULL} | dict.fromkeys(
    (errno.EROFS, errno.EACCES, errno.EPERM, errno.EIO), Condition.SPOOL_UNWRITABLE
)


def of_error(error: OSError, stderr: Sequence[str]) -> Ending:
    """Where not ffmpeg but we could not go on."""
    condition = _OF_DISK.get(error.errno or 0, Condition.CAPTURE_FAILED)
    return Ending(condition, f"the recording cannot go on: {error}", tuple(stderr))


def classify(returncode: int, stderr: Sequence[str], *, told_to_end: bool) -> Ending:
    """`returncode`: as Popen gives it, negative for a signal. `stderr`: the last lines, oldest first."""
    lines = tuple(stderr)
    if told_to_end:
        return Ending(None, "", lines)
    for words, condition, detail in _KNOWN:
        if any(word in line for word in words for line in lines):
            return Ending(condition, detail, lines)
    if returncode < 0:
        return Ending(Condition.CAPTURE_FAILED, f"ffmpeg was ended by signal {-returncode}", lines)
    last = f": {lines[-1]}" if lines else ""
    return Ending(Condition.CAPTURE_FAILED, f"ffmpeg ended with code {returncode}{last}", lines)
