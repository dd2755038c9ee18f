"""The queue and the record of every result."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Identity,
    Index,
    Integer,
    PrimaryKeyConstraint,
    SmallInteger,
    Table,
    Text,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from db.tables.base import created_at, metadata

jobs = Table(
    "jobs",
    metadata,
    Column("job_id", BigInteger, Identity(), primary_key=True),
    Column("stage", Text, nullable=False),
    Column("subject_id", Text, nullable=False),
    Column("subject_rev", Integer, nullable=False, server_default="0"),
    Column("run_id", Uuid),
    Column("lock_key", Text, nullable=False),
    Column("class", SmallInteger, nullable=False, server_default="0", key="job_class"),
    Column("fair_key", Text, nullable=False, server_default=""),
    Column("state", Text, nullable=False, server_default="queued"),
    Column("run_after", DateTime(timezone=True), nullable=False, server_default=text("now()")),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("lease_token", Uuid),
    Column("lease_until", DateTime(timezone=True)),
    Column("worker", Text),
    Column("last_error", Text),
    Column("audio_ms", BigInteger, nullable=False, server_default="0", comment="how much audio waits in this job"),
    Column("finished_at", DateTime(timezone=True)),
    created_at("enqueued_at"),
    Index(
        "uq_jobs_queued",
        "stage",
        "subject_id",
        "run_id",
        unique=True,
        postgresql_where=text("state = 'queued'"),
        postgresql_nulls_not_distinct=True,
    ),
    Index("uq_jobs_running_key", "stage", "lock_key", unique=True, postgresql_where=text("state = 'running'")),
    Index(
        "ix_jobs_queued_order",
        "stage",
        "job_class",
        "fair_key",
        "run_after",
        "job_id",
        postgresql_where=text("state = 'queued'"),
    ),
    Index("ix_jobs_running_lease", "stage", "lease_until", postgresql_where=text("state = 'running'")),
    Index("ix_jobs_dead", "stage", "job_id", postgresql_where=text("state = 'dead'")),
    Index("ix_jobs_finished", "finished_at", postgresql_where=text("state IN ('done', 'superseded')")),
    Index("ix_jobs_with_error", "subject_id", postgresql_where=text("last_error IS NOT NULL")),
    Index("ix_jobs_run", "run_id", "state", "stage", postgresql_where=text("run_id IS NOT NULL")),
)

stage_turns = Table(
    "stage_turns",
    metadata,
    Column("stage", Text, nullable=False),
    Column("fair_key", Text, nullable=False),
    Column("turn", BigInteger, nullable=False, comment="number of the stage's claim that last served this key"),
    PrimaryKeyConstraint("stage", "fair_key"),
    Index("ix_stage_turns_stage_turn", "stage", "turn"),
)

stage_pauses = Table(
    "stage_pauses",
    metadata,
    Column("stage", Text, primary_key=True),
    Column("until", DateTime(timezone=True), nullable=False, comment="then one job goes as a probe"),
    Column("reason", Text, nullable=False),
    Column("probe_job_id", BigInteger, comment="the probe that is out"),
    created_at("since"),
)

stage_results = Table(
    "stage_results",
    metadata,
    Column("result_id", BigInteger, Identity(), primary_key=True),
    Column("stage", Text, nullable=False),
    Column("subject_id", Text, nullable=False),
    Column("subject_rev", Integer, nullable=False),
    Column("run_id", Uuid),
    Column("job_id", BigInteger, nullable=False),
    Column("is_superseded", Boolean, nullable=False, server_default=text("false")),
    Column("payload", JSONB, nullable=False),
    created_at(),
    Index("ix_stage_results_stage_subject_id", "stage", "subject_id"),
    Index("ix_stage_results_run", "run_id", "stage", "subject_id", postgresql_where=text("run_id IS NOT NULL")),
)
