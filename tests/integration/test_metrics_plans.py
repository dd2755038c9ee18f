"""Guard on what a scrape and a trace ask: indexes only, however long the history is."""

import json
from collections.abc import Iterator
from datetime import date
from typing import Any

from sqlalchemy import TextClause, text
from worker_bench import START, Bench

from cluster.stage import SubjectKind
from db.metrics import points, queues
from db.metrics.points import point_samples
from db.metrics.queues import database_samples, queue_samples, run_samples
from db.trace import chunk, dialogue, queue
from domain import metrics as m

HISTORY = (
    """
    INSERT INTO jobs (stage, subject_id, lock_key, state, finished_at)
    SELECT 'vad', 's' || n, 's' || n, 'done', now() - n * interval '1 second' FROM generate_series(1, {n}) AS n
    """,
    """
    INSERT INTO stage_results (stage, subject_id, subject_rev, job_id, payload)
    SELECT 'asr', gen_random_uuid(), 1, n, '[]' FROM generate_series(1, {n}) AS n
    """,
    """
    INSERT INTO audio_chunks (chunk_id, device_id, point_id, register_id, session_id, seq, start_ts, end_ts, codec,
                              sample_rate, channels, sha256, size_bytes, stored_path, received_at)
    SELECT gen_random_uuid(), device_id, point_id, register_id, point_id, n, at, at + interval '1 minute', 'opus',
           48000, 1, n, 1, n, at
    FROM devices, generate_series(1, {n}) AS n, LATERAL (SELECT now() - n * interval '1 minute' AS at) AS moment
    """,
    """
    INSERT INTO dialogues (dialogue_id, device_id, point_id, register_id, start_ts, end_ts, state)
    SELECT gen_random_uuid(), device_id, point_id, register_id, start_ts, end_ts, 'closed' FROM audio_chunks
    """,
    """
    INSERT INTO dialogue_segments (dialogue_id, revision, idx, chunk_id, offset_start_ms, offset_end_ms, start_ts,
                                   end_ts)
    SELECT dialogue_id, 1, 0, gen_random_uuid(), 0, 1, start_ts, end_ts FROM dialogues
    """,
    """
    INSERT INTO device_heartbeats (device_id, slot, received_at, clock_error_ms)
    SELECT device_id, start_ts, start_ts, 90000 FROM audio_chunks
    """,
    """
    INSERT INTO coverage_days (point_id, day, scheduled_ms, recorded_ms, waiting_ms, paused_ms, lost_ms, ahead_ms)
    SELECT point_id, CAST(now() AS date) - n, 1000, 750, 0, 0, 250, 0 FROM points, generate_series(-2, {n}) AS n
    """,
    """
    INSERT INTO runs (run_id, name, stage, state, is_shadow, filters, settings, planned, planned_audio_ms, created_by)
    SELECT gen_random_uuid(), 'run ' || n, 'asr', CASE n WHEN 1 THEN 'running' ELSE 'done' END, true, '[]', '[]', 700,
           0, 'ana'
    FROM generate_series(1, {n} / 10) AS n
    """,
    """
    INSERT INTO run_subjects (run_id, dialogue_id, revision, fed_at)
    SELECT r.run_id, d.dialogue_id, 1, CASE r.name WHEN 'run 1' THEN NULL ELSE now() END
    FROM (SELECT * FROM runs ORDER BY name LIMIT 20) AS r, (SELECT dialogue_id FROM dialogues LIMIT 700) AS d
    """,
    """
    INSERT INTO reviews (review_id, dialogue_id, revision, reviewer, reason, kind, attempted, quality_score,
                         customer_reaction)
    SELECT gen_random_uuid(), dialogue_id, 1, 'ana', 'random', 'sale', 'no', 0, 'unclear' FROM dialogues
    """,
    """
    INSERT INTO erasures (erasure_id, kind, point_id, start_ts, end_ts, requested_by)
    SELECT gen_random_uuid(), 'interval', gen_random_uuid(), start_ts, end_ts, 'ana' FROM audio_chunks
    """,
)
LONG = {
    *("jobs", "stage_results", "audio_chunks", "dialogues", "dialogue_segments", "device_heartbeats", "coverage_days"),
    *("run_subjects", "reviews", "erasures"),
}
CHUNK = {"chunk_id": "chunk"}
DIALOGUE = {"dialogue_id": "dialogue"}
ASKED: dict[str, tuple[TextClause, dict[str, Any]]] = {
    "waiting": (queues.WAITING, {}),
    "running": (queues.RUNNING, {}),
    "dead": (queues.DEAD, {}),
    "runs": (queues.RUNS, {}),
    "coverage": (points.COVERAGE, {"points": "points", "days": "days"}),
    "clocks": (points.CLOCKS, {"limit_ms": 5000}),
    "jobs about": (queue.JOBS, {"stages": ["vad"], "subjects": ["s1"]}),
    "chunk": (chunk.CHUNK, CHUNK),
    "heard": (chunk.HEARD, CHUNK),
    "dialogues": (chunk.DIALOGUES, CHUNK),
    "erased": (chunk.ERASED, {"point_id": "chunk", "device_id": "chunk", "start_ts": START, "end_ts": START}),
    "dialogue": (dialogue.DIALOGUE, DIALOGUE),
    "results": (dialogue.RESULTS, DIALOGUE),
    "reviews": (dialogue.REVIEWS, DIALOGUE),
}


async def live_through(bench: Bench, n: int) -> None:
    """So many chunks of two points, and all that comes of them."""
    for _ in range(2):
        await bench.subject(SubjectKind.POINT)
    async with bench.db.begin() as tx:
        for statement in HISTORY:
            await tx.execute(text(statement.replace("{n}", str(n))))
    async with bench.db.alone() as connection:
        await connection.execute(text("VACUUM (ANALYZE)"))


async def test_no_statement_reads_a_whole_table(bench: Bench) -> None:
    await live_through(bench, 5000)
    async with bench.db.begin() as tx:
        one = {
            "chunk": (await tx.execute(text("SELECT chunk_id FROM audio_chunks LIMIT 1"))).scalar_one(),
            "dialogue": (await tx.execute(text("SELECT dialogue_id FROM dialogues LIMIT 1"))).scalar_one(),
            "points": list((await tx.execute(text("SELECT point_id FROM points"))).scalars()),
            "days": [date(2026, 3, 2)] * 2,
        }
        for name, (statement, values) in ASKED.items():
            given = {key: one.get(value, value) if isinstance(value, str) else value for key, value in values.items()}
            whole = [table for node, table in scans(await explained(tx, statement, given)) if node == "Seq Scan"]
            assert not LONG & set(whole), name


async def test_a_scrape_tells_coverage_clocks_and_runs_as_they_stand(bench: Bench) -> None:
    await live_through(bench, 400)
    async with bench.db.begin() as tx:
        now_ms = int((await tx.execute(text("SELECT extract(epoch FROM now()) * 1000"))).scalar_one())
        found = [*await queue_samples(tx), *await run_samples(tx), *await database_samples(tx)]
        found += await point_samples(tx, now_ms)
    told = {(sample.metric, sample.values[1:] or sample.values): sample.value for sample in found}
    assert told[m.POINT_COVERAGE, ("shop",)] == 0.75
    assert told[m.DEVICE_CLOCK, ("shop",)] == 90.0
    assert [told[m.RUN_DIALOGUES, (state,)] for state in ("planned", "fed", "judged")] == [700, 0, 0]
    assert told[m.DATABASE_BYTES, ()] > 0


async def explained(tx: Any, statement: TextClause, values: dict[str, Any]) -> dict[str, Any]:
    explain = text(f"EXPLAIN (FORMAT JSON) {statement.text}").bindparams(*statement._bindparams.values())
    plan = (await tx.execute(explain, values)).scalar_one()
    return (json.loads(plan) if isinstance(plan, str) else plan)[0]["Plan"]  # type: ignore[no-any-return]


def scans(plan: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """(node, relation) of every step that reads a table."""
    if "Relation Name" in plan:
        yield plan["Node Type"], plan["Relation Name"]
    for child in plan.get("Plans", ()):
        yield from scans(child)
