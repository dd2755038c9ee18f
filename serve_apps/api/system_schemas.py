"""What the system routes take and answer."""

from datetime import datetime
from typing import Annotated

from pydantic import Field

from serve_apps.api.schemas import Body, View
from serve_apps.wording import Spelled

LAST_JOB_ID = 2**63 - 1
StageName = Annotated[str, Spelled(r"[a-z_]{1,60}", "lower-case letters and _")]


class StageView(View):
    """One stage of the pipeline. Finished jobs are counted over the last hour."""

    stage: str
    queued: int = Field(description="may run now")
    delayed: int = Field(description="waiting for their time: backing off, or for their hour")
    running: int
    dead: int
    done_1h: int
    audio_s_1h: float = Field(description="seconds of audio in the jobs done within the hour")
    oldest_s: float = Field(description="age of the oldest job that may run now")
    times_real_time: float = Field(description="seconds of audio done per second, over the last five minutes")
    paused_until: datetime | None
    pause_reason: str | None


class FailedAttemptView(View):
    """A job that failed and is tried again by itself."""

    job_id: int
    stage: str
    subject_id: str
    attempts: int
    last_error: str
    run_after: datetime = Field(description="when it is tried again")


class ModelView(View):
    what: str = Field(description="asr or analysis")
    model: str
    dialogues: int = Field(description="of the last seven days")
    last_at: datetime


class DiskView(View):
    """Of the audio store."""

    free_bytes: int | None = Field(description="null: the store knows no limit")
    floor_bytes: int = Field(description="with less than this free, uploads are refused")
    database_bytes: int


class VersionsView(View):
    server: str
    python: str
    postgresql: str
    ray: str
    migration: str | None


class LinksView(View):
    """Addresses for a browser; null where there is none."""

    ray_dashboard: str | None
    grafana: str | None


class SystemView(View):
    at: datetime
    stages: list[StageView] = Field(description="that have jobs or a pause, by name")
    failing: list[FailedAttemptView] = Field(description="the latest first, at most 20")
    models: list[ModelView]
    disk: DiskView
    versions: VersionsView
    links: LinksView


class DeadJobView(View):
    job_id: int
    stage: str
    subject_id: str = Field(description="the id of a chunk, a device, a dialogue or a point")
    attempts: int
    last_error: str | None
    finished_at: datetime | None
    enqueued_at: datetime


class RetryBody(Body):
    """Which dead jobs; nothing: all of them."""

    job_ids: list[Annotated[int, Field(ge=1, le=LAST_JOB_ID)]] | None = Field(None, min_length=1, max_length=500)
    stage: StageName | None = Field(None, description="all dead jobs of this stage")


class RetriedView(View):
    retried: int = Field(description="jobs that are queued again; those that were not dead are left alone")
