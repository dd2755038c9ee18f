"""Points, registers, devices, what recorders tell, enrolment."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    DateTime,
    Double,
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

points = Table(
    "points",
    metadata,
    Column("point_id", Uuid, primary_key=True),
    Column("name", Text, nullable=False),
    Column("country", Text),
    Column("zone", Text, nullable=False, server_default="Europe/Belgrade"),
    Column("language", Text, nullable=False, server_default="ru", comment="ISO 639-1, or auto"),
    Column("opening_hours", JSONB, nullable=False, server_default=text("'{}'::jsonb")),
    Column("goal", Double, comment="target upsell rate, 0 to 1"),
    Column("catalogue", JSONB, comment="offer categories; null: the default catalogue"),
    Column("audio_days", Integer, comment="audio is kept so long; null: for ever"),
    Column("text_days", Integer, comment="transcripts, quotes and summaries are kept so long; null: for ever"),
    Column("retained_on", Date, comment="the point's day on which what is too old was last dropped"),
    Column(
        "shows_registers",
        Boolean,
        nullable=False,
        server_default=text("false"),
        comment="figures by register, and so by cashier, may be shown to managers",
    ),
    created_at(),
)

registers = Table(
    "registers",
    metadata,
    Column("register_id", Uuid, primary_key=True),
    Column("point_id", Uuid, ForeignKey("points.point_id"), nullable=False, index=True),
    Column("name", Text, nullable=False),
    created_at(),
)

devices = Table(
    "devices",
    metadata,
    Column("device_id", Uuid, primary_key=True),
    Column("point_id", Uuid, ForeignKey("points.point_id"), nullable=False, index=True),
    Column("register_id", Uuid, ForeignKey("registers.register_id"), nullable=False, index=True),
    Column("name", Text, nullable=False),
    Column("is_enabled", Boolean, nullable=False, server_default=text("true")),
    Column("replaced_by", Uuid, ForeignKey("devices.device_id")),
    Column("replaced_at", DateTime(timezone=True)),
    Column("last_seen_at", DateTime(timezone=True)),
    Column("delivered_until", DateTime(timezone=True), comment="the device owes no audio for the time before this"),
    Column("ledger_id", Uuid, comment="the recorder's ledger that coverage comes from; null: none yet"),
    Column("ledger_revision", BigInteger, comment="newest revision of it that was accepted"),
    Column("covered_until", DateTime(timezone=True), comment="up to here the ledger was received without a hole"),
    created_at(),
    Index("ix_devices_replaced_by", "replaced_by", postgresql_where=text("replaced_by IS NOT NULL")),
)

disabled_spans = Table(
    "disabled_spans",
    metadata,
    Column("device_id", Uuid, ForeignKey("devices.device_id"), nullable=False),
    Column("start_ts", DateTime(timezone=True), nullable=False),
    Column("end_ts", DateTime(timezone=True), comment="null: it is disabled now"),
    PrimaryKeyConstraint("device_id", "start_ts"),
)

device_tokens = Table(
    "device_tokens",
    metadata,
    Column("token_sha256", Text, primary_key=True, comment="hex; the token itself is never stored"),
    Column("device_id", Uuid, ForeignKey("devices.device_id"), nullable=False, index=True),
    Column("revoked_at", DateTime(timezone=True)),
    created_at(),
)

device_heartbeats = Table(
    "device_heartbeats",
    metadata,
    Column("device_id", Uuid, ForeignKey("devices.device_id"), nullable=False),
    Column("slot", DateTime(timezone=True), nullable=False, comment="ten minutes, of which the last heartbeat is kept"),
    Column("received_at", DateTime(timezone=True), nullable=False),
    Column("sent_at", DateTime(timezone=True), comment="by the recorder's clock"),
    Column("clock_error_ms", BigInteger, comment="sent_at minus received_at: the recorder's clock error and the way"),
    Column("version", Text, comment="of the recorder"),
    Column("health", JSONB, comment="the recorder's /health document"),
    PrimaryKeyConstraint("device_id", "slot"),
)

coverage = Table(
    "coverage",
    metadata,
    Column("device_id", Uuid, ForeignKey("devices.device_id"), nullable=False),
    Column("start_ts", DateTime(timezone=True), nullable=False),
    Column("end_ts", DateTime(timezone=True), nullable=False, comment="intervals of a device never overlap"),
    Column("fate", Text, nullable=False, comment="recorded, waiting, paused, lost or closed, as the recorder says"),
    Column("reason", Text, comment="why it is lost"),
    PrimaryKeyConstraint("device_id", "start_ts"),
)

enrolment_codes = Table(
    "enrolment_codes",
    metadata,
    Column("enrolment_id", Uuid, primary_key=True),
    Column("code_sha256", Text, nullable=False, unique=True, comment="hex; the code itself is never stored"),
    Column("point_id", Uuid, ForeignKey("points.point_id"), nullable=False, index=True),
    Column("register_id", Uuid, ForeignKey("registers.register_id"), nullable=False, index=True),
    Column("replaces", Uuid, ForeignKey("devices.device_id"), comment="the device whose place the new one takes"),
    Column("expires_at", DateTime(timezone=True), nullable=False),
    Column("revoked_at", DateTime(timezone=True)),
    Column("used_at", DateTime(timezone=True)),
    Column("device_id", Uuid, ForeignKey("devices.device_id"), comment="the device that it made"),
    Column("token_sha256", Text, comment="the token that it was used with: the same one gets the same answer again"),
    created_at(),
)

enrolment_attempts = Table(
    "enrolment_attempts",
    metadata,
    Column("client", Text, nullable=False, comment="address, or empty for all together"),
    Column("window_start", DateTime(timezone=True), nullable=False),
    Column("failures", Integer, nullable=False, comment="codes tried in vain, those being looked at now included"),
    PrimaryKeyConstraint("client", "window_start"),
)
