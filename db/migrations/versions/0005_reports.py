"""Facts about dialogues and their roll-ups: what reports and lists read."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


# Stems without stop words: what a cashier says ("что-нибудь ещё", "anything else") is made of them, and a phrase is to
# be found as it was said. Latin words of a Russian text are English ones. The Serbian stemmer writes Cyrillic in Latin;
# its stems lose their diacritics, since many type without. Whatever is no letter or digit divides words.
_DICTIONARIES = {"spoken_ru": "russian", "spoken_en": "english", "spoken_sr": "serbian"}
_MAPPINGS = {
    "spoken_ru": {"asciiword": "spoken_en", "word": "spoken_ru"},
    "spoken_sr": {"asciiword": "spoken_sr", "word": "spoken_sr"},
    "spoken_other": {"asciiword": "simple", "word": "simple"},
}
_NUMBERS = dict.fromkeys(("numword", "int", "uint", "float", "sfloat"), "simple")
SPOKEN_WORDS = (
    *(
        f"CREATE TEXT SEARCH DICTIONARY {name} (TEMPLATE = snowball, LANGUAGE = {language})"
        for name, language in _DICTIONARIES.items()
    ),
    *(f'CREATE TEXT SEARCH CONFIGURATION {name} (PARSER = "default")' for name in _MAPPINGS),
    *(
        f"ALTER TEXT SEARCH CONFIGURATION {name} ADD MAPPING FOR {kind} WITH {dictionary}"
        for name, mapping in _MAPPINGS.items()
        for kind, dictionary in (mapping | _NUMBERS).items()
    ),
    """
    CREATE FUNCTION spoken_words(language text, body text) RETURNS tsvector
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN translate(
        to_tsvector(
            CASE
                WHEN language IN ('ru', 'en') THEN 'spoken_ru'::regconfig
                WHEN language IN ('sr', 'hr', 'bs') THEN 'spoken_sr'::regconfig
                ELSE 'spoken_other'::regconfig
            END,
            regexp_replace(body, '[^[:alnum:]]+', ' ', 'g')
        )::text,
        'čćšžđ', 'ccszd'
    )::tsvector
    """,
    """
    CREATE FUNCTION spoken_query(term text) RETURNS tsquery
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN translate(
        (
            to_tsquery('spoken_ru'::regconfig, term)
            || to_tsquery('spoken_sr'::regconfig, term)
            || to_tsquery('spoken_other'::regconfig, term)
        )::text,
        'čćšžđ', 'ccszd'
    )::tsquery
    """,
)
WITHOUT_SPOKEN_WORDS = (
    "DROP FUNCTION spoken_query(text)",
    "DROP FUNCTION spoken_words(text, text)",
    *(f"DROP TEXT SEARCH CONFIGURATION {name}" for name in _MAPPINGS),
    *(f"DROP TEXT SEARCH DICTIONARY {name}" for name in _DICTIONARIES),
)


def upgrade() -> None:
    op.create_table(
        "coverage_days",
        sa.Column("point_id", sa.Uuid(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column(
            "scheduled_ms", sa.BigInteger(), nullable=False, comment="of all devices of the point, the whole day"
        ),
        sa.Column("recorded_ms", sa.BigInteger(), nullable=False),
        sa.Column("waiting_ms", sa.BigInteger(), nullable=False),
        sa.Column("paused_ms", sa.BigInteger(), nullable=False),
        sa.Column("lost_ms", sa.BigInteger(), nullable=False),
        sa.Column("ahead_ms", sa.BigInteger(), nullable=False, comment="not yet there when this was reckoned"),
        sa.Column(
            "lost_by_reason",
            postgresql.JSONB(),
            server_default=sa.text("'{}'::jsonb"),
            nullable=False,
        ),
        sa.Column("reckoned_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("point_id", "day", name=op.f("pk_coverage_days")),
    )
    op.create_index("ix_coverage_days_day", "coverage_days", ["day", "point_id"], unique=False)
    op.create_table(
        "report_day_categories",
        sa.Column("point_id", sa.Uuid(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("category", sa.Text(), nullable=False),
        sa.Column("offered", sa.Integer(), nullable=False),
        sa.Column("accepted", sa.Integer(), nullable=False),
        sa.Column("rejected", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("point_id", "day", "category", name=op.f("pk_report_day_categories")),
    )
    op.create_index("ix_report_day_categories_day", "report_day_categories", ["day", "point_id"], unique=False)
    op.create_table(
        "report_day_engines",
        sa.Column("point_id", sa.Uuid(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("engine", sa.Text(), nullable=False),
        sa.Column("dialogues", sa.Integer(), nullable=False, comment="whose verdict in the rates is this machine's"),
        sa.PrimaryKeyConstraint("point_id", "day", "engine", name=op.f("pk_report_day_engines")),
    )
    op.create_index("ix_report_day_engines_day", "report_day_engines", ["day", "point_id"], unique=False)
    op.create_table(
        "report_days",
        sa.Column("point_id", sa.Uuid(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column(
            "dialogues",
            sa.Integer(),
            server_default="0",
            nullable=False,
            comment="current ones: all places but superseded",
        ),
        sa.Column("yes", sa.Integer(), server_default="0", nullable=False),
        sa.Column("no", sa.Integer(), server_default="0", nullable=False),
        sa.Column("uncertain", sa.Integer(), server_default="0", nullable=False),
        sa.Column("enquiry", sa.Integer(), server_default="0", nullable=False),
        sa.Column("staff", sa.Integer(), server_default="0", nullable=False),
        sa.Column("unclear_kind", sa.Integer(), server_default="0", nullable=False),
        sa.Column("skipped", sa.Integer(), server_default="0", nullable=False),
        sa.Column("failed", sa.Integer(), server_default="0", nullable=False),
        sa.Column("pending", sa.Integer(), server_default="0", nullable=False),
        sa.Column("superseded", sa.Integer(), server_default="0", nullable=False),
        sa.Column(
            "reviewed",
            sa.Integer(),
            server_default="0",
            nullable=False,
            comment="current ones with a review that counts",
        ),
        sa.Column("specific", sa.Integer(), server_default="0", nullable=False, comment="attempts of quality 2 and 3"),
        sa.Column("accepted", sa.Integer(), server_default="0", nullable=False, comment="attempts"),
        sa.Column("rejected", sa.Integer(), server_default="0", nullable=False, comment="attempts"),
        sa.Column("quality_0", sa.Integer(), server_default="0", nullable=False, comment="attempts of this quality"),
        sa.Column("quality_1", sa.Integer(), server_default="0", nullable=False),
        sa.Column("quality_2", sa.Integer(), server_default="0", nullable=False),
        sa.Column("quality_3", sa.Integer(), server_default="0", nullable=False),
        sa.Column("cost_usd", sa.Double(), server_default="0", nullable=False),
        sa.Column("refreshed_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("point_id", "day", name=op.f("pk_report_days")),
    )
    op.create_index("ix_report_days_day", "report_days", ["day", "point_id"], unique=False)
    op.create_table(
        "report_hours",
        sa.Column("point_id", sa.Uuid(), nullable=False),
        sa.Column(
            "hour_ts", sa.DateTime(timezone=True), nullable=False, comment="start of the hour on the point's clock"
        ),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("hour", sa.SmallInteger(), nullable=False, comment="0 to 23 on the point's clock"),
        sa.Column(
            "dialogues",
            sa.Integer(),
            server_default="0",
            nullable=False,
            comment="current ones: all places but superseded",
        ),
        sa.Column("yes", sa.Integer(), server_default="0", nullable=False),
        sa.Column("no", sa.Integer(), server_default="0", nullable=False),
        sa.Column("uncertain", sa.Integer(), server_default="0", nullable=False),
        sa.Column("enquiry", sa.Integer(), server_default="0", nullable=False),
        sa.Column("staff", sa.Integer(), server_default="0", nullable=False),
        sa.Column("unclear_kind", sa.Integer(), server_default="0", nullable=False),
        sa.Column("skipped", sa.Integer(), server_default="0", nullable=False),
        sa.Column("failed", sa.Integer(), server_default="0", nullable=False),
        sa.Column("pending", sa.Integer(), server_default="0", nullable=False),
        sa.Column("superseded", sa.Integer(), server_default="0", nullable=False),
        sa.Column(
            "reviewed",
            sa.Integer(),
            server_default="0",
            nullable=False,
            comment="current ones with a review that counts",
        ),
        sa.Column("specific", sa.Integer(), server_default="0", nullable=False, comment="attempts of quality 2 and 3"),
        sa.Column("accepted", sa.Integer(), server_default="0", nullable=False, comment="attempts"),
        sa.Column("rejected", sa.Integer(), server_default="0", nullable=False, comment="attempts"),
        sa.Column("quality_0", sa.Integer(), server_default="0", nullable=False, comment="attempts of this quality"),
        sa.Column("quality_1", sa.Integer(), server_default="0", nullable=False),
        sa.Column("quality_2", sa.Integer(), server_default="0", nullable=False),
        sa.Column("quality_3", sa.Integer(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("point_id", "hour_ts", name=op.f("pk_report_hours")),
    )
    op.create_index("ix_report_hours_day", "report_hours", ["day", "point_id"], unique=False)
    op.create_table(
        "dialogue_facts",
        sa.Column("dialogue_id", sa.Uuid(), nullable=False),
        sa.Column("point_id", sa.Uuid(), nullable=False),
        sa.Column("register_id", sa.Uuid(), nullable=False),
        sa.Column("device_id", sa.Uuid(), nullable=False),
        sa.Column("start_ts", sa.DateTime(timezone=True), nullable=False),
        sa.Column("end_ts", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "hour_ts", sa.DateTime(timezone=True), nullable=False, comment="start of the hour on the point's clock"
        ),
        sa.Column("day", sa.Date(), nullable=False, comment="the point's day"),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("place", sa.Text(), nullable=False, comment="where the figures count it: domain/figures.py"),
        sa.Column(
            "kind",
            sa.Text(),
            nullable=True,
            comment="this and the next: of the review that counts, else of the machine",
        ),
        sa.Column("attempted", sa.Text(), nullable=True),
        sa.Column("quality_score", sa.SmallInteger(), nullable=True),
        sa.Column("categories", postgresql.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("customer_reaction", sa.Text(), nullable=True),
        sa.Column("closing_question", sa.Boolean(), nullable=True),
        sa.Column("engine", sa.Text(), nullable=True, comment="the machine that judged it"),
        sa.Column("confidence", sa.REAL(), nullable=True, comment="the machine's"),
        sa.Column("language", sa.Text(), nullable=True),
        sa.Column("review_id", sa.Uuid(), nullable=True, comment="the review that counts"),
        sa.Column("reviewer", sa.Text(), nullable=True),
        sa.Column("reviewed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "is_stale",
            sa.Boolean(),
            server_default=sa.text("false"),
            nullable=False,
            comment="changed since the review",
        ),
        sa.Column("cost_usd", sa.Double(), server_default="0", nullable=False),
        sa.ForeignKeyConstraint(
            ["dialogue_id"],
            ["dialogues.dialogue_id"],
            name=op.f("fk_dialogue_facts_dialogue_id_dialogues"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("dialogue_id", name=op.f("pk_dialogue_facts")),
    )
    op.create_index("ix_dialogue_facts_point_id_hour_ts", "dialogue_facts", ["point_id", "hour_ts"], unique=False)
    op.create_index(
        "ix_dialogue_facts_reviewed",
        "dialogue_facts",
        ["day", "point_id"],
        unique=False,
        postgresql_where=sa.text("review_id IS NOT NULL"),
    )
    op.create_index(
        "ix_dialogue_facts_point_id_start_ts",
        "dialogue_facts",
        ["point_id", "start_ts", "dialogue_id"],
        unique=False,
        postgresql_include=[
            *("place", "kind", "attempted", "quality_score", "customer_reaction", "engine", "language", "confidence")
        ],
    )
    op.create_index("ix_dialogue_facts_start_ts", "dialogue_facts", ["start_ts", "dialogue_id"], unique=False)
    op.create_table(
        "dialogue_search",
        sa.Column("dialogue_id", sa.Uuid(), nullable=False),
        sa.Column("point_id", sa.Uuid(), nullable=False),
        sa.Column("start_ts", sa.DateTime(timezone=True), nullable=False),
        sa.Column("transcript_sha256", sa.Text(), nullable=True, comment="of the transcript whose words these are"),
        sa.Column("words", postgresql.TSVECTOR(), nullable=False, comment="spoken_words(language, text)"),
        sa.ForeignKeyConstraint(
            ["dialogue_id"],
            ["dialogues.dialogue_id"],
            name=op.f("fk_dialogue_search_dialogue_id_dialogues"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("dialogue_id", name=op.f("pk_dialogue_search")),
    )
    op.create_index("ix_dialogue_search_start_ts", "dialogue_search", ["start_ts", "dialogue_id"], unique=False)
    op.create_index("ix_dialogue_search_point_id_start_ts", "dialogue_search", ["point_id", "start_ts"], unique=False)
    op.create_index(
        "ix_dialogue_search_words",
        "dialogue_search",
        ["words"],
        unique=False,
        postgresql_using="gin",
        postgresql_with={"fastupdate": "off"},
    )
    for statement in SPOKEN_WORDS:
        op.execute(statement)
    # How frequent a word is decides how it is looked for; by default a thousand words are known, of ten thousand.
    op.execute("ALTER TABLE dialogue_search ALTER COLUMN words SET STATISTICS 400")


def downgrade() -> None:
    for statement in WITHOUT_SPOKEN_WORDS:
        op.execute(statement)
    op.drop_index("ix_dialogue_search_words", table_name="dialogue_search", postgresql_using="gin")
    op.drop_index("ix_dialogue_search_point_id_start_ts", table_name="dialogue_search")
    op.drop_index("ix_dialogue_search_start_ts", table_name="dialogue_search")
    op.drop_table("dialogue_search")
    op.drop_index("ix_dialogue_facts_start_ts", table_name="dialogue_facts")
    op.drop_index("ix_dialogue_facts_reviewed", table_name="dialogue_facts")
    op.drop_index("ix_dialogue_facts_point_id_start_ts", table_name="dialogue_facts")
    op.drop_index("ix_dialogue_facts_point_id_hour_ts", table_name="dialogue_facts")
    op.drop_table("dialogue_facts")
    op.drop_index("ix_report_hours_day", table_name="report_hours")
    op.drop_table("report_hours")
    op.drop_index("ix_report_days_day", table_name="report_days")
    op.drop_table("report_days")
    op.drop_index("ix_report_day_engines_day", table_name="report_day_engines")
    op.drop_table("report_day_engines")
    op.drop_index("ix_report_day_categories_day", table_name="report_day_categories")
    op.drop_table("report_day_categories")
    op.drop_index("ix_coverage_days_day", table_name="coverage_days")
    op.drop_table("coverage_days")
