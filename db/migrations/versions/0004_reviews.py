"""What reviewers hold about dialogues, and the dialogues that wait for one."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "reviews",
        sa.Column("review_id", sa.Uuid(), nullable=False),
        sa.Column("dialogue_id", sa.Uuid(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False, comment="of the dialogue when it was reviewed"),
        sa.Column("reviewer", sa.Text(), nullable=False, comment="login, or ADMIN_TOKEN"),
        sa.Column("reviewer_id", sa.Uuid(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False, comment="why it was shown: domain/review_queue.py"),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("attempted", sa.Text(), nullable=False),
        sa.Column("quality_score", sa.SmallInteger(), nullable=False),
        sa.Column("categories", postgresql.JSONB(), server_default=sa.text("'[]'::jsonb"), nullable=False),
        sa.Column("customer_reaction", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), server_default="", nullable=False),
        sa.Column("undone_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("undone_by", sa.Text(), nullable=True, comment="login, or ADMIN_TOKEN"),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["dialogue_id"],
            ["dialogues.dialogue_id"],
            name=op.f("fk_reviews_dialogue_id_dialogues"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("review_id", name=op.f("pk_reviews")),
    )
    op.create_index("ix_reviews_created_at", "reviews", ["created_at"], unique=False)
    op.create_index("ix_reviews_dialogue_id_created_at", "reviews", ["dialogue_id", "created_at"], unique=False)
    op.create_table(
        "review_queue",
        sa.Column("dialogue_id", sa.Uuid(), nullable=False),
        sa.Column("point_id", sa.Uuid(), nullable=False),
        sa.Column("start_ts", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False, comment="why a reviewer should see it: domain/review_queue.py"),
        sa.Column("confidence", sa.REAL(), nullable=False, comment="the machine's"),
        sa.Column("position", sa.Double(), nullable=False, comment="0 to 1, by a hash of the id"),
        sa.Column("held_by", sa.Text(), nullable=True, comment="who has it open: login, or ADMIN_TOKEN"),
        sa.Column("held_until", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["dialogue_id"],
            ["dialogues.dialogue_id"],
            name=op.f("fk_review_queue_dialogue_id_dialogues"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("dialogue_id", name=op.f("pk_review_queue")),
    )
    op.create_index("ix_review_queue_point_id_start_ts", "review_queue", ["point_id", "start_ts"], unique=False)
    op.create_index("ix_review_queue_reason_start_ts", "review_queue", ["reason", "start_ts"], unique=False)


def downgrade() -> None:
    op.drop_index("ix_review_queue_reason_start_ts", table_name="review_queue")
    op.drop_index("ix_review_queue_point_id_start_ts", table_name="review_queue")
    op.drop_table("review_queue")
    op.drop_index("ix_reviews_dialogue_id_created_at", table_name="reviews")
    op.drop_index("ix_reviews_created_at", table_name="reviews")
    op.drop_table("reviews")
