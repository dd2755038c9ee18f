"""Which code is this? Actors carry the answer, so that `up` replaces those of another release."""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from pydantic import BaseModel, SecretStr

from configs.settings import Settings

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("domain", "audio", "db", "cluster", "serve_apps", "configs")
PAGES = ("domain", "dashboard", "configs")
"""What the dashboard's process is made of."""
SUFFIXES = (".py", ".yaml", ".md", ".html", ".css", ".js")


def release_hash(settings: Settings) -> str:
    """Twelve hex digits over the server's source files and the effective settings.

    Not over the Serve files: what they say is compared by Serve itself, and changed in place where that can be.
    """
    return _hash_of(PACKAGES, settings.model_dump_json(), *_secrets(settings))


def pages_hash(command: Sequence[str], environment: Mapping[str, str]) -> str:
    """The same over the pages' source files and what their process is started with."""
    return _hash_of(PAGES, json.dumps([list(command), dict(environment)]))


def _hash_of(packages: Sequence[str], *said: str) -> str:
    digest = hashlib.sha256("\0".join(said).encode())
    for package in packages:
        for path in sorted((ROOT / package).rglob("*")):
            if path.suffix in SUFFIXES and path.is_file() and not path.name.startswith("serve."):
                digest.update(path.relative_to(ROOT).as_posix().encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:12]


def _secrets(section: BaseModel) -> Iterator[str]:
    """All that a section holds, which its JSON only shows as stars."""
    for _, value in section:
        if isinstance(value, SecretStr):
            yield value.get_secret_value()
        elif isinstance(value, BaseModel):
            yield from _secrets(value)
