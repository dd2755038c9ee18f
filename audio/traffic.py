"""How much audio a process has read, and where from: for the metrics, and for whoever pays by the gigabyte."""

from dataclasses import dataclass
from threading import Lock

from configs import meters
from domain import metrics as m


@dataclass(frozen=True, slots=True)
class Read:
    """Files and bytes read since the process began. `tried_again`: requests that had to be repeated."""

    files: int = 0
    size_bytes: int = 0
    tried_again: int = 0


class Traffic:
    """Counts reads by source: `disk`, `s3`, `internal`, `cache`. Safe with threads."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._read: dict[str, Read] = {}

    def count(self, source: str, size_bytes: int, tried_again: int = 0) -> None:
        """One more file."""
        meters.count(m.AUDIO_READ, size_bytes, source=source)
        with self._lock:
            so_far = self._read.get(source, Read())
            self._read[source] = Read(
                so_far.files + 1, so_far.size_bytes + size_bytes, so_far.tried_again + tried_again
            )

    def seen(self) -> dict[str, Read]:
        """What was read, by source."""
        with self._lock:
            return dict(self._read)
