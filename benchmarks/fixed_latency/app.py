"""The real Whisper application with an engine that takes a fixed time for each dialogue, whatever the machine does."""

import os
from collections.abc import Sequence

from ray.serve import Application

from serve_apps.whisper.deployment import WhisperArgs, application_of
from serve_apps.whisper.speech import Speech
from tests.e2e.timed_whisper import TimedEngine, TimedReplica

LATENCY = "FIXED_LATENCY_S"
"""In the environment of every node."""


class FixedEngine(TimedEngine):
    """Waits for each dialogue of a batch, one after the other."""

    def takes_s(self, speeches: Sequence[Speech]) -> float:
        return float(os.environ[LATENCY]) * len(speeches)


class FixedReplica(TimedReplica):
    engine = FixedEngine


def build(args: WhisperArgs) -> Application:
    return application_of(FixedReplica)
