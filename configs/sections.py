"""The sections of the settings, as `configs/default.yaml` has them: names, units, bounds. No values."""

from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, PositiveFloat, SecretStr, model_validator

Country = Annotated[str, Field(pattern=r"^[A-Z]{2}$")]


class Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class DatabaseSettings(Section):
    url: SecretStr | None

    @model_validator(mode="after")
    def _is_of_postgresql(self) -> Self:
        scheme = self.url.get_secret_value().partition(":")[0] if self.url else "postgresql"
        if scheme.partition("+")[0] not in ("postgresql", "postgres"):
            raise ValueError("url (DATABASE_URL): an address of PostgreSQL begins with postgresql://")
        return self


class AuthSettings(Section):
    admin_token: SecretStr
    internal_token: SecretStr
    session_valid_h: float = Field(gt=0)
    session_idle_h: float = Field(gt=0)
    login_window_s: float = Field(gt=0)
    login_failures_per_client: int = Field(ge=1)
    login_failures_per_login: int = Field(ge=1)


class S3Settings(Section):
    endpoint_url: str | None
    region: str | None
    access_key_id: SecretStr
    secret_access_key: SecretStr
    session_token: SecretStr
    addressing: Literal["auto", "path", "virtual"]
    encryption: Literal["AES256", "aws:kms"] | None
    kms_key_id: str | None


class StorageSettings(Section):
    url: str | None
    free_floor_mb: int = Field(ge=0)
    access: Literal["auto", "disk", "internal"]
    internal_url: str | None
    cache_mb: int = Field(ge=0)
    cache_minutes: float = Field(gt=0)
    s3: S3Settings
    country: Country | None


class IngestSettings(Section):
    max_upload_size_bytes: int = Field(gt=0)
    max_chunk_s: float = Field(gt=0)
    max_ahead_s: float = Field(ge=0)
    old_token_days: int = Field(ge=0)
    live_s: float = Field(gt=0)


class EnrolmentSettings(Section):
    code_valid_h: float = Field(gt=0)
    window_s: float = Field(gt=0)
    failures_per_client: int = Field(ge=1)
    failures_in_all: int = Field(ge=1)


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
    rerun: AsrPassSettings | None
    device: Literal["auto", "cpu", "cuda"]
    cpu_threads: int = Field(ge=1)
    batch_audio_s: float = Field(gt=0)
    batch_wait_s: float = Field(ge=0)
    accurate_min_s: float = Field(ge=0)
    min_avg_logprob: float
    max_window: int = Field(ge=1)

    @property
    def served(self) -> dict[str, AsrPassSettings]:
        """What Whisper serves, by the names that a re-analysis may ask for."""
        return {"fast": self.fast, "accurate": self.accurate} | ({"rerun": self.rerun} if self.rerun else {})


class AnalysisSettings(Section):
    engine: Literal["auto", "openai", "rules"]
    openai_api_key: SecretStr
    openai_base_url: str | None
    openai_model: str
    prompt: str
    rules: str
    concurrency: int = Field(ge=1)
    timeout_s: float = Field(gt=0)
    min_words: int = Field(ge=0)
    min_duration_s: float = Field(ge=0)
    price_per_million_in_usd: float = Field(ge=0)
    price_per_million_out_usd: float = Field(ge=0)
    country: Country | None


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


class RunsSettings(Section):
    ahead: int = Field(ge=1)
    live_wait_s: float = Field(gt=0)
    window_share: float = Field(gt=0, le=1)


class WorkerGroup(Section):
    name: str
    stages: Literal["all", "others"] | list[str]
    replicas: int | None = Field(default=None, ge=0)
    min_replicas: int = Field(default=0, ge=0)
    max_replicas: int | None = Field(default=None, ge=1)
    num_cpus: float = Field(ge=0)
    resources: dict[str, PositiveFloat] = {}

    @model_validator(mode="after")
    def _is_fixed_or_scaled(self) -> Self:
        if (self.replicas is None) == (self.max_replicas is None):
            raise ValueError(f"group {self.name}: give replicas, or min_replicas and max_replicas")
        if self.max_replicas is not None and self.min_replicas > self.max_replicas:
            raise ValueError(f"group {self.name}: min_replicas is above max_replicas")
        return self


class WorkerSettings(Section):
    groups: list[WorkerGroup]
    elsewhere: list[str]


class ScalingSettings(Section):
    times_real_time: dict[str, PositiveFloat]
    target_s: float = Field(gt=0)
    start_s: float = Field(ge=0)
    backfill_within_s: float = Field(gt=0)
    backfill_share: float = Field(ge=0, le=1)
    reanalysis_within_s: float = Field(gt=0)
    reanalysis_cap: int = Field(ge=0)
    head_room: float = Field(ge=1)
    spare: float = Field(ge=1)
    quiet_s: float = Field(gt=0)


class SweepSettings(Section):
    every_s: float = Field(gt=0)
    orphan_age_h: float = Field(gt=0)


class ServerSettings(Section):
    host: str
    port: int = Field(ge=1, le=65535)
    public_url: str | None = Field(pattern=r"^https?://[^/\s]+$")
    proxies: int = Field(ge=0)
    dashboard_port: int = Field(ge=1, le=65535)
    ray_dashboard_port: int = Field(ge=1, le=65535)
    ray_port: int = Field(ge=1, le=65535)
    head_cpus: float | None = Field(ge=0)
    ray_redis: str | None
    ray_redis_password: SecretStr

    @model_validator(mode="after")
    def _has_a_port_for_each(self) -> Self:
        owners: dict[int, str] = {}
        for name in ("port", "dashboard_port", "ray_dashboard_port", "ray_port"):
            port = getattr(self, name)
            if port in owners:
                raise ValueError(f"{owners[port]} and {name} are both {port}: give each a port of its own")
            owners[port] = name
        return self


class DashboardSettings(Section):
    host: str
    origins: list[str]
    api_urls: list[str]
    public_api_urls: list[str]


class LinkSettings(Section):
    ray_dashboard: str | None
    grafana: str | None


class MetricsSettings(Section):
    scrape_token: SecretStr
    cache_s: float = Field(ge=0)
    timeout_s: float = Field(gt=0)
    llm_budget_usd: float = Field(ge=0)


class LogSettings(Section):
    level: Literal["DEBUG", "INFO", "WARNING", "ERROR"]
