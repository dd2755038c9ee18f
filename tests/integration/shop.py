"""The HTTP applications on a real server, placed side by side under their prefixes as Serve places them."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send

from audio.store import FileStore
from configs.settings import Settings, load
from serve_apps.api.app import create_app as create_api
from serve_apps.application import Deps
from serve_apps.audio_files.app import create_app as create_audio_files
from serve_apps.ingest.app import create_app as create_ingest

ADMIN = {"Authorization": "Bearer an-admin-token-for-tests"}
INTERNAL = {"Authorization": "Bearer an-internal-token-for-tests"}


@dataclass(frozen=True)
class Device:
    """A device as its recorder knows it."""

    token: str = field(default_factory=lambda: uuid4().hex)
    device_id: UUID = field(default_factory=uuid4)
    point_id: UUID = field(default_factory=uuid4)
    register_id: UUID = field(default_factory=uuid4)

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}

    @property
    def body(self) -> dict[str, str]:
        """What the seed's curl posts to register it."""
        ids = {name: str(getattr(self, name)) for name in ("point_id", "register_id", "device_id")}
        return {**ids, "token_plain": self.token}

    def fields(self, **changes: Any) -> dict[str, str]:
        """The eight fields of an original recorder; a None in `changes` takes one away."""
        start = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
        fields = {
            **{name: str(getattr(self, name)) for name in ("point_id", "register_id", "device_id")},
            "start_ts": start.isoformat(),
            "end_ts": (start + timedelta(seconds=60)).isoformat(),
            "codec": "opus",
            "sample_rate": "48000",
            "channels": "1",
        }
        return {k: str(v) for k, v in {**fields, **changes}.items() if v is not None}


@dataclass(frozen=True)
class Shop:
    """A running server with one registered device."""

    client: httpx.AsyncClient
    deps: Deps
    device: Device
    audio: bytes

    @property
    def store_root(self) -> Path:
        assert isinstance(self.deps.store, FileStore)
        return self.deps.store.root

    def files(self) -> list[Path]:
        return sorted(path for path in self.store_root.rglob("*") if path.is_file())

    async def upload(self, audio: bytes | None = None, device: Device | None = None, **changes: Any) -> httpx.Response:
        sender = device or self.device
        content = self.audio if audio is None else audio
        return await self.client.post(
            "/api/v1/chunks",
            headers=sender.headers,
            data=sender.fields(**changes),
            files={"chunk_file": ("chunk.ogg", content, "audio/ogg")},
        )

    async def register(self, device: Device, **more: Any) -> httpx.Response:
        return await self.client.post("/api/v1/admin/devices", headers=ADMIN, json={**device.body, **more})


def as_serve_places(apps: dict[str, ASGIApp]) -> ASGIApp:
    """Routes by the longest prefix and sets root_path, as Serve's proxy does."""

    async def route(scope: Scope, receive: Receive, send: Send) -> None:
        path = scope["path"]
        fitting = [p for p in apps if p == "/" or path == p or path.startswith(f"{p}/")]
        prefix = max(fitting, key=len)
        await apps[prefix]({**scope, "root_path": "" if prefix == "/" else prefix}, receive, send)

    return route


@asynccontextmanager
async def serving(app: ASGIApp) -> AsyncIterator[str]:
    """The address of a server for `app` on a free port, in this event loop."""
    server = uvicorn.Server(uvicorn.Config(app, port=0, lifespan="off", log_config=None))
    task = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.01)
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        await task


def settings_for_tests(**env: str) -> Settings:
    given = {"ADMIN_TOKEN": "an-admin-token-for-tests", "INTERNAL_TOKEN": "an-internal-token-for-tests"}
    return load({**given, "SALESCONTROL_STORAGE__FREE_FLOOR_MB": "0", **env})


@asynccontextmanager
async def running(deps: Deps, samples: Path, **ingest: Any) -> AsyncIterator[Shop]:
    """All applications on `deps`, with a registered device."""
    apps = {
        "/": create_api(deps),
        "/api/v1/chunks": create_ingest(deps, **ingest),
        "/api/v1/internal": create_audio_files(deps),
    }
    audio = sorted((samples / "chunks").glob("dev_ru_*.ogg"))[0].read_bytes()
    async with (
        serving(as_serve_places(apps)) as url,
        httpx.AsyncClient(base_url=url, timeout=60, verify=False) as client,
    ):
        shop = Shop(client, deps, Device(), audio)
        (await shop.register(shop.device)).raise_for_status()
        yield shop
