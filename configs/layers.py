"""The layers of the configuration, lowest first: `configs/default.yaml` ← profile ← environment."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

import yaml

from domain.errors import ConfigError

FOLDER = Path(__file__).resolve().parent
PREFIX = "SALESCONTROL_"
NOT_SETTINGS = {
    "SALESCONTROL_HOME",
    "SALESCONTROL_PROFILE",
    "SALESCONTROL_PAUSE_DIR",
    "SALESCONTROL_RAY_RUN",
    "SALESCONTROL_API_URL",
}
"""Variables with our prefix that are read elsewhere."""
NOT_A_PROFILE = re.compile(r"default|serve(\..+)?|cluster-.+|instance_types")
"""What else lies in the folder: the lowest layer, Serve's files, Ray's cluster files and the table for their lint."""

SEED_NAMES = {
    "ADMIN_TOKEN": "auth.admin_token",
    "INTERNAL_TOKEN": "auth.internal_token",
    "DATABASE_URL": "database.url",
    "AUDIO_STORAGE_PATH": "storage.url",
    "INGEST_INTERNAL_BASE_URL": "storage.internal_url",
    "MAX_UPLOAD_SIZE_BYTES": "ingest.max_upload_size_bytes",
    "OPENAI_API_KEY": "analysis.openai_api_key",
    "OPENAI_BASE_URL": "analysis.openai_base_url",
    "OPENAI_MODEL": "analysis.openai_model",
    "DASHBOARD_PORT": "server.dashboard_port",
    "PUBLIC_URL": "server.public_url",
    "RAY_REDIS_ADDRESS": "server.ray_redis",
    "SILENCE_GAP_SEC": "dialogues.silence_gap_s",
    "MAX_DIALOGUE_SEC": "dialogues.max_dialogue_s",
}
"""The original product's variables, and one of Ray's: each one's setting. POSTGRES_* build an unset database.url."""

S3_NAMES = {
    "AWS_ENDPOINT_URL": "storage.s3.endpoint_url",
    "AWS_ENDPOINT_URL_S3": "storage.s3.endpoint_url",
    "AWS_DEFAULT_REGION": "storage.s3.region",
    "AWS_REGION": "storage.s3.region",
    "AWS_ACCESS_KEY_ID": "storage.s3.access_key_id",
    "AWS_SECRET_ACCESS_KEY": "storage.s3.secret_access_key",
    "AWS_SESSION_TOKEN": "storage.s3.session_token",
}
"""The names that every S3 client reads. Of two for one setting the later in the alphabet counts: the narrower one."""
_NAMES = SEED_NAMES | S3_NAMES
_TEXTS = ("_token", "_key", "_key_id", ".url", "_url", "_model", ".region", "_redis", "_password")
"""Endings of settings whose value is text, whatever YAML would make of it."""


def layers(profile: str, env: Mapping[str, str]) -> Iterator[tuple[str, dict[str, Any]]]:
    """(where from, nested values) of each layer. Raises ConfigError for an unknown profile or broken YAML."""
    yield "configs/default.yaml", _read_yaml(FOLDER / "default.yaml")
    path = Path(profile) if profile.endswith((".yaml", ".yml")) else FOLDER / f"{profile}.yaml"
    if not path.is_file():
        known = sorted(p.stem for p in FOLDER.glob("*.yaml") if not NOT_A_PROFILE.fullmatch(p.stem))
        raise ConfigError(
            f"SALESCONTROL_PROFILE={profile}: no such profile; use one of {', '.join(known)} or a YAML file"
        )
    yield f"configs/{path.name}" if path.parent == FOLDER else str(path), _read_yaml(path)
    yield from _environment(env)


def _read_yaml(path: Path) -> dict[str, Any]:
    try:
        values = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
    except yaml.YAMLError as error:
        raise ConfigError(f"{path}: not valid YAML: {error}") from None
    if not isinstance(values, dict):
        raise ConfigError(f"{path}: must be a map of sections")
    return values


def _environment(env: Mapping[str, str]) -> Iterator[tuple[str, dict[str, Any]]]:
    url = _postgres_url(env)
    if url and not env.get("DATABASE_URL"):
        yield "env POSTGRES_*", {"database": {"url": url}}
    for name in sorted(env):
        base = name.removesuffix("_FILE")
        key = _NAMES.get(base)
        if key is None and base.startswith(PREFIX) and name not in NOT_SETTINGS:
            key = base.removeprefix(PREFIX).lower().replace("__", ".")
        if key is None or env[name] == "":
            continue
        text = _secret_file(name, env[name]) if name != base else env[name]
        value = text if key.endswith(_TEXTS) else _scalar(text)
        for part in reversed(key.split(".")):
            value = {part: value}
        yield f"env {name}", value  # type: ignore[misc]


def _secret_file(name: str, path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8").strip()
    except OSError as error:
        raise ConfigError(f"{name}={path}: cannot be read: {error.strerror}") from None


def _scalar(text: str) -> Any:
    try:
        return yaml.safe_load(text)
    except yaml.YAMLError:
        return text


def _postgres_url(env: Mapping[str, str]) -> str | None:
    host = env.get("POSTGRES_HOST")
    if not host:
        return None
    user, password = env.get("POSTGRES_USER", "ingest"), env.get("POSTGRES_PASSWORD", "ingest")
    if "POSTGRES_PASSWORD_FILE" in env:
        password = _secret_file("POSTGRES_PASSWORD_FILE", env["POSTGRES_PASSWORD_FILE"])
    port, name = env.get("POSTGRES_PORT", "5432"), env.get("POSTGRES_DB", "ingest")
    return f"postgresql://{quote(user, safe='')}:{quote(password, safe='')}@{host}:{port}/{name}"


def merge(into: dict[str, Any], layer: dict[str, Any], source: str, sources: dict[str, str], prefix: str = "") -> None:
    """Puts a layer over what is there and notes for every leaf, by its dotted name, where it came from."""
    for key, value in layer.items():
        dotted = f"{prefix}{key}"
        if isinstance(value, dict) and isinstance(into.get(key), dict):
            merge(into[key], value, source, sources, f"{dotted}.")
        else:
            into[key] = value
            for leaf in _leaves(dotted, value):
                sources[leaf] = source


def _leaves(dotted: str, value: Any) -> Iterator[str]:
    if isinstance(value, dict) and value:
        for key, inner in value.items():
            yield from _leaves(f"{dotted}.{key}", inner)
    else:
        yield dotted
