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
            "shows_registers",
            sa.Boolean(),
            server_default=sa.text("false"),
            nullable=False,
            comment="figures by register, and so by cashier, may be shown to managers",
        ),
    )


def downgrade() -> None:
    op.drop_column("points", "shows_registers")
    op.drop_column("points", "text_days")
    op.drop_column("points", "audio_days")
    op.drop_index("ix_erasures_point_id_at", table_name="erasures")
    op.drop_table("erasures")
    op.drop_table("doomed_files")
