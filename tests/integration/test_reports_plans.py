"""Guard on the statements of a report job: an hour costs the same however long the history is."""

from datetime import UTC, datetime

from sqlalchemy import text
from worker_bench import Bench

from cluster.stage import SubjectKind
from db.engine import Database
from db.reports.facts import refresh_facts, refresh_hour, refresh_point
from db.reports.hours import Hour
from domain.ids import DialogueId, PointId

HISTORY = (
    """
    INSERT INTO dialogues (dialogue_id, device_id, point_id, register_id, start_ts, end_ts, state, asr_status,
                           analysis_status)
    SELECT gen_random_uuid(), device_id, point_id, register_id, at, at + interval '40 s', 'closed', 'DONE', 'DONE'
    FROM devices, generate_series(timestamptz '2026-01-01 07:00Z', timestamptz '2026-03-31 07:00Z', '10 min') AS at
    WHERE point_id <> :point_id OR at < timestamptz '2026-01-08 07:00Z'
    """,
    """
    INSERT INTO dialogue_transcripts (dialogue_id, revision, language, text, segments_json, transcript_sha256)
    SELECT dialogue_id, 1, 'ru', 'кофе', '[]', 'x' FROM dialogues
    """,
    """
    INSERT INTO dialogue_upsell_analysis (
        dialogue_id, revision, kind, attempted, quality_score, categories, closing_question, customer_reaction,
        evidence_quotes, summary, confidence, analysis_model, prompt_version, prompt_sha256, transcript_sha256)
    SELECT dialogue_id, 1, 'sale', 'yes', 2, '["dessert"]', false, 'accepted', '[]', '', 0.9, 'rules-1', '1', '', 'x'
    FROM dialogues
    """,
    """
    INSERT INTO reviews (review_id, dialogue_id, revision, reviewer, reason, kind, attempted, quality_score,
                         customer_reaction)
    SELECT gen_random_uuid(), dialogue_id, 1, 'ana', 'random', 'sale', 'no', 0, 'unclear' FROM dialogues
    """,
)
FACTS_OF_OTHERS = """
    INSERT INTO dialogue_facts (dialogue_id, point_id, register_id, device_id, start_ts, end_ts, hour_ts, day, revision,
                                place)
    SELECT dialogue_id, point_id, register_id, device_id, start_ts, end_ts, date_trunc('hour', start_ts),
           CAST(start_ts AS date), 1, 'no'
    FROM dialogues WHERE point_id <> :point_id
"""
LONG = {"dialogues", "dialogue_facts", "dialogue_transcripts", "dialogue_upsell_analysis", "reviews"}


async def test_an_hour_is_counted_without_reading_a_whole_table(bench: Bench) -> None:
    point_id = PointId(await bench.subject(SubjectKind.POINT))
    await bench.subject(SubjectKind.POINT)
    async with bench.db.begin() as tx:
        for statement in (*HISTORY, FACTS_OF_OTHERS):
            await tx.execute(text(statement), {"point_id": point_id} if ":point_id" in statement else {})
        await refresh_point(tx, point_id)
        dialogue_id = DialogueId((await tx.execute(text("SELECT dialogue_id FROM dialogues LIMIT 1"))).scalar_one())
    async with bench.db.alone() as connection:
        await connection.execute(text("VACUUM (ANALYZE)"))
    before = await whole_table_reads(bench.db)
    async with bench.db.begin() as tx:
        await refresh_hour(tx, Hour(point_id, datetime(2026, 1, 5, 9, tzinfo=UTC)))
    async with bench.db.begin() as tx:
        await refresh_facts(tx, [dialogue_id])
    after = await whole_table_reads(bench.db)
    assert {table: after[table] - before[table] for table in LONG} == dict.fromkeys(LONG, 0)


async def whole_table_reads(db: Database) -> dict[str, int]:
    async with db.begin() as tx:
        await tx.execute(text("SELECT pg_stat_force_next_flush()"))
    async with db.begin() as tx:
        rows = await tx.execute(text("SELECT relname, seq_scan FROM pg_stat_user_tables"))
        return {row.relname: row.seq_scan for row in rows}
