"""What reviewers hold about dialogues, and the dialogues that wait for one."""

from sqlalchemy import (
    REAL,
    Column,
    DateTime,
    Double,
    ForeignKey,
    Index,
    Integer,
    SmallInteger,
    Table,
    Text,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from db.tables.base import created_at, metadata

reviews = Table(
    "reviews",
    metadata,
    Column("review_id", Uuid, primary_key=True),
    Column("dialogue_id", Uuid, ForeignKey("dialogues.dialogue_id", ondelete="CASCADE"), nullable=False),
    Column("revision", Integer, nullable=False, comment="of the dialogue when it was reviewed"),
    Column("reviewer", Text, nullable=False, comment="login, or ADMIN_TOKEN"),
    Column("reviewer_id", Uuid),
    Column(
        "reason",
        Text,
        nullable=False,
        comment="why it was shown: domain/review_queue.py",
    ),
    Column("kind", Text, nullable=False),
    Column("attempted", Text, nullable=False),
    Column("quality_score", SmallInteger, nullable=False),
    Column("categories", JSONB, nullable=False, server_default=text("'[]'::jsonb")),
    Column("customer_reaction", Text, nullable=False),
    Column("note", Text, nullable=False, server_default=""),
    Column("undone_at", DateTime(timezone=True)),
    Column("undone_by", Text, comment="login, or ADMIN_TOKEN"),
    created_at(),
    Index("ix_reviews_dialogue_id_created_at", "dialogue_id", "created_at"),
    Index("ix_reviews_created_at", "created_at"),
)

review_queue = Table(
    "review_queue",
    metadata,
    Column("dialogue_id", Uuid, ForeignKey("dialogues.dialogue_id", ondelete="CASCADE"), primary_key=True),
    Column("point_id", Uuid, nullable=False),
    Column("start_ts", DateTime(timezone=True), nullable=False),
    Column("reason", Text, nullable=False, comment="why a reviewer should see it: domain/review_queue.py"),
    Column("confidence", REAL, nullable=False, comment="the machine's"),
    Column("position", Double, nullable=False, comment="0 to 1, by a hash of the id"),
    Column("held_by", Text, comment="who has it open: login, or ADMIN_TOKEN"),
    Column("held_until", DateTime(timezone=True)),
    Index("ix_review_queue_reason_start_ts", "reason", "start_ts"),
    Index("ix_review_queue_point_id_start_ts", "point_id", "start_ts"),
)
