"""Which store a process reads and writes audio in: the one place that decides it."""

from pathlib import Path
from urllib.parse import unquote, urlsplit

from audio.store import AudioStore, FileStore
from configs.settings import Settings, StorageSettings
from domain.errors import ConfigError


def open_store(settings: Settings) -> AudioStore:
    """The store that `storage.url` names: a path, a file:// URL or s3://bucket/prefix. Raises ConfigError."""
    url = settings.storage_url
    parts = urlsplit(url)
    if parts.scheme == "s3":
        return _s3(url, settings.storage)
    return FileStore(_folder(url))


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
