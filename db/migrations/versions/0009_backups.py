"""Which backups were made."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "backups",
        sa.Column("backup_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False, comment="of its folder in the target"),
        sa.Column("target", sa.Text(), nullable=False),
        sa.Column("as_of", sa.DateTime(timezone=True), nullable=False, comment="the database as it was then"),
        sa.Column("database_bytes", sa.BigInteger(), nullable=False),
        sa.Column("audio_files", sa.Integer(), nullable=False, comment="that the database names"),
        sa.Column("audio_missing", sa.Integer(), nullable=False, comment="of these in no readable state"),
        sa.Column("finished_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("backup_id", name=op.f("pk_backups")),
    )
    op.create_index("ix_backups_as_of", "backups", ["as_of"], unique=False)


def downgrade() -> None:
    op.drop_index("ix_backups_as_of", table_name="backups")
    op.drop_table("backups")
