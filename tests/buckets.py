"""A real S3 server of the tests' own (moto's), that can be stopped and started again with what it holds."""

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import httpx
from moto.moto_server.threaded_moto_server import ThreadedMotoServer

from audio.s3 import S3Store
from configs.settings import load

PAGE = 10
os.environ["MOTO_S3_DEFAULT_MAX_KEYS"] = str(PAGE)  # so that a walk needs several
logging.getLogger("werkzeug").setLevel(logging.ERROR)
KEYS = {
    "AWS_ACCESS_KEY_ID": "a-key-for-tests",
    "AWS_SECRET_ACCESS_KEY": "a-secret-for-tests",
    "AWS_REGION": "eu-west-1",
}


class S3Server:
    """On a free port of loopback."""

    def __init__(self) -> None:
        self.client: tuple[int, Any] | None = None
        self._server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
        self._server.start()
        self.port = self._server.get_host_and_port()[1]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def stop(self) -> None:
        """Refuses connections from now on."""
        self._server.stop()
        assert self._server._server is not None
        self._server._server.server_close()

    def start(self) -> None:
        """At the same address as before, with what was stored."""
        self._server = ThreadedMotoServer("127.0.0.1", self.port, verbose=False)
        self._server.start()

    @contextmanager
    def away(self) -> Iterator[None]:
        """Stopped until the end of the block."""
        self.stop()
        try:
            yield
        finally:
            self.start()

    def bucket(self) -> "Bucket":
        """A fresh, empty one."""
        name = f"audio-{uuid4().hex[:12]}"
        location = (
            "<CreateBucketConfiguration><LocationConstraint>eu-west-1</LocationConstraint></CreateBucketConfiguration>"
        )
        httpx.put(f"{self.url}/{name}", content=location).raise_for_status()
        return Bucket(self, name)


@dataclass(frozen=True)
class Bucket:
    server: S3Server
    name: str

    @property
    def env(self) -> dict[str, str]:
        """What a process needs to store audio here."""
        return {**KEYS, "AWS_ENDPOINT_URL": self.server.url, "AUDIO_STORAGE_PATH": f"s3://{self.name}/shop"}

    def store(self, prefix: str = "shop", **env: str) -> S3Store:
        """Stores with nothing else in their environment share one client: to make one takes a while."""
        store = S3Store(self.name, prefix, load({**self.env, **env}).storage.s3)
        if not env:
            self.server.client = store._client = self.server.client or (os.getpid(), store._fs)
        return store

    def keys(self) -> set[str]:
        """All that lies in it, whatever wrote it."""
        return {file.path for file in self.store("").walk()}
