"""Cutting a long recording into chunks where it is quietest. Pure: samples in, samples out, none lost, none moved."""

from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import NDArray

Pcm = NDArray[np.int16]
"""Mono samples, shape (n,)."""

TARGET_S = 60
SLACK_S = 10
"""A border is looked for this far on either side of the target."""
LONGEST_S = TARGET_S + SLACK_S + 5
"""What is not longer stays whole, so no rest is shorter than 5 s."""
FRAME_MS = 20
QUIET_FRAMES = 15
"""A border lies in the middle of the quietest 0.3 s: room for a word's end and the next one's start."""


def split(blocks: Iterable[Pcm], rate: int) -> Iterator[Pcm]:
    """Chunks of TARGET_S ± SLACK_S seconds (the last up to LONGEST_S) that joined are exactly the joined `blocks`.

    rate: samples per second. Holds one chunk in memory. Equal sound gives equal chunks however it was cut into blocks.
    """
    longest = LONGEST_S * rate
    waiting: list[Pcm] = []
    length = 0
    for block in blocks:
        waiting.append(block)
        length += len(block)
        while length > longest:
            joined = np.concatenate(waiting)
            at = quietest_border(joined[:longest], rate)
            yield joined[:at]
            waiting, length = [joined[at:]], length - at
    if length:
        yield np.concatenate(waiting)


def quietest_border(pcm: Pcm, rate: int) -> int:
    """The sample between TARGET_S - SLACK_S and TARGET_S + SLACK_S round which `pcm` has the least energy.

    Ties go to the nearest to the target. `pcm` must reach beyond TARGET_S + SLACK_S.
    """
    frame = rate * FRAME_MS // 1000
    first = (TARGET_S - SLACK_S) * rate
    frames = 2 * SLACK_S * rate // frame
    window = pcm[first : first + frames * frame].astype(np.int64).reshape(frames, frame)
    energy = np.convolve((window**2).sum(axis=1), np.ones(QUIET_FRAMES, np.int64), mode="valid")
    quiet = np.flatnonzero(energy == energy.min()) + QUIET_FRAMES // 2
    nearest = quiet[np.argmin(np.abs(quiet - frames // 2))]
    return int(first + nearest * frame + frame // 2)
