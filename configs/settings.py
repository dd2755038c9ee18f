"""Configuration: `configs/default.yaml` ← profile ← environment. Unknown keys are errors; no secrets in YAML.

Environment names: the original product's (ADMIN_TOKEN, POSTGRES_*, …, see configs/layers.py), and for everything else
SALESCONTROL_SECTION__KEY. A name with _FILE appended reads the value from that file. Values are read as YAML.
"""

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from configs.layers import FOLDER, layers, merge
from configs.sections import (
    AnalysisSettings,
    AsrSettings,
    AuthSettings,
    DashboardSettings,
    DatabaseSettings,
    DialogueSettings,
    EnrolmentSettings,
    IngestSettings,
    JobSettings,
    LinkSettings,
    LogSettings,
    MetricsSettings,
    RunsSettings,
    ScalingSettings,
    Section,
    ServerSettings,
    StorageSettings,
    SweepSettings,
    VadSettings,
    WorkerSettings,
)
from domain.errors import ConfigError

DEFAULT_ADMIN_TOKEN = "changeme-admin-token"


class Settings(Section):
    """All settings. Frozen; pass it, never look it up."""

    profile: str
    home: Path
    database: DatabaseSettings
    auth: AuthSettings
    storage: StorageSettings
    ingest: IngestSettings
    enrolment: EnrolmentSettings
    vad: VadSettings
    dialogues: DialogueSettings
    asr: AsrSettings
    analysis: AnalysisSettings
    jobs: JobSettings
    runs: RunsSettings
    workers: WorkerSettings
    scaling: ScalingSettings
    sweep: SweepSettings
    server: ServerSettings
    dashboard: DashboardSettings
    links: LinkSettings
    metrics: MetricsSettings
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
    for source, layer in layers(profile, env):
        merge(values, layer, source, sources)
    try:
        return Settings(profile=profile, home=home, **values), sources
    except ValidationError as error:
        raise ConfigError("\n".join(_explain(error, sources))) from None


def _explain(error: ValidationError, sources: dict[str, str]) -> Iterator[str]:
    for problem in error.errors():
        dotted = ".".join(str(part) for part in problem["loc"])
        where = sources.get(dotted) or next((s for k, s in sources.items() if k.startswith(dotted)), "configuration")
        unknown = problem["type"] == "extra_forbidden"
        said = problem["msg"].removeprefix("Value error, ")
        message = "unknown setting; see `salescontrol config show`" if unknown else said
        yield f"{where}: {dotted}: {message}"
