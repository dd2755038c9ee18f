"""What reviewers hold about dialogues."""

from sqlalchemy import (
    Column,
    DateTime,
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
    created_at(),
    Index("ix_reviews_dialogue_id_created_at", "dialogue_id", "created_at"),
    Index("ix_reviews_created_at", "created_at"),
)
