"""Every table, once. SQLAlchemy Core metadata; Alembic compares itself with this. Times are timestamptz, UTC."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Computed,
    DateTime,
    Double,
    ForeignKey,
    Identity,
    Index,
    Integer,
    MetaData,
    PrimaryKeyConstraint,
    SmallInteger,
    Table,
    Text,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def _created_at(name: str = "created_at") -> Column:  # type: ignore[type-arg]
    return Column(name, DateTime(timezone=True), nullable=False, server_default=text("now()"))


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
    _created_at(),
)

registers = Table(
    "registers",
    metadata,
    Column("register_id", Uuid, primary_key=True),
    Column("point_id", Uuid, ForeignKey("points.point_id"), nullable=False, index=True),
    Column("name", Text, nullable=False),
    _created_at(),
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
    _created_at(),
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
    _created_at(),
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
    _created_at(),
)

enrolment_attempts = Table(
    "enrolment_attempts",
    metadata,
    Column("client", Text, nullable=False, comment="address, or empty for all together"),
    Column("window_start", DateTime(timezone=True), nullable=False),
    Column("failures", Integer, nullable=False, comment="codes tried in vain, those being looked at now included"),
    PrimaryKeyConstraint("client", "window_start"),
)

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
    Column("sha256", Text, nullable=False, comment="hex"),
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
    Index("uq_audio_chunks_device_id_start_ts_sha256", "device_id", "start_ts", "sha256", unique=True),
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

dialogues = Table(
    "dialogues",
    metadata,
    Column("dialogue_id", Uuid, primary_key=True),
    Column("device_id", Uuid, ForeignKey("devices.device_id"), nullable=False),
    Column("point_id", Uuid, nullable=False),
    Column("register_id", Uuid, nullable=False),
    Column("start_ts", DateTime(timezone=True), nullable=False),
    Column("end_ts", DateTime(timezone=True), nullable=False),
    Column("revision", Integer, nullable=False, server_default="1"),
    Column("state", Text, nullable=False, server_default="open", comment="open, closed or superseded"),
    Column("alias_of", Uuid, comment="a superseded dialogue that was merged into another"),
    Column("close_at", DateTime(timezone=True), comment="when an open one closes; null: not known yet"),
    Column("closed_at", DateTime(timezone=True)),
    Column("changed_at", DateTime(timezone=True), nullable=False, server_default=text("now()")),
    Column("language", Text),
    Column("asr_status", Text, nullable=False, server_default="PENDING"),
    Column("asr_pass", Text),
    Column("asr_model", Text, comment="id@revision, compute type"),
    Column("asr_reasons", JSONB, nullable=False, server_default=text("'[]'::jsonb")),
    Column("analysis_status", Text, nullable=False, server_default="PENDING"),
    Column("skip_reason", Text),
    Column("error", Text),
    _created_at(),
    Index("ix_dialogues_device_id_start_ts", "device_id", "start_ts"),
    Index("ix_dialogues_point_id_start_ts", "point_id", "start_ts"),
    Index("ix_dialogues_open", "device_id", "close_at", postgresql_where=text("state = 'open'")),
    Index("ix_dialogues_alias_of", "alias_of", postgresql_where=text("alias_of IS NOT NULL")),
)

dialogue_segments = Table(
    "dialogue_segments",
    metadata,
    Column("dialogue_id", Uuid, ForeignKey("dialogues.dialogue_id", ondelete="CASCADE"), nullable=False),
    Column("revision", Integer, nullable=False),
    Column("idx", Integer, nullable=False),
    Column("chunk_id", Uuid, nullable=False),
    Column("offset_start_ms", Integer, nullable=False),
    Column("offset_end_ms", Integer, nullable=False),
    Column("start_ts", DateTime(timezone=True), nullable=False),
    Column("end_ts", DateTime(timezone=True), nullable=False),
    PrimaryKeyConstraint("dialogue_id", "revision", "idx"),
    Index("ix_dialogue_segments_chunk_id", "chunk_id"),
)

dialogue_transcripts = Table(
    "dialogue_transcripts",
    metadata,
    Column("dialogue_id", Uuid, ForeignKey("dialogues.dialogue_id", ondelete="CASCADE"), primary_key=True),
    Column("revision", Integer, nullable=False),
    Column("language", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("segments_json", JSONB, nullable=False, comment="utterances with words, ms since the epoch"),
    Column("avg_logprob", Double),
    Column("no_speech_prob", Double),
    Column("transcript_sha256", Text, nullable=False),
    _created_at(),
)

dialogue_upsell_analysis = Table(
    "dialogue_upsell_analysis",
    metadata,
    Column("dialogue_id", Uuid, ForeignKey("dialogues.dialogue_id", ondelete="CASCADE"), primary_key=True),
    Column("revision", Integer, nullable=False),
    Column("kind", Text, nullable=False),
    Column("attempted", Text, nullable=False),
    Column("quality_score", SmallInteger, nullable=False),
    Column("categories", JSONB, nullable=False),
    Column("closing_question", Boolean, nullable=False),
    Column("customer_reaction", Text, nullable=False),
    Column("evidence_quotes", JSONB, nullable=False),
    Column("summary", Text, nullable=False),
    Column("confidence", Double, nullable=False),
    Column("analysis_model", Text, nullable=False),
    Column("prompt_version", Text, nullable=False),
    Column("prompt_sha256", Text, nullable=False),
    Column("transcript_sha256", Text, nullable=False),
    Column("parameters", JSONB, nullable=False, server_default=text("'{}'::jsonb")),
    Column("tokens_in", Integer, nullable=False, server_default="0"),
    Column("tokens_out", Integer, nullable=False, server_default="0"),
    Column("cost_usd", Double, nullable=False, server_default="0"),
    _created_at(),
)

tombstones = Table(
    "tombstones",
    metadata,
    Column("tombstone_id", Uuid, primary_key=True),
    Column("point_id", Uuid, nullable=False),
    Column("device_id", Uuid, comment="null: every device of the point"),
    Column("start_ts", DateTime(timezone=True), nullable=False),
    Column("end_ts", DateTime(timezone=True), nullable=False),
    _created_at(),
    Index("ix_tombstones_point_id_start_ts", "point_id", "start_ts"),
)

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
    _created_at("enqueued_at"),
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
    _created_at("since"),
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
    _created_at(),
    Index("ix_stage_results_stage_subject_id", "stage", "subject_id"),
)
