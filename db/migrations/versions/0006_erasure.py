"""Erasure, retention, and whether figures by register are shown."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "doomed_files",
        sa.Column("stored_path", sa.Text(), nullable=False, comment="to be deleted from the audio store"),
        sa.Column("erasure_id", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("stored_path", name=op.f("pk_doomed_files")),
    )
    op.create_table(
        "erasures",
        sa.Column("erasure_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False, comment="dialogue, interval or retention"),
        sa.Column("point_id", sa.Uuid(), nullable=False),
        sa.Column("device_id", sa.Uuid(), nullable=True, comment="null: every device of the point"),
        sa.Column("dialogue_id", sa.Uuid(), nullable=True, comment="that was named, where one was"),
        sa.Column("start_ts", sa.DateTime(timezone=True), nullable=False),
        sa.Column("end_ts", sa.DateTime(timezone=True), nullable=False),
        sa.Column("requested_by", sa.Text(), nullable=False),
        sa.Column(
            "counts",
            postgresql.JSONB(),
            server_default=sa.text("'{}'::jsonb"),
            nullable=False,
            comment="how much went; no content",
        ),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True, comment="null: still at work"),
        sa.PrimaryKeyConstraint("erasure_id", name=op.f("pk_erasures")),
    )
    op.create_index("ix_erasures_point_id_at", "erasures", ["point_id", "at"], unique=False)
    op.add_column(
        "points", sa.Column("audio_days", sa.Integer(), nullable=True, comment="audio is kept so long; null: for ever")
    )
    op.add_column(
        "points",
        sa.Column(
            "text_days",
            sa.Integer(),
            nullable=True,
            comment="transcripts, quotes and summaries are kept so long; null: for ever",
        ),
    )
    op.add_column(
        "points",
        sa.Column(
            "retained_on",
            sa.Date(),
            nullable=True,
            comment="the point's day on which what is too old was last dropped",
        ),
    )
    op.add_column(
        "points",
        sa.Column(
            "shows_registers",
            sa.Boolean(),
            server_default=sa.text("false"),
            nullable=False,
            comment="figures by register, and so by cashier, may be shown to managers",
        ),
    )
    op.add_column(
        "audio_chunks",
        sa.Column(
            "received_sha256",
            sa.Text(),
            nullable=True,
            comment="of the file as it came, where parts of it were silenced since",
        ),
    )
    op.add_column(
        "audio_chunks",
        sa.Column(
            "silenced",
            postgresql.JSONB(),
            nullable=True,
            comment="erased parts of the stored file: [[from, to], …], ms from the first sample",
        ),
    )
    op.alter_column("audio_chunks", "sha256", comment="of the stored file, hex", existing_comment="hex")
    op.drop_index("uq_audio_chunks_device_id_start_ts_sha256", table_name="audio_chunks")
    op.create_index(
        "uq_audio_chunks_device_id_start_ts_received",
        "audio_chunks",
        ["device_id", "start_ts", sa.text("COALESCE(received_sha256, sha256)")],
        unique=True,
    )
    op.create_index(
        "ix_audio_chunks_stored",
        "audio_chunks",
        ["device_id", "start_ts"],
        unique=False,
        postgresql_where=sa.text("stored_path IS NOT NULL"),
    )
    op.add_column(
        "dialogue_transcripts",
        sa.Column(
            "dropped_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="its words are gone by the point's text_days",
        ),
    )
    op.create_index(
        "ix_jobs_with_error",
        "jobs",
        ["subject_id"],
        unique=False,
        postgresql_where=sa.text("last_error IS NOT NULL"),
    )


def downgrade() -> None:
    op.drop_index("ix_jobs_with_error", table_name="jobs")
    op.drop_column("dialogue_transcripts", "dropped_at")
    op.drop_index("ix_audio_chunks_stored", table_name="audio_chunks")
    op.drop_index("uq_audio_chunks_device_id_start_ts_received", table_name="audio_chunks")
    op.create_index(
        "uq_audio_chunks_device_id_start_ts_sha256", "audio_chunks", ["device_id", "start_ts", "sha256"], unique=True
    )
    op.alter_column("audio_chunks", "sha256", comment="hex", existing_comment="of the stored file, hex")
    op.drop_column("audio_chunks", "silenced")
    op.drop_column("audio_chunks", "received_sha256")
    op.drop_column("points", "retained_on")
    op.drop_column("points", "shows_registers")
    op.drop_column("points", "text_days")
    op.drop_column("points", "audio_days")
    op.drop_index("ix_erasures_point_id_at", table_name="erasures")
    op.drop_table("erasures")
    op.drop_table("doomed_files")
