"""A microphone without a sound card: a real ALSA PCM that ffmpeg and arecord open by name, fed at real time.

ALSA's `file` plugin reads what it "records" from a FIFO; this feeds the FIFO 20 ms of sound every 20 ms and throws away
what nobody reads, as a card does. The `null` PCM beneath it would hand out single samples (its shortest period, which
ffmpeg asks for), too many calls for a busy machine; a `rate` of 1000 Hz between them makes the shortest period 1 ms, as
USB cards have it. The plugin takes a short read for a whole one, so a block must be a multiple of that period.
"""

import fcntl
import os
import shutil
import subprocess
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np

Samples = np.ndarray[tuple[int], np.dtype[np.int16]]
Source = Callable[[int, int], Samples]
"""(index of the first sample, how many) -> that many samples."""

BLOCK_S = 0.02
_BUFFER_BYTES = 262_144
"""What a card holds before it overruns: 2.7 s at 48 kHz."""
_PCM = """pcm.{name} {{
  type file
  slave.pcm {{ type rate  converter "linear"  slave {{ pcm {{ type null }} rate 1000 }} }}
  file /dev/null
  infile {fifo}
  format raw
}}
"""


class AlsaMicrophone:
    """Use as a context manager; `pcm` is its name for a process that runs in the environment `env` (to be added to its
    own; mind that `LD_PRELOAD` is in it). Mono, 16 bits, `rate` Hertz (whole thousands): the process must ask for that.

    `samples`: an array (zeros follow its end) or a function of the sample's index. Time runs from the start of the
    context on, heard or not. `heard`: (index of a block's first sample, boot time in ms when it had passed), for each
    block of 20 ms that a reader got.
    """

    def __init__(
        self, folder: Path, samples: Samples | Source, rate: int = 48_000, pcm: str = "shop_microphone"
    ) -> None:
        self.pcm = pcm
        self.rate = rate
        self.heard: list[tuple[int, int]] = []
        self._source = samples if callable(samples) else _once(samples)
        self._state = folder / "microphone"
        self._fifo = self._state / "sound"
        self._is_muted = self._hangs = self._is_over = False
        self._thread = threading.Thread(target=self._feed, name="microphone", daemon=True)
        self._state.mkdir(parents=True)
        os.mkfifo(self._fifo)
        configuration = self._state / "asound.conf"
        configuration.write_text(_PCM.format(name=pcm, fifo=self._fifo), encoding="utf-8")
        self.env = {
            "ALSA_CONFIG_PATH": f"/usr/share/alsa/alsa.conf:{configuration}",
            "ALSA_MICROPHONE_STATE": str(self._state),
            "LD_PRELOAD": str(_built(self._state)),
        }

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._is_over = True
        self._thread.join()

    def unplug(self) -> None:
        """Who records gets ENODEV, who opens it ENOENT."""
        (self._state / "unplugged").touch()

    def refused_at(self) -> list[float]:
        """When it was to be opened and was unplugged, in Unix seconds."""
        file = self._state / "refused"
        return [float(line) for line in file.read_text().splitlines()] if file.exists() else []

    def plug(self) -> None:
        """It is there again."""
        (self._state / "unplugged").unlink()

    def occupy(self) -> None:
        """Who opens it gets EBUSY; who has it open keeps it."""
        (self._state / "busy").touch()

    def release(self) -> None:
        """It can be opened again."""
        (self._state / "busy").unlink()

    def mute(self) -> None:
        """Gives zeros."""
        self._is_muted = True

    def unmute(self) -> None:
        """Gives sound again."""
        self._is_muted = False

    def hang(self) -> None:
        """Gives nothing at all, without an error."""
        self._hangs = True

    def wake(self) -> None:
        """Gives again what there is to hear."""
        self._hangs = False

    def _feed(self) -> None:
        block = round(self.rate * BLOCK_S)
        began = time.monotonic()
        number, descriptor = 0, None
        while not self._is_over:
            number += 1
            time.sleep(max(0.0, began + number * BLOCK_S - time.monotonic()))
            descriptor = self._opened() if descriptor is None else descriptor
            if descriptor is None or self._hangs:
                continue
            first = (number - 1) * block
            sound = np.zeros(block, np.int16) if self._is_muted else self._source(first, block)
            try:
                # Below PIPE_BUF, so the pipe takes all of it or nothing.
                os.write(descriptor, sound.astype("<i2").tobytes())
                self.heard.append((first, time.clock_gettime_ns(time.CLOCK_BOOTTIME) // 1_000_000))
            except BlockingIOError:
                continue
            except BrokenPipeError:
                os.close(descriptor)
                descriptor = None
        if descriptor is not None:
            # An end of file would make the plugin pour out silence without pause: who still reads gets an error.
            (self._state / "unplugged").touch()
            os.close(descriptor)

    def _opened(self) -> int | None:
        """The FIFO, once somebody reads it."""
        try:
            descriptor = os.open(self._fifo, os.O_WRONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        except OSError:
            return None
        fcntl.fcntl(descriptor, fcntl.F_SETPIPE_SZ, _BUFFER_BYTES)
        return descriptor


def _once(samples: Samples) -> Source:
    def source(first: int, count: int) -> Samples:
        part = samples[first : first + count]
        return np.concatenate([part, np.zeros(count - len(part), np.int16)])

    return source


def _built(folder: Path) -> Path:
    """The library that speaks the errors. Raises RuntimeError where there is no C compiler."""
    if (compiler := shutil.which("cc")) is None:
        raise RuntimeError("cc is missing: sudo apt install gcc libc6-dev")
    library = folder / "alsa_microphone.so"
    source = Path(__file__).with_suffix(".c")
    subprocess.run([compiler, "-shared", "-fPIC", "-Wall", "-o", library, source, "-ldl"], check=True)
    return library
