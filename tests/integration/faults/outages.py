"""Parts of the world that go away for a while. What lasts an hour or ten minutes in life is seconds here, and the
queue's pauses, at most five minutes in life, are half a second."""

from abc import ABC, abstractmethod
from pathlib import Path
from types import TracebackType
from typing import ClassVar, Self

from db import embedded
from tests.conftest import NOT_DURABLE
from tests.e2e.recorder.cells import fill, small_disk
from tests.integration.faults.line import Recorder
from tests.integration.faults.place import Place
from tests.openai_server import always, error, honest


class Outage(ABC):
    """`begin` and `end` block. `takes_uploads`: are they accepted while it lasts?"""

    takes_uploads: ClassVar[bool] = False

    def __init__(self, place: Place) -> None:
        self.place = place
        self.env: dict[str, str] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        return

    @abstractmethod
    def begin(self) -> None: ...

    @abstractmethod
    def end(self) -> None: ...

    def is_felt(self, recorder: Recorder) -> bool:
        """Has it made itself felt? `recorder` delivers while it lasts."""
        return recorder.refused.total() > 0


class DatabaseAway(Outage):
    """PostgreSQL is shut down, as for its own upgrade."""

    def begin(self) -> None:
        embedded.stop(self.place.home)

    def end(self) -> None:
        embedded.start(self.place.home, NOT_DURABLE)


class StoreAway(Outage):
    """The object store refuses connections."""

    def __init__(self, place: Place) -> None:
        super().__init__(place)
        self.env = place.s3.bucket().env

    def begin(self) -> None:
        self.place.s3.stop()

    def end(self) -> None:
        self.place.s3.start()


class ModelAway(Outage):
    """The language model answers 503. Nothing but verdicts waits for it."""

    takes_uploads = True

    def begin(self) -> None:
        self._asked_before = len(self.place.llm.requests)
        self.place.llm.behave = always(error(503, "overloaded"))

    def end(self) -> None:
        self.place.llm.behave = honest

    def is_felt(self, recorder: Recorder) -> bool:
        return recorder.has_receipt and len(self.place.llm.requests) > self._asked_before


class DiskFull(Outage):
    """Something else has filled the disk that audio lies on."""

    def __enter__(self) -> Self:
        self._mount = small_disk()
        self._disk = self._mount.__enter__()
        self.env = {"AUDIO_STORAGE_PATH": str(self._disk / "audio")}
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._mount.__exit__(kind, error, trace)

    @property
    def _filler(self) -> Path:
        return self._disk / "filler"

    def begin(self) -> None:
        fill(self._filler)

    def end(self) -> None:
        self._filler.unlink()
