"""ffmpeg as the recorder uses it: its command line, and what it says while it runs.

One process reads the microphone and, counting samples, does two things: it encodes Opus into files cut every
`chunk_s` seconds of samples, and it tells the level of every second. Both ways of saying come through pipes, so nothing
but sound is written to the disk:

- the list: `000007.ogg,420.000000,480.000000` the moment a file is finished;
- the levels: a block a second, `frame:…  pts:<first sample>  …` and the figures.

Cuts fall on whole packets of 20 ms exactly, for `chunk_s` is a whole number of them.
"""

import math
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from recorder.chunk import Identity

OPUS_RATES = (8_000, 12_000, 16_000, 24_000, 48_000)
LOOKAHEAD_SAMPLES = 312
"""At 48 kHz: libopus' encoder delay for voip and audio. Each chunk but the first begins that much before the cut, for
its first packet carries the sound that the encoder still held back."""

_CENTURY_S = 3_000_000_000
_FIGURES = ("RMS_level", "Peak_level", "Number_of_samples")
FILE_NAME = "%06d.ogg"
_QUEUE_PACKETS = 8192
"""Between the thread that reads ALSA and the encoder: ffmpeg asks for the card's shortest period, often 1 ms, and takes
one packet each, so this lets the disk stall for 8 s or more before the card overruns."""


@dataclass(frozen=True, slots=True)
class CaptureSpec:
    """What to record. `pcm`: an ALSA name. `sample_rate`: Hertz asked of the card; it must offer one channel."""

    pcm: str
    sample_rate: int
    chunk_s: int
    bitrate_kbps: int
    identity: Identity

    @property
    def encoded_rate(self) -> int:
        """Hertz in which samples are counted and encoded: the lowest that Opus knows and that loses nothing."""
        return next((rate for rate in OPUS_RATES if rate >= self.sample_rate), OPUS_RATES[-1])


@dataclass(frozen=True, slots=True)
class Level:
    """Of one second of sound. `samples`: counted from the start of the capture to its end. dBFS; -inf for zeros."""

    samples: int
    rms_dbfs: float
    peak_dbfs: float


def command(spec: CaptureSpec, folder: Path, levels_fd: int, list_fd: int) -> list[str]:
    """Arguments, the program first. `folder` gets the files; the descriptors must be inherited."""
    rate = spec.encoded_rate
    graph = (
        f"[0:a]aformat=sample_fmts=s16:sample_rates={rate}:channel_layouts=mono,asetpts=N/SR/TB,asplit[sound][copy];"
        f"[copy]asetnsamples={rate}:p=0,"
        f"astats=metadata=1:reset=1:measure_perchannel=none:measure_overall={'+'.join(_FIGURES)},"
        rf"ametadata=mode=print:file='pipe\:{levels_fd}':direct=1[levels]"
    )
    return [
        *("ffmpeg", "-hide_banner", "-nostdin", "-nostats", "-loglevel", "warning"),
        # ALSA's timestamps are wall time. A step of over 30 h, as a Pi without a clock of its own makes, would be told
        # twice for each packet for ever.
        *("-dts_error_threshold", str(_CENTURY_S)),
        *("-thread_queue_size", str(_QUEUE_PACKETS), "-f", "alsa"),
        *("-sample_rate", str(spec.sample_rate), "-channels", "1", "-i", spec.pcm),
        *("-filter_complex", graph),
        *("-map", "[sound]", "-c:a", "libopus", "-b:a", f"{spec.bitrate_kbps}k", "-application", "voip"),
        *("-vbr", "on", "-frame_duration", "20"),
        *("-f", "segment", "-segment_time", str(spec.chunk_s), "-segment_format", "ogg", "-reset_timestamps", "1"),
        # Two pages a second, handed to the kernel at once. ffmpeg holds back one whole page (libavformat/oggenc.c), so
        # that killing it costs up to a second.
        *("-segment_format_options", "page_duration=500000:flush_packets=1"),
        *("-segment_list", f"pipe:{list_fd}", "-segment_list_type", "csv", "-segment_list_size", "0"),
        f"{str(folder).replace('%', '%%')}/{FILE_NAME}",
        *("-map", "[levels]", "-f", "null", "-"),
    ]


def bound_to_this_process(arguments: list[str]) -> list[str]:
    """The command, to be killed by the kernel when the *thread* that starts it ends, however that happens: PDEATHSIG
    of prctl(2), set by setpriv from util-linux. The shell sees whether the thread's process was gone before that."""
    guard = '[ "$PPID" = "$0" ] && exec "$@"'
    return ["setpriv", "--pdeathsig", "KILL", "--", "sh", "-c", guard, str(os.getpid()), *arguments]


def environment(outer: Mapping[str, str]) -> dict[str, str]:
    """Of the process: errors are told in English, for `ending` knows them by their words."""
    return {**outer, "LC_ALL": "C", "AV_LOG_FORCE_NOCOLOR": "1"}


def finished_seq(line: str) -> int:
    """The number of the file that a line of the list names. Raises ValueError for another line."""
    return int(line.partition(",")[0].removesuffix(".ogg"))


class LevelLines:
    """Puts the blocks of level lines together again."""

    _FRAME = re.compile(r"frame:\d+\s+pts:(\d+)")
    _FIGURE = re.compile(r"lavfi\.astats\.Overall\.(\w+)=(\S+)")

    def __init__(self) -> None:
        self._first_sample = 0
        self._figures: dict[str, float] = {}

    def take(self, line: str) -> Level | None:
        """A level where this line completes one."""
        if frame := self._FRAME.match(line):
            self._first_sample, self._figures = int(frame[1]), {}
        elif figure := self._FIGURE.match(line):
            value = float(figure[2])
            # "nan" is what some versions say of a second of zeros.
            self._figures[figure[1]] = -math.inf if math.isnan(value) else value
            if len(self._figures) == len(_FIGURES):
                rms_dbfs, peak_dbfs, samples = (self._figures[name] for name in _FIGURES)
                return Level(self._first_sample + int(samples), rms_dbfs, peak_dbfs)
        return None
