"""Which store a process reads and writes audio in: the one place that decides it."""

import sys
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from audio.cache import CachedStore, Shelf
from audio.internal import InternalStore
from audio.store import AudioStore, FileStore
from configs.sections import StorageSettings
from configs.settings import Settings
from domain.errors import ConfigError

DISK = "audio_disk"
"""The Ray resource of the node whose disk audio lies on. Writers are placed there; all others read over HTTP."""


def open_store(settings: Settings) -> AudioStore:
    """The store that `storage.url` names: a path, a file:// URL or s3://bucket/prefix.

    A disk is opened where this node has it, else its files are read by the internal route. Raises ConfigError.
    """
    url = settings.storage_url
    if urlsplit(url).scheme == "s3":
        return _cached(_s3(url, settings.storage), url, settings)
    folder = _folder(url)
    if _has_disk(settings.storage):
        return FileStore(folder)
    server = _server_of_disk(settings)
    return _cached(InternalStore(server, settings.auth.internal_token.get_secret_value()), server, settings)


def _cached(store: AudioStore, origin: str, settings: Settings) -> AudioStore:
    storage = settings.storage
    if not storage.cache_mb:
        return store
    shelf = Shelf(settings.home / "cache" / "audio", storage.cache_mb * 1_000_000, storage.cache_minutes * 60)
    return CachedStore(store, shelf, origin)


def _has_disk(storage: StorageSettings) -> bool:
    """Ray knows which of its nodes has it. A process outside of Ray stands on the machine with the disk, unless it was
    told where else to read."""
    if storage.access != "auto":
        return storage.access == "disk"
    if not (nodes := _ray_nodes()):
        return storage.internal_url is None
    here = sys.modules["ray"].get_runtime_context().get_node_id()
    return any(node["NodeID"] == here and node["Resources"].get(DISK) for node in nodes)


def _server_of_disk(settings: Settings) -> str:
    """The address of the internal route: the one that is set, else where the cluster's own Serve listens. Empty where
    nobody has the disk."""
    base_url = settings.storage.internal_url
    if base_url and urlsplit(base_url).scheme not in ("http", "https"):
        raise ConfigError(f"storage.internal_url={base_url}: write the server's address, such as http://10.0.0.5:8000")
    addresses = [node["NodeManagerAddress"] for node in _ray_nodes() if node["Resources"].get(DISK)]
    if base_url or not addresses:
        return base_url or ""
    host = addresses[0] if settings.server.host in ("0.0.0.0", "::") else settings.server.host
    return f"http://{host}:{settings.server.port}"


def _ray_nodes() -> list[dict[str, Any]]:
    """The living nodes of this process's cluster; none outside of Ray."""
    ray = sys.modules.get("ray")
    return [node for node in ray.nodes() if node["Alive"]] if ray is not None and ray.is_initialized() else []


def _folder(url: str) -> Path:
    parts = urlsplit(url)
    if parts.scheme == "file":
        if parts.netloc not in ("", "localhost"):
            raise ConfigError(f"storage.url={url}: a file URL has three slashes: file:///{parts.netloc}{parts.path}")
        return Path(unquote(parts.path))
    if "://" in url:
        raise ConfigError(f"storage.url={url}: use a path, a file:// URL, or s3://bucket/prefix")
    return Path(url)


def _s3(url: str, storage: StorageSettings) -> AudioStore:
    parts = urlsplit(url)
    if "@" in parts.netloc:
        raise ConfigError("storage.url: keys do not belong in it; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY")
    if not parts.netloc or parts.query or parts.fragment:
        raise ConfigError(f"storage.url={url}: write s3://bucket or s3://bucket/prefix")
    try:
        from audio.s3 import S3Store  # an extra: heavy, and not everybody's
    except ImportError as error:
        raise ConfigError(f"storage.url={url}: {error.name} is missing; pip install 'salescontrol[s3]'") from None
    return S3Store(parts.netloc, unquote(parts.path).strip("/"), storage.s3)
