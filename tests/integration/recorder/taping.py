"""Captures of a known noise, and where in that noise the recorded sound lies."""

import os
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import av
import numpy as np
from alsa_microphone import AlsaMicrophone, Samples
from numpy.typing import NDArray

from recorder.capture.capture import Capture, Captured, CaptureSpec
from recorder.chunk import Identity
from recorder.steps import Reached, pass_through
from recorder.timing.clock import SystemClock

RATE = 48_000
IDENTITY = Identity("point", "register", "device")
Sound = NDArray[np.float32]


def noise(seconds: float) -> Samples:
    """No stretch of it is like another; of speech's breadth, at -28 dBFS."""
    white = np.random.default_rng(7).standard_normal(int(seconds * RATE))
    return (np.convolve(white, np.hanning(9) / 4, "same") * 3000).astype(np.int16)


def spec(pcm: str, chunk_s: int = 2) -> CaptureSpec:
    return CaptureSpec(pcm, RATE, chunk_s, 24, IDENTITY)


def capture(
    microphone: AlsaMicrophone,
    folder: Path,
    on_chunk: Callable[[Captured], None] = lambda captured: None,
    *,
    chunk_s: int = 2,
    reached: Reached = pass_through,
    extra: Mapping[str, str] | None = None,
) -> Capture:
    """A capture of the microphone, not yet started."""
    environment = {**os.environ, **microphone.env, **(extra or {})}
    return Capture(spec(microphone.pcm, chunk_s), folder, SystemClock(), on_chunk, reached, environment)


AGENT = """
    import sys
    from pathlib import Path
    from recorder import steps
    from recorder.capture.capture import Capture, CaptureSpec
    from recorder.chunk import Identity
    from recorder.timing.clock import SystemClock

    spec = CaptureSpec(sys.argv[1], 48_000, 2, 24, Identity("point", "register", "device"))
    capture = Capture(spec, Path(sys.argv[2]), SystemClock(), lambda captured: None, steps.from_environment())
    capture.start()
    capture.wait(600)
"""


def agent(microphone: AlsaMicrophone, folder: Path, **environment: str) -> subprocess.Popen[bytes]:
    """A process of its own that captures and moves nothing."""
    arguments = [sys.executable, "-c", textwrap.dedent(AGENT), microphone.pcm, str(folder)]
    # Python itself needs neither the preloaded library nor the configuration, but hands them to ffmpeg.
    return subprocess.Popen(arguments, env={**os.environ, **microphone.env, **environment})


def until(holds: Callable[[], object], timeout_s: float = 60.0) -> None:
    """Waits for it. Raises AssertionError when it does not come."""
    deadline = time.monotonic() + timeout_s
    while not holds():
        assert time.monotonic() < deadline, "it did not come about"
        time.sleep(0.05)


def decoded(path: Path) -> Sound:
    """All that a decoder makes of the file, mono, at 48 kHz. Raises on the smallest fault of the file."""
    with av.open(str(path), options={"err_detect": "explode"}) as container:
        frames = [frame.to_ndarray() for frame in container.decode(audio=0)]
    return np.concatenate(frames, axis=1)[0].astype(np.float32)


def place(piece: Sound, sound: Samples, near: int, within: int) -> int:
    """Index in `sound` where `piece` is, looked for `within` samples around `near`. Fails where it is not clear."""
    first = max(0, near - within)
    around = sound[first : near + within + len(piece)].astype(np.float64)
    size = 1 << (len(around) + len(piece)).bit_length()
    likeness = np.fft.irfft(np.fft.rfft(around, size) * np.conj(np.fft.rfft(piece, size)), size)
    likeness = likeness[: len(around) - len(piece) + 1]
    best = int(np.argmax(likeness))
    elsewhere = np.delete(likeness, np.r_[max(0, best - 48) : best + 48])
    assert likeness[best] > 2 * np.abs(elsewhere).max(), "this is not in the sound"
    return first + best


def processes_with(word: str) -> list[int]:
    """Pids of the processes, other than this one, that have the word in their command line."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            said = path.read_bytes()
        except OSError:
            continue
        if word.encode() in said and int(path.parent.name) != os.getpid():
            found.append(int(path.parent.name))
    return found
