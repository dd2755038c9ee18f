"""Which store a process reads and writes audio in: the one place that decides it."""

import sys
from pathlib import Path
from urllib.parse import unquote, urlsplit

from audio.internal import InternalStore
from audio.store import AudioStore, FileStore
from configs.settings import Settings, StorageSettings
from domain.errors import ConfigError

DISK = "audio_disk"
"""The Ray resource of the node whose disk audio lies on. Writers are placed there; all others read over HTTP."""


def open_store(settings: Settings) -> AudioStore:
    """The store that `storage.url` names: a path, a file:// URL or s3://bucket/prefix.

    A disk is opened where this node has it, else its files are read by the internal route. Raises ConfigError.
    """
    url = settings.storage_url
    if urlsplit(url).scheme == "s3":
        return _s3(url, settings.storage)
    folder = _folder(url)
    if _has_disk(settings.storage):
        return FileStore(folder)
    base_url = settings.storage.internal_url or ""
    if base_url and urlsplit(base_url).scheme not in ("http", "https"):
        raise ConfigError(f"storage.internal_url={base_url}: write the server's address, such as http://10.0.0.5:8000")
    return InternalStore(base_url, settings.auth.internal_token.get_secret_value())


def _has_disk(storage: StorageSettings) -> bool:
    """Ray knows which of its nodes has it. A process outside of Ray stands on the machine with the disk, unless it was
    told where else to read."""
    if storage.access != "auto":
        return storage.access == "disk"
    ray = sys.modules.get("ray")
    if ray is None or not ray.is_initialized():
        return storage.internal_url is None
    here = ray.get_runtime_context().get_node_id()
    return any(node["NodeID"] == here and node["Resources"].get(DISK) for node in ray.nodes())


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
