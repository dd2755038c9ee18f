"""Which code is this? Actors carry the answer, so that `up` replaces those of another release."""

import hashlib
from pathlib import Path

from configs.settings import Settings

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("domain", "audio", "db", "cluster", "configs")


def release_hash(settings: Settings) -> str:
    """Twelve hex digits over the server's source files and the effective settings."""
    digest = hashlib.sha256(settings.model_dump_json().encode())
    for secret in (settings.database.url, settings.analysis.openai_api_key):
        digest.update((secret.get_secret_value() if secret else "").encode())
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*")):
            if path.suffix in (".py", ".yaml", ".md") and path.is_file():
                digest.update(path.relative_to(ROOT).as_posix().encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:12]
