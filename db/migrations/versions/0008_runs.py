"""Re-analyses: what each is about, what it has been given, what its promotion replaced."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "runs",
        sa.Column("run_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("stage", sa.Text(), nullable=False, comment="where it begins: asr or analysis"),
        sa.Column("state", sa.Text(), server_default="planned", nullable=False),
        sa.Column("is_shadow", sa.Boolean(), nullable=False, comment="waits to be promoted by hand"),
        sa.Column("filters", postgresql.JSONB(), nullable=False, comment="which dialogues were asked for"),
        sa.Column("settings", postgresql.JSONB(), nullable=False, comment="what it does otherwise than live work"),
        sa.Column("sample", sa.Integer(), nullable=True, comment="so many of them by chance; null: all"),
        sa.Column("planned", sa.Integer(), nullable=False, comment="dialogues"),
        sa.Column("planned_audio_ms", sa.BigInteger(), nullable=False),
        sa.Column("estimate", postgresql.JSONB(), server_default=sa.text("'{}'::jsonb"), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("promoted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("rolled_back_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("run_id", name=op.f("pk_runs")),
        sa.UniqueConstraint("name", name=op.f("uq_runs_name")),
    )
    op.create_index("ix_runs_running", "runs", ["run_id"], unique=False, postgresql_where=sa.text("state = 'running'"))
    op.create_table(
        "run_subjects",
        sa.Column("run_id", sa.Uuid(), nullable=False),
        sa.Column("dialogue_id", sa.Uuid(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False, comment="of the dialogue, when the run was planned"),
        sa.Column("audio_ms", sa.BigInteger(), server_default="0", nullable=False, comment="of speech"),
        sa.Column("fed_at", sa.DateTime(timezone=True), nullable=True, comment="when its job was queued"),
        *_belongs("run_subjects"),
    )
    op.create_index(
        "ix_run_subjects_waiting",
        "run_subjects",
        ["run_id", "dialogue_id"],
        unique=False,
        postgresql_where=sa.text("fed_at IS NULL"),
    )
    op.create_index("ix_run_subjects_dialogue_id", "run_subjects", ["dialogue_id"], unique=False)
    op.create_table(
        "run_replaced",
        sa.Column("run_id", sa.Uuid(), nullable=False),
        sa.Column("dialogue_id", sa.Uuid(), nullable=False),
        sa.Column("before", postgresql.JSONB(), nullable=False, comment="the rows as they stood before the promotion"),
        sa.Column("after", postgresql.JSONB(), nullable=False, comment="and as the promotion left them"),
        *_belongs("run_replaced"),
    )
    op.create_index("ix_run_replaced_dialogue_id", "run_replaced", ["dialogue_id"], unique=False)
    op.create_index(
        "ix_stage_results_run",
        "stage_results",
        ["run_id", "stage", "subject_id"],
        unique=False,
        postgresql_where=sa.text("run_id IS NOT NULL"),
    )
    op.create_index(
        "ix_jobs_run",
        "jobs",
        ["run_id", "state", "stage"],
        unique=False,
        postgresql_where=sa.text("run_id IS NOT NULL"),
    )


def _belongs(table: str) -> list[sa.Constraint]:
    """To a run and a dialogue, and goes with either."""
    run, dialogue = f"fk_{table}_run_id_runs", f"fk_{table}_dialogue_id_dialogues"
    return [
        sa.ForeignKeyConstraint(["run_id"], ["runs.run_id"], name=op.f(run), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["dialogue_id"], ["dialogues.dialogue_id"], name=op.f(dialogue), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("run_id", "dialogue_id", name=op.f(f"pk_{table}")),
    ]


def downgrade() -> None:
    op.drop_index("ix_jobs_run", table_name="jobs")
    op.drop_index("ix_stage_results_run", table_name="stage_results")
    op.drop_table("run_replaced")
    op.drop_table("run_subjects")
    op.drop_table("runs")
