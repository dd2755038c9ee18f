"""All the points together by hour and by day, and what a day's examples to listen to are found by."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

COUNTERS = {
    "dialogues": "current ones: all places but superseded",
    **dict.fromkeys(("yes", "no", "uncertain", "enquiry", "staff", "unclear_kind")),
    **dict.fromkeys(("skipped", "failed", "pending", "superseded")),
    "reviewed": "current ones with a review that counts",
    "specific": "attempts of quality 2 and 3",
    "accepted": "attempts",
    "rejected": "attempts",
    "quality_0": "attempts of this quality",
    **dict.fromkeys(("quality_1", "quality_2", "quality_3")),
}


def upgrade() -> None:
    op.create_table(
        "chain_hours",
        sa.Column("day", sa.Date(), nullable=False, comment="of each point"),
        sa.Column("hour", sa.SmallInteger(), nullable=False, comment="0 to 23 on the points' clocks"),
        *(
            sa.Column(name, sa.Integer(), server_default="0", nullable=False, comment=comment)
            for name, comment in COUNTERS.items()
        ),
        sa.PrimaryKeyConstraint("day", "hour", name=op.f("pk_chain_hours")),
    )
    op.create_table(
        "chain_day_categories",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("category", sa.Text(), nullable=False),
        sa.Column("offered", sa.Integer(), nullable=False),
        sa.Column("accepted", sa.Integer(), nullable=False),
        sa.Column("rejected", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("day", "category", name=op.f("pk_chain_day_categories")),
    )
    op.create_index(
        "ix_dialogue_facts_specific",
        "dialogue_facts",
        ["day", "confidence", "point_id"],
        unique=False,
        postgresql_where=sa.text("place = 'yes' AND quality_score >= 2"),
    )
    op.create_index(
        "ix_dialogue_facts_missed",
        "dialogue_facts",
        ["day", "confidence", "point_id"],
        unique=False,
        postgresql_where=sa.text("place = 'no'"),
    )


def downgrade() -> None:
    op.drop_index("ix_dialogue_facts_missed", table_name="dialogue_facts")
    op.drop_index("ix_dialogue_facts_specific", table_name="dialogue_facts")
    op.drop_table("chain_day_categories")
    op.drop_table("chain_hours")
