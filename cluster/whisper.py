"""The Serve application `whisper` as the asr stage sees it."""

import asyncio
import time
from functools import partial
from typing import Any

from domain.asr import Failure, Outcome, TranscribeItem
from domain.errors import Transient, Unavailable

APPLICATION = "whisper"
DEPLOYMENT = "Fast"
"""Every dialogue goes there first."""
LOOK_S = 5.0
ANSWER_S = 2.0
"""Serve's controller lives on the head. While that is away, what was known last stands."""
AWAY_S = 10.0
GONE_S = 0.5
"""A front that was lost has a twin, or a new one in a moment."""


class Whisper:
    """Ray is imported late: it is heavy, and only a worker's process has it running."""

    def __init__(self) -> None:
        self.replicas = 1
        """Those that ran when somebody looked last."""
        self._looked_at_s = float("-inf")
        self._looking: asyncio.Future[Any] | None = None
        self._handle: Any = None

    async def transcribe(self, item: TranscribeItem) -> Outcome | Failure:
        """Raises Unavailable where Whisper or its front is away or goes, so that the attempt is given back."""
        from ray import serve
        from ray.exceptions import RayActorError
        from ray.serve.exceptions import BackPressureError, RayServeException

        try:
            await self._look()
            if self.replicas == 0:  # a call would wait until the stage's time is up, and count as an attempt
                raise Unavailable("no replica of Whisper runs", AWAY_S)
            if self._handle is None:
                self._handle = await asyncio.to_thread(partial(serve.get_app_handle, APPLICATION))
            answer: Any = await self._handle.transcribe.remote(item)
        except RayActorError as error:
            raise Unavailable(f"whisper: {type(error).__name__}: {error}", GONE_S) from error
        except (BackPressureError, RayServeException) as error:
            raise Unavailable(f"whisper: {type(error).__name__}: {error}", AWAY_S) from error
        if not isinstance(answer, (Outcome, Failure)):
            raise Transient(f"whisper answered with {type(answer).__name__}; is another release running?")
        return answer

    async def _look(self) -> None:
        """How many replicas run, asked now and then; of many calls at once, one asks."""
        from ray import serve

        now_s = time.monotonic()
        if now_s - self._looked_at_s < LOOK_S:
            return
        self._looked_at_s = now_s
        if self._looking is None or self._looking.done():
            self._looking = asyncio.ensure_future(asyncio.to_thread(serve.status))
        done, _ = await asyncio.wait([self._looking], timeout=ANSWER_S)
        if not done or self._looking.exception() is not None:
            return
        application = self._looking.result().applications.get(APPLICATION)
        if application is not None and DEPLOYMENT in application.deployments:
            self.replicas = running(application.deployments[DEPLOYMENT].replica_states)


def running(replica_states: dict[Any, int]) -> int:
    """Serve's counts by state → those that take work."""
    return sum(count for state, count in replica_states.items() if str(getattr(state, "value", state)) == "RUNNING")
