"""What was erased, by whom, and the files that still have to go."""

from sqlalchemy import (
    Column,
    DateTime,
    Index,
    Table,
    Text,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from db.tables.base import created_at, metadata

erasures = Table(
    "erasures",
    metadata,
    Column("erasure_id", Uuid, primary_key=True),
    Column("kind", Text, nullable=False, comment="dialogue, interval or retention"),
    Column("point_id", Uuid, nullable=False),
    Column("device_id", Uuid, comment="null: every device of the point"),
    Column("dialogue_id", Uuid, comment="that was named, where one was"),
    Column("start_ts", DateTime(timezone=True), nullable=False),
    Column("end_ts", DateTime(timezone=True), nullable=False),
    Column("requested_by", Text, nullable=False),
    Column("counts", JSONB, nullable=False, server_default=text("'{}'::jsonb"), comment="how much went; no content"),
    created_at("at"),
    Column("finished_at", DateTime(timezone=True), comment="null: still at work"),
    Index("ix_erasures_point_id_at", "point_id", "at"),
)

doomed_files = Table(
    "doomed_files",
    metadata,
    Column("stored_path", Text, primary_key=True, comment="to be deleted from the audio store"),
    Column("erasure_id", Uuid),
    created_at(),
)
