"""The wall clock steps while ffmpeg records: by hours, and by a year as on a Pi that had no time."""

import shutil
import struct
import subprocess
from pathlib import Path

import numpy as np
from alsa_microphone import AlsaMicrophone
from taping import RATE, capture, decoded, noise, place, until

from recorder.capture.capture import Captured

STEPPING_CLOCK = Path(__file__).resolve().parents[2] / "e2e" / "recorder" / "stepping_clock.c"
HOUR_MS = 3_600_000
STEPS_MS = (HOUR_MS, -HOUR_MS, 365 * 24 * HOUR_MS, -10 * 24 * HOUR_MS)


def test_steps_of_the_wall_clock_neither_lose_nor_move_a_sample(tmp_path: Path) -> None:
    library, step = tmp_path / "stepping_clock.so", tmp_path / "step"
    subprocess.run([str(shutil.which("cc")), "-shared", "-fPIC", "-o", library, STEPPING_CLOCK], check=True)
    step.write_bytes(struct.pack("<q", 0))
    chunks: list[Captured] = []
    source = noise(60)
    with AlsaMicrophone(tmp_path, source) as microphone:
        preloaded = f"{microphone.env['LD_PRELOAD']}:{library}"
        extra = {"LD_PRELOAD": preloaded, "CLOCK_STEP_FILE": str(step)}
        recording = capture(microphone, tmp_path / "recording", chunks.append, extra=extra)
        recording.start()
        for second, step_ms in enumerate(STEPS_MS, start=1):
            until(lambda so_far=second * RATE: recording.progress.samples >= so_far)
            step.write_bytes(struct.pack("<q", step_ms))
        until(lambda: recording.progress.samples >= (len(STEPS_MS) + 2) * RATE)
        recording.stop()
        begun = microphone.heard[0][0]
    assert recording.ending is not None
    assert not any("dropping" in line for line in recording.ending.stderr)
    assert [c.chunk.length_ms for c in chunks[:3]] == [1994, 2000, 2000]
    joined = np.concatenate([decoded(c.chunk_path) for c in chunks])
    stretch = RATE // 10
    at = range(0, len(joined) - 2 * stretch, stretch)
    shifts = [place(joined[a : a + stretch], source, begun + a, RATE // 2) - a for a in at]
    assert max(shifts) - min(shifts) <= RATE // 1000
    first, second, third, *_ = [c.chunk.start.boot_ms for c in chunks]
    assert abs(second - first - 1994) < 300
    assert abs(third - second - 2000) < 300
