"""What bounds a request: its length in time, the size of its answer, and the speed of its upload."""

import io
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from recorder.upload.retry import Failure, NoAnswer

ANSWER_BYTES = 64 * 1024
_BLOCK_BYTES = 8 * 1024
_BYTES_PER_KILOBIT = 125


class Line:
    """The network connection in use, so that it can be cut: httpx's timeouts start anew with every byte, and a server
    that sends one now and then would hold the recorder for ever. For one request at a time."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._socket: socket.socket | None = None
        self._is_cut = False

    @contextmanager
    def limited(self, seconds: float) -> Iterator[None]:
        """Cuts the line if the block takes longer."""
        with self._lock:
            self._is_cut = False
        timer = threading.Timer(seconds, self.cut)
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()
            timer.join()

    def cut(self) -> None:
        """Whoever waits on the line wakes up with an error."""
        with self._lock:
            self._is_cut = True
            self._shut()

    def watch(self, event: str, info: Mapping[str, Any]) -> None:
        """httpcore's `trace` extension. A connection that is kept alive stays the same as at the last request."""
        if event.endswith((".connect_tcp.complete", ".start_tls.complete")):  # ours or a proxy's
            with self._lock:
                self._socket = info["return_value"].get_extra_info("socket")
                if self._is_cut:
                    self._shut()

    @property
    def is_cut(self) -> bool:
        return self._is_cut

    def _shut(self) -> None:
        if self._socket is not None:
            try:
                # The plain call on the socket below: SSLSocket's own would unwrap the TLS state under its reader.
                socket.socket.shutdown(self._socket, socket.SHUT_RDWR)
            except OSError:
                self._socket = None  # closed already


class Pace:
    """A limit in kilobits per second, over all uploads together."""

    def __init__(self, kbps: int | None, sleep: Callable[[float], None] = time.sleep) -> None:
        self._bytes_per_s = kbps * _BYTES_PER_KILOBIT if kbps else None
        self._sleep = sleep
        self._free_s = 0.0

    def take(self, size_bytes: int) -> None:
        """Returns when so much may be sent."""
        if self._bytes_per_s is None:
            return
        now_s = time.monotonic()
        start_s = max(now_s, self._free_s)
        self._free_s = start_s + size_bytes / self._bytes_per_s
        self._sleep(start_s - now_s)

    def duration_s(self, size_bytes: int) -> float:
        return size_bytes / self._bytes_per_s if self._bytes_per_s else 0.0


class PacedFile(io.FileIO):
    """Gives out a file no faster than allowed, in small blocks."""

    def __init__(self, path: Path, pace: Pace) -> None:
        super().__init__(path)
        self._pace = pace

    def read(self, size: int | None = -1, /) -> bytes:
        block = super().read(_BLOCK_BYTES if size is None or size < 0 else min(size, _BLOCK_BYTES)) or b""
        self._pace.take(len(block))
        return block


def beginning(response: httpx.Response) -> bytes:
    """The body as sent, up to ANSWER_BYTES: an endless or compressed one can't fill the memory."""
    body = bytearray()
    for block in response.iter_raw():
        body += block
        if len(body) > ANSWER_BYTES:
            break
    return bytes(body[:ANSWER_BYTES])


def what_failed(error: BaseException, line: Line) -> NoAnswer:
    """`detail` is made of the causes' own words only: httpx quotes a header that it finds illegal, token and all."""
    if line.is_cut or isinstance(error, httpx.TimeoutException):
        return NoAnswer(Failure.TIMEOUT, "the server did not answer in time")
    for cause in _causes(error):
        match cause:
            case ssl.SSLCertVerificationError():
                return NoAnswer(Failure.TLS, f"certificate not accepted: {cause.verify_message}")
            case socket.gaierror():
                return NoAnswer(Failure.DNS, f"host name not found: {cause.strerror}")
            case ssl.SSLError():
                return NoAnswer(Failure.TLS, f"no TLS with the server: {cause.reason}")
            case ConnectionRefusedError():
                return NoAnswer(Failure.REFUSED, "nothing listens at the server's address and port")
            case ConnectionError():
                return NoAnswer(Failure.BROKE_OFF, f"the connection broke off: {cause.strerror}")
            case TimeoutError():
                return NoAnswer(Failure.TIMEOUT, "the server did not answer in time")
            case OSError():
                return NoAnswer(Failure.UNREACHABLE, f"the server cannot be reached: {cause.strerror}")
    return NoAnswer(Failure.BROKE_OFF, f"the connection broke off: {type(error).__name__}")


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    """The innermost first."""
    if error is not None:
        yield from _causes(error.__cause__ or error.__context__)
        yield error
