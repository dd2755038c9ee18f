"""Every table of the first release."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "jobs",
        sa.Column("job_id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("stage", sa.Text(), nullable=False),
        sa.Column("subject_id", sa.Text(), nullable=False),
        sa.Column("subject_rev", sa.Integer(), server_default="0", nullable=False),
        sa.Column("run_id", sa.Uuid(), nullable=True),
        sa.Column("lock_key", sa.Text(), nullable=False),
        sa.Column("class", sa.SmallInteger(), server_default="0", nullable=False),
        sa.Column("fair_key", sa.Text(), server_default="", nullable=False),
        sa.Column("state", sa.Text(), server_default="queued", nullable=False),
        sa.Column("run_after", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("lease_token", sa.Uuid(), nullable=True),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("worker", sa.Text(), nullable=True),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.Column(
            "audio_ms", sa.BigInteger(), server_default="0", nullable=False, comment="how much audio waits in this job"
        ),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("enqueued_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("job_id", name=op.f("pk_jobs")),
    )
    op.create_index(
        "ix_jobs_dead", "jobs", ["stage", "job_id"], unique=False, postgresql_where=sa.text("state = 'dead'")
    )
    op.create_index(
        "ix_jobs_finished",
        "jobs",
        ["finished_at"],
        unique=False,
        postgresql_where=sa.text("state IN ('done', 'superseded')"),
    )
    op.create_index(
        "ix_jobs_queued_order",
        "jobs",
        ["stage", "class", "fair_key", "run_after", "job_id"],
        unique=False,
        postgresql_where=sa.text("state = 'queued'"),
    )
    op.create_index(
        "ix_jobs_running_lease",
        "jobs",
        ["stage", "lease_until"],
        unique=False,
        postgresql_where=sa.text("state = 'running'"),
    )
    op.create_index(
        "uq_jobs_queued",
        "jobs",
        ["stage", "subject_id", "run_id"],
        unique=True,
        postgresql_where=sa.text("state = 'queued'"),
        postgresql_nulls_not_distinct=True,
    )
    op.create_index(
        "uq_jobs_running_key", "jobs", ["stage", "lock_key"], unique=True, postgresql_where=sa.text("state = 'running'")
    )
    op.create_table(
        "points",
        sa.Column("point_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("country", sa.Text(), nullable=True),
        sa.Column("zone", sa.Text(), server_default="Europe/Belgrade", nullable=False),
        sa.Column("language", sa.Text(), server_default="ru", nullable=False, comment="ISO 639-1, or auto"),
        sa.Column(
            "opening_hours",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'::jsonb"),
            nullable=False,
        ),
        sa.Column("goal", sa.Double(), nullable=True, comment="target upsell rate, 0 to 1"),
        sa.Column(
            "catalogue",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=True,
            comment="offer categories; null: the default catalogue",
        ),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("point_id", name=op.f("pk_points")),
    )
    op.create_table(
        "stage_pauses",
        sa.Column("stage", sa.Text(), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False, comment="then one job goes as a probe"),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("probe_job_id", sa.BigInteger(), nullable=True, comment="the probe that is out"),
        sa.Column("since", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("stage", name=op.f("pk_stage_pauses")),
    )
    op.create_table(
        "stage_results",
        sa.Column("result_id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("stage", sa.Text(), nullable=False),
        sa.Column("subject_id", sa.Text(), nullable=False),
        sa.Column("subject_rev", sa.Integer(), nullable=False),
        sa.Column("run_id", sa.Uuid(), nullable=True),
        sa.Column("job_id", sa.BigInteger(), nullable=False),
        sa.Column("is_superseded", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("payload", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("result_id", name=op.f("pk_stage_results")),
    )
    op.create_index("ix_stage_results_stage_subject_id", "stage_results", ["stage", "subject_id"], unique=False)
    op.create_table(
        "stage_turns",
        sa.Column("stage", sa.Text(), nullable=False),
        sa.Column("fair_key", sa.Text(), nullable=False),
        sa.Column(
            "turn", sa.BigInteger(), nullable=False, comment="number of the stage's claim that last served this key"
        ),
        sa.PrimaryKeyConstraint("stage", "fair_key", name=op.f("pk_stage_turns")),
    )
    op.create_index("ix_stage_turns_stage_turn", "stage_turns", ["stage", "turn"], unique=False)
    op.create_table(
        "tombstones",
        sa.Column("tombstone_id", sa.Uuid(), nullable=False),
        sa.Column("point_id", sa.Uuid(), nullable=False),
        sa.Column("device_id", sa.Uuid(), nullable=True, comment="null: every device of the point"),
        sa.Column("start_ts", sa.DateTime(timezone=True), nullable=False),
        sa.Column("end_ts", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("tombstone_id", name=op.f("pk_tombstones")),
    )
    op.create_index("ix_tombstones_point_id_start_ts", "tombstones", ["point_id", "start_ts"], unique=False)
    op.create_table(
        "registers",
        sa.Column("register_id", sa.Uuid(), nullable=False),
        sa.Column("point_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["point_id"], ["points.point_id"], name=op.f("fk_registers_point_id_points")),
        sa.PrimaryKeyConstraint("register_id", name=op.f("pk_registers")),
    )
    op.create_index(op.f("ix_registers_point_id"), "registers", ["point_id"], unique=False)
    op.create_table(
        "devices",
        sa.Column("device_id", sa.Uuid(), nullable=False),
        sa.Column("point_id", sa.Uuid(), nullable=False),
        sa.Column("register_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("is_enabled", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("replaced_by", sa.Uuid(), nullable=True),
        sa.Column("replaced_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_seen_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "delivered_until",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="the device owes no audio for the time before this",
        ),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["point_id"], ["points.point_id"], name=op.f("fk_devices_point_id_points")),
        sa.ForeignKeyConstraint(
            ["register_id"], ["registers.register_id"], name=op.f("fk_devices_register_id_registers")
        ),
        sa.ForeignKeyConstraint(["replaced_by"], ["devices.device_id"], name=op.f("fk_devices_replaced_by_devices")),
        sa.PrimaryKeyConstraint("device_id", name=op.f("pk_devices")),
    )
    op.create_index(op.f("ix_devices_point_id"), "devices", ["point_id"], unique=False)
    op.create_table(
        "audio_chunks",
        sa.Column("chunk_id", sa.Uuid(), nullable=False),
        sa.Column("device_id", sa.Uuid(), nullable=False),
        sa.Column("point_id", sa.Uuid(), nullable=False),
        sa.Column("register_id", sa.Uuid(), nullable=False),
        sa.Column("session_id", sa.Uuid(), nullable=True, comment="one capture run of the recorder"),
        sa.Column("seq", sa.Integer(), nullable=True, comment="chunk number in the capture run"),
        sa.Column("start_ts", sa.DateTime(timezone=True), nullable=False),
        sa.Column("end_ts", sa.DateTime(timezone=True), nullable=False, comment="as the recorder said"),
        sa.Column("codec", sa.Text(), nullable=False),
        sa.Column("sample_rate", sa.Integer(), nullable=False),
        sa.Column("channels", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False, comment="hex"),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column(
            "stored_path",
            sa.Text(),
            nullable=True,
            comment="relative to the audio store; null once erased or discarded",
        ),
        sa.Column("status", sa.Text(), server_default="QUEUED", nullable=False),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column(
            "decoded_ms", sa.BigInteger(), nullable=True, comment="decoded length: this is the coverage, not end_ts"
        ),
        sa.Column("decoded_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "settled_status",
            sa.Text(),
            nullable=True,
            comment="the final status that the dialogues take into account; null: none yet",
        ),
        sa.Column(
            "is_unsettled",
            sa.Boolean(),
            sa.Computed(
                "status = ANY (ARRAY['DONE', 'ERROR']) AND settled_status IS DISTINCT FROM status", persisted=True
            ),
            nullable=True,
            comment="its end is not yet taken into account; a column, since the planner misjudges the expression",
        ),
        sa.Column("received_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["device_id"], ["devices.device_id"], name=op.f("fk_audio_chunks_device_id_devices")),
        sa.PrimaryKeyConstraint("chunk_id", name=op.f("pk_audio_chunks")),
    )
    op.create_index(
        "uq_audio_chunks_device_id_session_id_seq",
        "audio_chunks",
        ["device_id", "session_id", "seq"],
        unique=True,
        postgresql_where=sa.text("session_id IS NOT NULL"),
    )
    op.create_index(
        "uq_audio_chunks_device_id_start_ts",
        "audio_chunks",
        ["device_id", "start_ts"],
        unique=True,
        postgresql_where=sa.text("session_id IS NULL"),
    )
    op.create_index(
        "uq_audio_chunks_device_id_start_ts_sha256", "audio_chunks", ["device_id", "start_ts", "sha256"], unique=True
    )
    op.create_index("ix_audio_chunks_device_id_received_at", "audio_chunks", ["device_id", "received_at"], unique=False)
    op.create_index(
        "ix_audio_chunks_unsettled",
        "audio_chunks",
        ["device_id", "start_ts"],
        unique=False,
        postgresql_where=sa.text("is_unsettled"),
    )
    op.create_table(
        "device_tokens",
        sa.Column("token_sha256", sa.Text(), nullable=False, comment="hex; the token itself is never stored"),
        sa.Column("device_id", sa.Uuid(), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["device_id"], ["devices.device_id"], name=op.f("fk_device_tokens_device_id_devices")),
        sa.PrimaryKeyConstraint("token_sha256", name=op.f("pk_device_tokens")),
    )
    op.create_index(op.f("ix_device_tokens_device_id"), "device_tokens", ["device_id"], unique=False)
    op.create_table(
        "dialogues",
        sa.Column("dialogue_id", sa.Uuid(), nullable=False),
        sa.Column("device_id", sa.Uuid(), nullable=False),
        sa.Column("point_id", sa.Uuid(), nullable=False),
        sa.Column("register_id", sa.Uuid(), nullable=False),
        sa.Column("start_ts", sa.DateTime(timezone=True), nullable=False),
        sa.Column("end_ts", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revision", sa.Integer(), server_default="1", nullable=False),
        sa.Column("state", sa.Text(), server_default="open", nullable=False, comment="open, closed or superseded"),
        sa.Column("alias_of", sa.Uuid(), nullable=True, comment="a superseded dialogue that was merged into another"),
        sa.Column(
            "close_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="when an open one closes; null: not known yet",
        ),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("changed_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("language", sa.Text(), nullable=True),
        sa.Column("asr_status", sa.Text(), server_default="PENDING", nullable=False),
        sa.Column("asr_pass", sa.Text(), nullable=True),
        sa.Column("asr_model", sa.Text(), nullable=True, comment="id@revision, compute type"),
        sa.Column(
            "asr_reasons",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'[]'::jsonb"),
            nullable=False,
        ),
        sa.Column("analysis_status", sa.Text(), server_default="PENDING", nullable=False),
        sa.Column("skip_reason", sa.Text(), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["device_id"], ["devices.device_id"], name=op.f("fk_dialogues_device_id_devices")),
        sa.PrimaryKeyConstraint("dialogue_id", name=op.f("pk_dialogues")),
    )
    op.create_index("ix_dialogues_device_id_start_ts", "dialogues", ["device_id", "start_ts"], unique=False)
    op.create_index("ix_dialogues_point_id_start_ts", "dialogues", ["point_id", "start_ts"], unique=False)
    op.create_index(
        "ix_dialogues_open",
        "dialogues",
        ["device_id", "close_at"],
        unique=False,
        postgresql_where=sa.text("state = 'open'"),
    )
    op.create_index(
        "ix_dialogues_alias_of",
        "dialogues",
        ["alias_of"],
        unique=False,
        postgresql_where=sa.text("alias_of IS NOT NULL"),
    )
    op.create_table(
        "dialogue_segments",
        sa.Column("dialogue_id", sa.Uuid(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("idx", sa.Integer(), nullable=False),
        sa.Column("chunk_id", sa.Uuid(), nullable=False),
        sa.Column("offset_start_ms", sa.Integer(), nullable=False),
        sa.Column("offset_end_ms", sa.Integer(), nullable=False),
        sa.Column("start_ts", sa.DateTime(timezone=True), nullable=False),
        sa.Column("end_ts", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["dialogue_id"],
            ["dialogues.dialogue_id"],
            name=op.f("fk_dialogue_segments_dialogue_id_dialogues"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("dialogue_id", "revision", "idx", name=op.f("pk_dialogue_segments")),
    )
    op.create_index("ix_dialogue_segments_chunk_id", "dialogue_segments", ["chunk_id"], unique=False)
    op.create_table(
        "dialogue_transcripts",
        sa.Column("dialogue_id", sa.Uuid(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column(
            "segments_json",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=False,
            comment="utterances with words, ms since the epoch",
        ),
        sa.Column("avg_logprob", sa.Double(), nullable=True),
        sa.Column("no_speech_prob", sa.Double(), nullable=True),
        sa.Column("transcript_sha256", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["dialogue_id"],
            ["dialogues.dialogue_id"],
            name=op.f("fk_dialogue_transcripts_dialogue_id_dialogues"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("dialogue_id", name=op.f("pk_dialogue_transcripts")),
    )
    op.create_table(
        "dialogue_upsell_analysis",
        sa.Column("dialogue_id", sa.Uuid(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("attempted", sa.Text(), nullable=False),
        sa.Column("quality_score", sa.SmallInteger(), nullable=False),
        sa.Column("categories", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("closing_question", sa.Boolean(), nullable=False),
        sa.Column("customer_reaction", sa.Text(), nullable=False),
        sa.Column("evidence_quotes", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("summary", sa.Text(), nullable=False),
        sa.Column("confidence", sa.Double(), nullable=False),
        sa.Column("analysis_model", sa.Text(), nullable=False),
        sa.Column("prompt_version", sa.Text(), nullable=False),
        sa.Column("prompt_sha256", sa.Text(), nullable=False),
        sa.Column("transcript_sha256", sa.Text(), nullable=False),
        sa.Column(
            "parameters", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'::jsonb"), nullable=False
        ),
        sa.Column("tokens_in", sa.Integer(), server_default="0", nullable=False),
        sa.Column("tokens_out", sa.Integer(), server_default="0", nullable=False),
        sa.Column("cost_usd", sa.Double(), server_default="0", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["dialogue_id"],
            ["dialogues.dialogue_id"],
            name=op.f("fk_dialogue_upsell_analysis_dialogue_id_dialogues"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("dialogue_id", name=op.f("pk_dialogue_upsell_analysis")),
    )
    op.create_table(
        "speech_segments",
        sa.Column("chunk_id", sa.Uuid(), nullable=False),
        sa.Column("idx", sa.Integer(), nullable=False),
        sa.Column("device_id", sa.Uuid(), nullable=False),
        sa.Column(
            "offset_start_ms", sa.Integer(), nullable=False, comment="from the first decoded sample of the chunk"
        ),
        sa.Column("offset_end_ms", sa.Integer(), nullable=False),
        sa.Column("start_ts", sa.DateTime(timezone=True), nullable=False),
        sa.Column("end_ts", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["chunk_id"],
            ["audio_chunks.chunk_id"],
            name=op.f("fk_speech_segments_chunk_id_audio_chunks"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("chunk_id", "idx", name=op.f("pk_speech_segments")),
    )
    op.create_index("ix_speech_segments_device_id_start_ts", "speech_segments", ["device_id", "start_ts"], unique=False)
    # A queue's rows change state within seconds: vacuum by the number of changes, not by the size of the history.
    op.execute(
        "ALTER TABLE jobs SET (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000,"
        " autovacuum_analyze_scale_factor = 0, autovacuum_analyze_threshold = 5000)"
    )


def downgrade() -> None:
    op.drop_index("ix_speech_segments_device_id_start_ts", table_name="speech_segments")
    op.drop_table("speech_segments")
    op.drop_table("dialogue_upsell_analysis")
    op.drop_table("dialogue_transcripts")
    op.drop_index("ix_dialogue_segments_chunk_id", table_name="dialogue_segments")
    op.drop_table("dialogue_segments")
    op.drop_index("ix_dialogues_alias_of", table_name="dialogues", postgresql_where=sa.text("alias_of IS NOT NULL"))
    op.drop_index("ix_dialogues_open", table_name="dialogues", postgresql_where=sa.text("state = 'open'"))
    op.drop_index("ix_dialogues_point_id_start_ts", table_name="dialogues")
    op.drop_index("ix_dialogues_device_id_start_ts", table_name="dialogues")
    op.drop_table("dialogues")
    op.drop_index(op.f("ix_device_tokens_device_id"), table_name="device_tokens")
    op.drop_table("device_tokens")
    op.drop_index(
        "ix_audio_chunks_unsettled",
        table_name="audio_chunks",
        postgresql_where=sa.text("is_unsettled"),
    )
    op.drop_index("ix_audio_chunks_device_id_received_at", table_name="audio_chunks")
    op.drop_index("uq_audio_chunks_device_id_start_ts_sha256", table_name="audio_chunks")
    op.drop_index(
        "uq_audio_chunks_device_id_start_ts", table_name="audio_chunks", postgresql_where=sa.text("session_id IS NULL")
    )
    op.drop_index(
        "uq_audio_chunks_device_id_session_id_seq",
        table_name="audio_chunks",
        postgresql_where=sa.text("session_id IS NOT NULL"),
    )
    op.drop_table("audio_chunks")
    op.drop_index(op.f("ix_devices_point_id"), table_name="devices")
    op.drop_table("devices")
    op.drop_index(op.f("ix_registers_point_id"), table_name="registers")
    op.drop_table("registers")
    op.drop_index("ix_tombstones_point_id_start_ts", table_name="tombstones")
    op.drop_table("tombstones")
    op.drop_index("ix_stage_turns_stage_turn", table_name="stage_turns")
    op.drop_table("stage_turns")
    op.drop_index("ix_stage_results_stage_subject_id", table_name="stage_results")
    op.drop_table("stage_results")
    op.drop_table("stage_pauses")
    op.drop_table("points")
    op.drop_index("uq_jobs_running_key", table_name="jobs", postgresql_where=sa.text("state = 'running'"))
    op.drop_index(
        "uq_jobs_queued",
        table_name="jobs",
        postgresql_where=sa.text("state = 'queued'"),
        postgresql_nulls_not_distinct=True,
    )
    op.drop_index("ix_jobs_running_lease", table_name="jobs", postgresql_where=sa.text("state = 'running'"))
    op.drop_index("ix_jobs_queued_order", table_name="jobs", postgresql_where=sa.text("state = 'queued'"))
    op.drop_index("ix_jobs_finished", table_name="jobs", postgresql_where=sa.text("state IN ('done', 'superseded')"))
    op.drop_index("ix_jobs_dead", table_name="jobs", postgresql_where=sa.text("state = 'dead'"))
    op.drop_table("jobs")
