"""Audio of the server that has it on its disk, read over HTTP: `GET /api/v1/internal/chunks/{id}/file`."""

import hashlib
import logging
import random
import re
import time
import weakref
from collections.abc import Callable, Iterator
from contextlib import suppress
from io import BytesIO
from itertools import count
from pathlib import Path
from typing import Any, BinaryIO, Never
from uuid import UUID

import httpx

from audio.store import StoredFile, inside
from audio.traffic import Traffic
from domain.chunks import chunk_id_of
from domain.errors import Rejected, StageError, Unavailable
from domain.ids import ChunkId

log = logging.getLogger(__name__)

ATTEMPTS = 4
PAUSE_S = 0.3
"""Before the second attempt, about; twice as long before each further one."""
TIMEOUT = httpx.Timeout(10.0, connect=4.0)
CHECK_S = 3.0
CONNECTIONS = httpx.Limits(max_connections=16, max_keepalive_connections=4)
NOBODYS = ChunkId(UUID(int=0))
_GONE = ("not_found", "audio_erased")
_LATER = (408, 429)
_SHA256 = re.compile("[0-9a-f]{64}")


class _AgainError(Exception):
    """It may work at once. `at_last`: what to raise where it never does."""

    def __init__(self, at_last: StageError) -> None:
        super().__init__(str(at_last))
        self.at_last = at_last


class InternalStore:
    """An AudioStore that only reads. A wrong address or token is Unavailable, so that no work is lost by it.

    A file that breaks off is gone on with where it stopped; one whose SHA-256 is not what the server says is Rejected.
    """

    is_writable = False

    def __init__(self, base_url: str, token: str) -> None:
        """Either may be empty: then every read says what to set."""
        self.base_url = base_url.rstrip("/")
        self._lacks = None if base_url and token else "INTERNAL_TOKEN" if base_url else "storage.internal_url"
        self.traffic = Traffic()
        headers = {"Authorization": f"Bearer {token}", "Accept-Encoding": "identity"}
        self._client = httpx.Client(base_url=self.base_url, headers=headers, timeout=TIMEOUT, limits=CONNECTIONS)
        weakref.finalize(self, self._client.close)

    def check(self) -> None:
        """Asks for a chunk that never is: that there is none proves address, token and the server's database."""
        try:
            self._ask(NOBODYS, timeout=CHECK_S)
        except FileNotFoundError:
            return
        except _AgainError as error:
            raise error.at_last from error

    def open(self, path: str) -> BinaryIO:
        return BytesIO(self.read(path))

    def read(self, path: str) -> bytes:
        chunk_id, began_s, fetched = _chunk_of(path), time.monotonic(), _Fetched()
        tried_again = self._insist(lambda: self._fetch(chunk_id, fetched))
        size_bytes = len(fetched.content)
        self.traffic.count("internal", size_bytes, tried_again)
        took = {"seconds": round(time.monotonic() - began_s, 3), "tried_again": tried_again}
        log.debug("audio_fetched", extra={"chunk_id": str(chunk_id), "size_bytes": size_bytes, **took})
        return bytes(fetched.content)

    def exists(self, path: str) -> bool:
        try:
            self.size(path)
        except FileNotFoundError:
            return False
        return True

    def size(self, path: str) -> int:
        sizes: list[int] = []
        chunk_id = _chunk_of(path)
        self._insist(lambda: sizes.append(_whole_size(self._ask(chunk_id, {"Range": "bytes=0-0"}))))
        return sizes[0]

    def put(self, path: str, source: bytes | Path | BinaryIO) -> None:
        self._refuse()

    def delete(self, path: str) -> None:
        self._refuse()

    def walk(self) -> Iterator[StoredFile]:
        self._refuse()

    def free_bytes(self) -> int | None:
        return None

    def keeps_versions(self) -> bool:
        return False

    def _refuse(self) -> Never:
        raise Unavailable("this node only reads audio: the disk that it lies on is another node's")

    def _insist(self, ask: Callable[[], object]) -> int:
        """Asks until there is an answer, a few times at most; returns how often it had to ask again."""
        for again in count():
            try:
                ask()
                return again
            except _AgainError as error:
                if again + 1 == ATTEMPTS:
                    raise error.at_last from error
                log.info("audio_asked_for_again", extra={"reason": str(error)})
            time.sleep(PAUSE_S * 2**again * random.uniform(0.5, 1.5))
        raise AssertionError

    def _ask(self, chunk_id: ChunkId, headers: dict[str, str] | None = None, **how: Any) -> httpx.Response:
        try:
            answer = self._client.get(self._route(chunk_id), headers=headers, **how)
        except httpx.HTTPError as error:
            raise self._torn(error) from error
        self._look(answer)
        return answer

    def _fetch(self, chunk_id: ChunkId, fetched: "_Fetched") -> None:
        try:
            with self._client.stream("GET", self._route(chunk_id), headers=fetched.onward()) as answer:
                if answer.status_code not in (200, 206):
                    answer.read()
                    self._look(answer)
                fetched.begin(answer)
                for block in answer.iter_raw():
                    fetched.content += block
        except httpx.HTTPError as error:
            raise self._torn(error) from error
        if not fetched.is_sound():
            fetched.content.clear()
            raise _AgainError(
                Rejected(f"chunk {chunk_id}: what {self.base_url} sends has not the SHA-256 that it says")
            )

    def _route(self, chunk_id: ChunkId) -> str:
        if self._lacks:
            raise Unavailable(f"this node has not the disk that audio lies on; set {self._lacks} to read it elsewhere")
        return f"/api/v1/internal/chunks/{chunk_id}/file"

    def _look(self, answer: httpx.Response) -> None:
        """Raises what the answer means, where it is none to be read."""
        if answer.is_success or answer.status_code == 416:
            return
        problem: dict[str, Any] = {}
        with suppress(ValueError):
            problem = answer.json()
        code, detail = (problem.get(name, "") for name in ("code", "detail")) if isinstance(problem, dict) else ("", "")
        if code in _GONE:
            raise FileNotFoundError(2, f"no such file in the audio store: {detail}")
        said = f"{self.base_url} answers {answer.status_code}: {detail or 'is storage.internal_url its address?'}"
        retry_after = answer.headers.get("Retry-After", "")
        error = Unavailable(f"internal audio route: {said}", float(retry_after) if retry_after.isdigit() else 10.0)
        if answer.status_code in _LATER or answer.is_server_error:
            raise _AgainError(error)
        raise error

    def _torn(self, error: httpx.HTTPError) -> _AgainError:
        why = str(error) or type(error).__name__
        hint = "is it up, and is storage.internal_url its address?"
        return _AgainError(Unavailable(f"internal audio route: {self.base_url} does not answer ({why}); {hint}"))


class _Fetched:
    """What has come of a file so far."""

    def __init__(self) -> None:
        self.content = bytearray()
        self._etag = ""

    def onward(self) -> dict[str, str]:
        """Headers that ask for the rest, or for all where the file is another by now."""
        if not self.content or not self._etag:
            return {}
        return {"Range": f"bytes={len(self.content)}-", "If-Range": self._etag}

    def begin(self, answer: httpx.Response) -> None:
        if answer.headers.get("Content-Range", "").partition("-")[0] != f"bytes {len(self.content)}":
            self.content.clear()
        self._etag = answer.headers.get("ETag", "")

    def is_sound(self) -> bool:
        """The ETag is the SHA-256, unless a proxy in between wrote its own or left it out."""
        said = self._etag.removeprefix("W/").strip('"')
        return not _SHA256.fullmatch(said) or hashlib.sha256(self.content).hexdigest() == said


def _chunk_of(path: str) -> ChunkId:
    chunk_id = chunk_id_of(str(inside(path)))
    if chunk_id is None:
        raise FileNotFoundError(2, "no such file in the audio store", path)
    return chunk_id


def _whole_size(answer: httpx.Response) -> int:
    whole = answer.headers.get("Content-Range", "").rpartition("/")[2]
    return int(whole or answer.headers["Content-Length"])
