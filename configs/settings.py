"""Configuration: `configs/default.yaml` ← profile ← environment. Unknown keys are errors; secrets come from env or files.

Environment names: the original product's (ADMIN_TOKEN, POSTGRES_*, …, see SEED_NAMES), and SALESCONTROL_SECTION__KEY
for everything else. A name with _FILE appended reads the value from that file. Numbers, lists and maps are read as YAML.
"""

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Literal
from urllib.parse import quote

import yaml
from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError

from domain.errors import ConfigError

FOLDER = Path(__file__).resolve().parent
PREFIX = "SALESCONTROL_"
NOT_SETTINGS = {"SALESCONTROL_HOME", "SALESCONTROL_PROFILE", "SALESCONTROL_PAUSE_DIR", "SALESCONTROL_RAY_RUN", "SALESCONTROL_API_URL"}
DEFAULT_ADMIN_TOKEN = "changeme-admin-token"

SEED_NAMES = {
    "ADMIN_TOKEN": "auth.admin_token",
    "INTERNAL_TOKEN": "auth.internal_token",
    "DATABASE_URL": "database.url",
    "AUDIO_STORAGE_PATH": "storage.url",
    "MAX_UPLOAD_SIZE_BYTES": "ingest.max_upload_size_bytes",
    "OPENAI_API_KEY": "analysis.openai_api_key",
    "OPENAI_BASE_URL": "analysis.openai_base_url",
    "OPENAI_MODEL": "analysis.openai_model",
    "DASHBOARD_PORT": "server.dashboard_port",
    "SILENCE_GAP_SEC": "dialogues.silence_gap_s",
    "MAX_DIALOGUE_SEC": "dialogues.max_dialogue_s",
}
"""The original product's variables, and the setting each stands for. POSTGRES_* build database.url where it is unset."""


class Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class DatabaseSettings(Section):
    url: SecretStr | None


class AuthSettings(Section):
    admin_token: SecretStr
    internal_token: SecretStr


class StorageSettings(Section):
    url: str | None
    free_floor_mb: int = Field(ge=0)


class IngestSettings(Section):
    max_upload_size_bytes: int = Field(gt=0)
    max_chunk_s: float = Field(gt=0)
    old_token_days: int = Field(ge=0)
    live_s: float = Field(gt=0)


class VadSettings(Section):
    mode: int = Field(ge=0, le=3)
    frame_ms: Literal[10, 20, 30]
    max_segment_s: float = Field(gt=0)
    silero: bool
    silero_threshold: float = Field(gt=0, lt=1)


class DialogueSettings(Section):
    silence_gap_s: float = Field(gt=0)
    max_dialogue_s: float = Field(gt=0)
    lateness_s: float = Field(ge=0)
    revise_wait_s: float = Field(ge=0)


class AsrPassSettings(Section):
    model: str
    compute_type: str
    beam_size: int = Field(ge=1)
    pack: bool


class AsrSettings(Section):
    language: str
    padding_ms: int = Field(ge=0)
    fast: AsrPassSettings
    accurate: AsrPassSettings
    device: Literal["auto", "cpu", "cuda"]
    cpu_threads: int = Field(ge=1)
    batch_audio_s: float = Field(gt=0)
    batch_wait_s: float = Field(ge=0)
    accurate_min_s: float = Field(ge=0)
    min_avg_logprob: float
    max_window: int = Field(ge=1)


class AnalysisSettings(Section):
    engine: Literal["auto", "openai", "rules"]
    openai_api_key: SecretStr
    openai_base_url: str | None
    openai_model: str
    prompt: str
    concurrency: int = Field(ge=1)
    timeout_s: float = Field(gt=0)
    min_words: int = Field(ge=0)
    min_duration_s: float = Field(ge=0)
    price_per_million_in_usd: float = Field(ge=0)
    price_per_million_out_usd: float = Field(ge=0)


class JobSettings(Section):
    lease_s: float = Field(gt=0)
    renew_s: float = Field(gt=0)
    poll_s: float = Field(gt=0)
    max_attempts: int = Field(ge=1)
    backoff_s: float = Field(gt=0)
    backoff_max_s: float = Field(gt=0)
    pause_max_s: float = Field(gt=0)
    keep_done_days: float = Field(gt=0)
    lower_class_every: int = Field(ge=2)


class WorkerGroup(Section):
    name: str
    stages: Literal["all"] | list[str]
    replicas: int = Field(ge=0)
    num_cpus: float = Field(ge=0)


class WorkerSettings(Section):
    groups: list[WorkerGroup]


class SweepSettings(Section):
    every_s: float = Field(gt=0)
    orphan_age_h: float = Field(gt=0)


class ServerSettings(Section):
    host: str
    port: int = Field(ge=1, le=65535)
    dashboard_port: int = Field(ge=1, le=65535)
    ray_dashboard_port: int = Field(ge=1, le=65535)
    ray_port: int = Field(ge=1, le=65535)


class LogSettings(Section):
    level: Literal["DEBUG", "INFO", "WARNING", "ERROR"]


class Settings(Section):
    """All settings. Frozen; pass it, never look it up."""

    profile: str
    home: Path
    database: DatabaseSettings
    auth: AuthSettings
    storage: StorageSettings
    ingest: IngestSettings
    vad: VadSettings
    dialogues: DialogueSettings
    asr: AsrSettings
    analysis: AnalysisSettings
    jobs: JobSettings
    workers: WorkerSettings
    sweep: SweepSettings
    server: ServerSettings
    log: LogSettings

    @property
    def storage_url(self) -> str:
        """Where audio is kept: a path or a URL."""
        return self.storage.url or str(self.home / "audio")


def default_home() -> Path:
    """`.salescontrol` beside the code in a checkout, else in the user's home."""
    root = FOLDER.parent
    return (root if (root / "pyproject.toml").exists() else Path.home()) / ".salescontrol"


def load(env: Mapping[str, str] | None = None) -> Settings:
    """Reads the settings. Raises ConfigError that names the wrong key and where it stands."""
    return load_with_sources(env)[0]


def load_with_sources(env: Mapping[str, str] | None = None) -> tuple[Settings, dict[str, str]]:
    """The settings, and for every dotted key the layer that its value came from."""
    env = os.environ if env is None else env
    profile = env.get("SALESCONTROL_PROFILE") or "local"
    home = Path(env.get("SALESCONTROL_HOME") or default_home()).expanduser().resolve()
    values: dict[str, Any] = {}
    sources: dict[str, str] = {}
    for source, layer in _layers(profile, env):
        _merge(values, layer, source, sources)
    try:
        return Settings(profile=profile, home=home, **values), sources
    except ValidationError as error:
        raise ConfigError("\n".join(_explain(error, sources))) from None


def _layers(profile: str, env: Mapping[str, str]) -> Iterator[tuple[str, dict[str, Any]]]:
    yield "configs/default.yaml", _read_yaml(FOLDER / "default.yaml")
    path = Path(profile) if profile.endswith((".yaml", ".yml")) else FOLDER / f"{profile}.yaml"
    if not path.is_file():
        known = sorted(p.stem for p in FOLDER.glob("*.yaml") if p.stem not in ("default", "serve"))
        raise ConfigError(f"SALESCONTROL_PROFILE={profile}: no such profile; use one of {', '.join(known)} or a YAML file")
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
        key = SEED_NAMES.get(base)
        if key is None and base.startswith(PREFIX) and name not in NOT_SETTINGS:
            key = base.removeprefix(PREFIX).lower().replace("__", ".")
        if key is None or env[name] == "":
            continue
        text = _secret_file(name, env[name]) if name != base else env[name]
        value = text if key.endswith(("_token", "_key", ".url", "_url", "_model")) else _scalar(text)
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
    port, name = env.get("POSTGRES_PORT", "5432"), env.get("POSTGRES_DB", "ingest")
    return f"postgresql://{quote(user, safe='')}:{quote(password, safe='')}@{host}:{port}/{name}"


def _merge(into: dict[str, Any], layer: dict[str, Any], source: str, sources: dict[str, str], prefix: str = "") -> None:
    for key, value in layer.items():
        dotted = f"{prefix}{key}"
        if isinstance(value, dict) and isinstance(into.get(key), dict):
            _merge(into[key], value, source, sources, f"{dotted}.")
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


def _explain(error: ValidationError, sources: dict[str, str]) -> Iterator[str]:
    for problem in error.errors():
        dotted = ".".join(str(part) for part in problem["loc"])
        where = sources.get(dotted) or next((s for k, s in sources.items() if k.startswith(dotted)), "configuration")
        message = "unknown setting; see `salescontrol config show`" if problem["type"] == "extra_forbidden" else problem["msg"]
        yield f"{where}: {dotted}: {message}"
