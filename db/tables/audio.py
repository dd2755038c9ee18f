"""Chunks, the speech in them, and intervals that were erased."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Computed,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    PrimaryKeyConstraint,
    Table,
    Text,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from db.tables.base import created_at, metadata

audio_chunks = Table(
    "audio_chunks",
    metadata,
    Column("chunk_id", Uuid, primary_key=True),
    Column("device_id", Uuid, ForeignKey("devices.device_id"), nullable=False),
    Column("point_id", Uuid, nullable=False),
    Column("register_id", Uuid, nullable=False),
    Column("session_id", Uuid, comment="one capture run of the recorder"),
    Column("seq", Integer, comment="chunk number in the capture run"),
    Column("start_ts", DateTime(timezone=True), nullable=False),
    Column("end_ts", DateTime(timezone=True), nullable=False, comment="as the recorder said"),
    Column("codec", Text, nullable=False),
    Column("sample_rate", Integer, nullable=False),
    Column("channels", Integer, nullable=False),
    Column("sha256", Text, nullable=False, comment="of the stored file, hex"),
    Column("received_sha256", Text, comment="of the file as it came, where parts of it were silenced since"),
    Column("silenced", JSONB, comment="erased parts of the stored file: [[from, to], …], ms from the first sample"),
    Column("size_bytes", BigInteger, nullable=False),
    Column("stored_path", Text, comment="relative to the audio store; null once erased or discarded"),
    Column("status", Text, nullable=False, server_default="QUEUED"),
    Column("error", Text),
    Column("decoded_ms", BigInteger, comment="decoded length: this is the coverage, not end_ts"),
    Column("decoded_at", DateTime(timezone=True)),
    Column("settled_status", Text, comment="the final status that the dialogues take into account; null: none yet"),
    Column(
        "is_unsettled",
        Boolean,
        Computed("status = ANY (ARRAY['DONE', 'ERROR']) AND settled_status IS DISTINCT FROM status", persisted=True),
        comment="its end is not yet taken into account; a column, since the planner misjudges the expression",
    ),
    Column("received_at", DateTime(timezone=True), nullable=False, server_default=text("now()")),
    Index(
        "uq_audio_chunks_device_id_session_id_seq",
        "device_id",
        "session_id",
        "seq",
        unique=True,
        postgresql_where=text("session_id IS NOT NULL"),
    ),
    Index(
        "uq_audio_chunks_device_id_start_ts",
        "device_id",
        "start_ts",
        unique=True,
        postgresql_where=text("session_id IS NULL"),
    ),
    Index(
        "uq_audio_chunks_device_id_start_ts_received",
        "device_id",
        "start_ts",
        text("COALESCE(received_sha256, sha256)"),
        unique=True,
    ),
    Index("ix_audio_chunks_stored", "device_id", "start_ts", postgresql_where=text("stored_path IS NOT NULL")),
    Index("ix_audio_chunks_device_id_received_at", "device_id", "received_at"),
    Index("ix_audio_chunks_unsettled", "device_id", "start_ts", postgresql_where=text("is_unsettled")),
)

speech_segments = Table(
    "speech_segments",
    metadata,
    Column("chunk_id", Uuid, ForeignKey("audio_chunks.chunk_id", ondelete="CASCADE"), nullable=False),
    Column("idx", Integer, nullable=False),
    Column("device_id", Uuid, nullable=False),
    Column("offset_start_ms", Integer, nullable=False, comment="from the first decoded sample of the chunk"),
    Column("offset_end_ms", Integer, nullable=False),
    Column("start_ts", DateTime(timezone=True), nullable=False),
    Column("end_ts", DateTime(timezone=True), nullable=False),
    PrimaryKeyConstraint("chunk_id", "idx"),
    Index("ix_speech_segments_device_id_start_ts", "device_id", "start_ts"),
)

tombstones = Table(
    "tombstones",
    metadata,
    Column("tombstone_id", Uuid, primary_key=True),
    Column("point_id", Uuid, nullable=False),
    Column("device_id", Uuid, comment="null: every device of the point"),
    Column("start_ts", DateTime(timezone=True), nullable=False),
    Column("end_ts", DateTime(timezone=True), nullable=False),
    created_at(),
    Index("ix_tombstones_point_id_start_ts", "point_id", "start_ts"),
)
