"""Which code is this? Actors carry the answer, so that `up` replaces those of another release."""

import hashlib
from pathlib import Path

from configs.settings import Settings

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("domain", "audio", "db", "cluster", "configs")


def release_hash(settings: Settings) -> str:
    """Twelve hex digits over the server's source files and the effective settings.

    Not over the Serve files: what they say is compared by Serve itself, and changed in place where that can be.
    """
    digest = hashlib.sha256(settings.model_dump_json().encode())
    s3, auth = settings.storage.s3, settings.auth
    keys = [settings.analysis.openai_api_key, auth.admin_token, auth.internal_token]
    keys += [s3.access_key_id, s3.secret_access_key, s3.session_token]
    for secret in (settings.database.url, *keys):
        digest.update((secret.get_secret_value() if secret else "").encode())
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*")):
            if path.suffix in (".py", ".yaml", ".md") and path.is_file() and not path.name.startswith("serve."):
                digest.update(path.relative_to(ROOT).as_posix().encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:12]
