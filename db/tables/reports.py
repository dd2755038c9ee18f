"""What reports and lists read: facts about dialogues and their roll-ups. All of it can be made anew from the rows."""

from sqlalchemy import (
    REAL,
    BigInteger,
    Boolean,
    Column,
    Date,
    DateTime,
    Double,
    ForeignKey,
    Index,
    Integer,
    PrimaryKeyConstraint,
    SmallInteger,
    Table,
    Text,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, TSVECTOR

from db.tables.base import metadata

dialogue_facts = Table(
    "dialogue_facts",
    metadata,
    Column("dialogue_id", Uuid, ForeignKey("dialogues.dialogue_id", ondelete="CASCADE"), primary_key=True),
    Column("point_id", Uuid, nullable=False),
    Column("register_id", Uuid, nullable=False),
    Column("device_id", Uuid, nullable=False),
    Column("start_ts", DateTime(timezone=True), nullable=False),
    Column("end_ts", DateTime(timezone=True), nullable=False),
    Column("hour_ts", DateTime(timezone=True), nullable=False, comment="start of the hour on the point's clock"),
    Column("day", Date, nullable=False, comment="the point's day"),
    Column("revision", Integer, nullable=False),
    Column("place", Text, nullable=False, comment="where the figures count it: domain/figures.py"),
    Column("kind", Text, comment="this and the next: of the review that counts, else of the machine"),
    Column("attempted", Text),
    Column("quality_score", SmallInteger),
    Column("categories", ARRAY(Text), nullable=False, server_default=text("'{}'")),
    Column("customer_reaction", Text),
    Column("closing_question", Boolean),
    Column("engine", Text, comment="the machine that judged it"),
    Column("confidence", REAL, comment="the machine's"),
    Column("language", Text),
    Column("review_id", Uuid, comment="the review that counts"),
    Column("reviewer", Text),
    Column("reviewed_at", DateTime(timezone=True)),
    Column("is_stale", Boolean, nullable=False, server_default=text("false"), comment="changed since the review"),
    Column("cost_usd", Double, nullable=False, server_default="0"),
    Index(
        "ix_dialogue_facts_point_id_start_ts",
        "point_id",
        "start_ts",
        "dialogue_id",
        # What lists filter by: a page of rare dialogues is found without a look at each of the point's.
        postgresql_include=[
            *("place", "kind", "attempted", "quality_score", "customer_reaction", "engine", "language", "confidence")
        ],
    ),
    Index("ix_dialogue_facts_start_ts", "start_ts", "dialogue_id"),
    Index("ix_dialogue_facts_point_id_hour_ts", "point_id", "hour_ts"),
    Index(
        "ix_dialogue_facts_specific",
        "day",
        "confidence",
        "point_id",
        postgresql_where=text("place = 'yes' AND quality_score >= 2"),
    ),
    Index("ix_dialogue_facts_missed", "day", "confidence", "point_id", postgresql_where=text("place = 'no'")),
    Index("ix_dialogue_facts_reviewed", "day", "point_id", postgresql_where=text("review_id IS NOT NULL")),
)


def counters() -> list[Column[int]]:
    """What an hour or a day counts, by domain/figures.py. Every dialogue is in one of the places."""
    return [
        Column(name, Integer, nullable=False, server_default="0", comment=comment)
        for name, comment in (
            ("dialogues", "current ones: all places but superseded"),
            ("yes", None),
            ("no", None),
            ("uncertain", None),
            ("enquiry", None),
            ("staff", None),
            ("unclear_kind", None),
            ("skipped", None),
            ("failed", None),
            ("pending", None),
            ("superseded", None),
            ("reviewed", "current ones with a review that counts"),
            ("specific", "attempts of quality 2 and 3"),
            ("accepted", "attempts"),
            ("rejected", "attempts"),
            ("quality_0", "attempts of this quality"),
            ("quality_1", None),
            ("quality_2", None),
            ("quality_3", None),
        )
    ]


report_hours = Table(
    "report_hours",
    metadata,
    Column("point_id", Uuid, nullable=False),
    Column("hour_ts", DateTime(timezone=True), nullable=False, comment="start of the hour on the point's clock"),
    Column("day", Date, nullable=False),
    Column("hour", SmallInteger, nullable=False, comment="0 to 23 on the point's clock"),
    *counters(),
    PrimaryKeyConstraint("point_id", "hour_ts"),
    Index("ix_report_hours_day", "day", "point_id"),
)

report_days = Table(
    "report_days",
    metadata,
    Column("point_id", Uuid, nullable=False),
    Column("day", Date, nullable=False),
    *counters(),
    Column("cost_usd", Double, nullable=False, server_default="0"),
    Column("refreshed_at", DateTime(timezone=True), nullable=False, server_default=text("now()")),
    PrimaryKeyConstraint("point_id", "day"),
    Index("ix_report_days_day", "day", "point_id"),
)

report_day_categories = Table(
    "report_day_categories",
    metadata,
    Column("point_id", Uuid, nullable=False),
    Column("day", Date, nullable=False),
    Column("category", Text, nullable=False),
    Column("offered", Integer, nullable=False),
    Column("accepted", Integer, nullable=False),
    Column("rejected", Integer, nullable=False),
    PrimaryKeyConstraint("point_id", "day", "category"),
    Index("ix_report_day_categories_day", "day", "point_id"),
)

report_day_engines = Table(
    "report_day_engines",
    metadata,
    Column("point_id", Uuid, nullable=False),
    Column("day", Date, nullable=False),
    Column("engine", Text, nullable=False),
    Column("dialogues", Integer, nullable=False, comment="whose verdict in the rates is this machine's"),
    PrimaryKeyConstraint("point_id", "day", "engine"),
    Index("ix_report_day_engines_day", "day", "point_id"),
)

coverage_days = Table(
    "coverage_days",
    metadata,
    Column("point_id", Uuid, nullable=False),
    Column("day", Date, nullable=False),
    Column("scheduled_ms", BigInteger, nullable=False, comment="of all devices of the point, the whole day"),
    Column("recorded_ms", BigInteger, nullable=False),
    Column("waiting_ms", BigInteger, nullable=False),
    Column("paused_ms", BigInteger, nullable=False),
    Column("lost_ms", BigInteger, nullable=False),
    Column("ahead_ms", BigInteger, nullable=False, comment="not yet there when this was reckoned"),
    Column("lost_by_reason", JSONB, nullable=False, server_default=text("'{}'::jsonb")),
    Column("reckoned_at", DateTime(timezone=True), nullable=False, server_default=text("now()")),
    PrimaryKeyConstraint("point_id", "day"),
    Index("ix_coverage_days_day", "day", "point_id"),
)

dialogue_search = Table(
    "dialogue_search",
    metadata,
    Column("dialogue_id", Uuid, ForeignKey("dialogues.dialogue_id", ondelete="CASCADE"), primary_key=True),
    Column("point_id", Uuid, nullable=False),
    Column("start_ts", DateTime(timezone=True), nullable=False),
    Column("transcript_sha256", Text, comment="of the transcript whose words these are"),
    Column("words", TSVECTOR, nullable=False, comment="spoken_words(language, text)"),
    # Without fastupdate: a search would read the list of what is not yet in the index, however long.
    Index("ix_dialogue_search_words", "words", postgresql_using="gin", postgresql_with={"fastupdate": "off"}),
    Index("ix_dialogue_search_start_ts", "start_ts", "dialogue_id"),
    Index("ix_dialogue_search_point_id_start_ts", "point_id", "start_ts"),
)
