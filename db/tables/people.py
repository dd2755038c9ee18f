"""Users, their tokens, what they did, and what keeps strangers out."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    Integer,
    PrimaryKeyConstraint,
    Table,
    Text,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from db.tables.base import created_at, metadata

users = Table(
    "users",
    metadata,
    Column("user_id", Uuid, primary_key=True),
    Column("login", Text, nullable=False, unique=True, comment="lower case"),
    Column("name", Text, nullable=False),
    Column("role", Text, nullable=False, comment="admin, manager, reviewer, viewer or machine"),
    Column("password_hash", Text, comment="argon2; null: no password opens it"),
    Column("all_points", Boolean, nullable=False, server_default=text("false")),
    Column("is_enabled", Boolean, nullable=False, server_default=text("true")),
    Column("language", Text, comment="of the pages: ru or en; null: the browser's"),
    created_at(),
)

user_points = Table(
    "user_points",
    metadata,
    Column("user_id", Uuid, ForeignKey("users.user_id", ondelete="CASCADE"), nullable=False),
    Column("point_id", Uuid, ForeignKey("points.point_id"), nullable=False, index=True),
    PrimaryKeyConstraint("user_id", "point_id"),
)

user_tokens = Table(
    "user_tokens",
    metadata,
    Column("token_sha256", Text, primary_key=True, comment="hex; the token itself is never stored"),
    Column("token_id", Uuid, nullable=False, unique=True),
    Column("user_id", Uuid, ForeignKey("users.user_id", ondelete="CASCADE"), nullable=False, index=True),
    Column("kind", Text, nullable=False, comment="session or machine"),
    Column("name", Text, nullable=False, server_default=""),
    Column("client", Text, comment="address that a session was opened from"),
    Column("expires_at", DateTime(timezone=True), comment="null: never"),
    Column("revoked_at", DateTime(timezone=True)),
    Column("last_used_at", DateTime(timezone=True)),
    created_at(),
)

login_attempts = Table(
    "login_attempts",
    metadata,
    Column("subject", Text, nullable=False, comment="client:<address>, login:<login> or both"),
    Column("window_start", DateTime(timezone=True), nullable=False),
    Column("failures", Integer, nullable=False, comment="those being looked at now included"),
    PrimaryKeyConstraint("subject", "window_start"),
)

audit_log = Table(
    "audit_log",
    metadata,
    Column("audit_id", BigInteger, Identity(), primary_key=True),
    Column("actor", Text, nullable=False, comment="login, or ADMIN_TOKEN"),
    Column("actor_id", Uuid),
    Column("action", Text, nullable=False),
    Column("subject", Text, nullable=False, comment="kind/id"),
    Column("details", JSONB, nullable=False, server_default=text("'{}'::jsonb"), comment="never contents or secrets"),
    Column("request_id", Text),
    created_at("at"),
    Index("ix_audit_log_subject", "subject", "audit_id"),
)

idempotency_keys = Table(
    "idempotency_keys",
    metadata,
    Column("actor", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("request_sha256", Text, nullable=False, comment="keyed, of method, path and body, hex"),
    Column("status", Integer, comment="null: still at work"),
    Column("headers", JSONB),
    Column("body", Text, comment="null: it held a secret, or was too long"),
    created_at(),
    PrimaryKeyConstraint("actor", "key"),
    Index("ix_idempotency_keys_created_at", "created_at"),
)
