"""What there is to say of a dialogue's sound. Pure."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any


def is_shortened(clip: Mapping[str, Any] | None) -> bool:
    """Audio is missing between two of its stretches, for longer than the silence that stands there instead."""
    if clip is None:
        return False
    longest = timedelta(milliseconds=clip["gap_ms"])
    stretches = [(datetime.fromisoformat(one["start_ts"]), one["length_ms"]) for one in clip["segments"]]
    return any(
        later - (start + timedelta(milliseconds=length_ms)) > longest
        for (start, length_ms), (later, _) in pairwise(stretches)
    )
