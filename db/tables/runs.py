"""Re-analyses: what each is about, what it has been given, and what its promotion replaced."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from db.tables.base import created_at, metadata

runs = Table(
    "runs",
    metadata,
    Column("run_id", Uuid, primary_key=True),
    Column("name", Text, nullable=False),
    Column("stage", Text, nullable=False, comment="where it begins: asr or analysis"),
    Column("state", Text, nullable=False, server_default="planned"),
    Column("is_shadow", Boolean, nullable=False, comment="waits to be promoted by hand"),
    Column("filters", JSONB, nullable=False, comment="which dialogues were asked for"),
    Column("settings", JSONB, nullable=False, comment="what it does otherwise than live work"),
    Column("sample", Integer, comment="so many of them by chance; null: all"),
    Column("planned", Integer, nullable=False, comment="dialogues"),
    Column("planned_audio_ms", BigInteger, nullable=False),
    Column("estimate", JSONB, nullable=False, server_default=text("'{}'::jsonb")),
    Column("created_by", Text, nullable=False),
    created_at(),
    Column("started_at", DateTime(timezone=True)),
    Column("finished_at", DateTime(timezone=True)),
    Column("promoted_at", DateTime(timezone=True)),
    Column("rolled_back_at", DateTime(timezone=True)),
    Column("error", Text),
    UniqueConstraint("name"),
    Index("ix_runs_running", "run_id", postgresql_where=text("state = 'running'")),
)

run_subjects = Table(
    "run_subjects",
    metadata,
    Column("run_id", Uuid, ForeignKey("runs.run_id", ondelete="CASCADE"), nullable=False),
    Column("dialogue_id", Uuid, ForeignKey("dialogues.dialogue_id", ondelete="CASCADE"), nullable=False),
    Column("revision", Integer, nullable=False, comment="of the dialogue, when the run was planned"),
    Column("audio_ms", BigInteger, nullable=False, server_default="0", comment="of speech"),
    Column("fed_at", DateTime(timezone=True), comment="when its job was queued"),
    PrimaryKeyConstraint("run_id", "dialogue_id"),
    Index("ix_run_subjects_waiting", "run_id", "dialogue_id", postgresql_where=text("fed_at IS NULL")),
    Index("ix_run_subjects_dialogue_id", "dialogue_id"),
)

run_replaced = Table(
    "run_replaced",
    metadata,
    Column("run_id", Uuid, ForeignKey("runs.run_id", ondelete="CASCADE"), nullable=False),
    Column("dialogue_id", Uuid, ForeignKey("dialogues.dialogue_id", ondelete="CASCADE"), nullable=False),
    Column("before", JSONB, nullable=False, comment="the rows as they stood before the promotion"),
    Column("after", JSONB, nullable=False, comment="and as the promotion left them"),
    PrimaryKeyConstraint("run_id", "dialogue_id"),
    Index("ix_run_replaced_dialogue_id", "dialogue_id"),
)
