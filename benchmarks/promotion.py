"""How long a run's promotion and rollback take, what memory, and what readers feel of it.

    python benchmarks/promotion.py [--dialogues 10000] [--points 20] [--asr] [--save]

Fills an embedded PostgreSQL of its own with judged dialogues of 30 days and a run that says otherwise of each third,
with `--asr` also new words of 40 utterances each. Then: compare, promote, roll back, while a reader asks for the
figures of the period over and over. Aims: the reader sees the figures of before or of after, nothing else, and those
of before to the byte once it is rolled back.
"""

import argparse
import asyncio
import json
import resource
import shutil
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from datetime import date
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from rich.console import Console
from rich.table import Table
from sqlalchemy import text

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from db import embedded, migrate  # noqa: E402
from db.engine import Database  # noqa: E402
from db.reports.facts import refresh_point  # noqa: E402
from db.reports.overview import overview  # noqa: E402
from db.reports.rebuild import rebuild_together  # noqa: E402
from db.runs.diff import read_flips, read_pairs  # noqa: E402
from db.runs.promote import promote  # noqa: E402
from db.runs.rollback import rollback  # noqa: E402
from domain.access import OPERATOR, Principal, Role  # noqa: E402
from domain.change import Period  # noqa: E402
from domain.ids import PointId  # noqa: E402
from domain.run_diff import compare, to_listen  # noqa: E402
from domain.transcript import Transcript, Utterance  # noqa: E402

BOSS = Principal(OPERATOR, None, Role.ADMIN, None)
PERIOD = Period(date(2026, 3, 1), date(2026, 3, 30))
SAID = "\n".join(f"Кофе и круассан номер {n}" for n in range(40))
WORDS = [{"word": f" слово{n}", "start_ms": n * 100, "end_ms": n * 100 + 90, "probability": 0.9} for n in range(6)]
PLACES = """
    INSERT INTO points (point_id, name) SELECT md5('p' || n)::uuid, 'shop ' || n FROM generate_series(1, :points) AS n;
    INSERT INTO registers (register_id, point_id, name)
    SELECT md5('r' || n)::uuid, md5('p' || n)::uuid, 'till' FROM generate_series(1, :points) AS n;
    INSERT INTO devices (device_id, register_id, point_id, name)
    SELECT md5('d' || n)::uuid, md5('r' || n)::uuid, md5('p' || n)::uuid, 'pi' FROM generate_series(1, :points) AS n
"""
DIALOGUES = """
    INSERT INTO dialogues (dialogue_id, device_id, point_id, register_id, start_ts, end_ts, state, asr_status,
                           analysis_status)
    SELECT md5('x' || n)::uuid, md5('d' || p)::uuid, md5('p' || p)::uuid, md5('r' || p)::uuid, at,
           at + interval '40 s', 'closed', 'DONE', 'DONE'
    FROM generate_series(1, :n) AS n, LATERAL (
        SELECT 1 + n % :points AS p, timestamptz '2026-03-01 06:00+00'
            + make_interval(days => n / :points % 30, secs => hashint4(n) & 32767) AS at
    ) AS place;
    INSERT INTO dialogue_transcripts (dialogue_id, revision, language, text, segments_json, transcript_sha256)
    SELECT dialogue_id, 1, 'ru', :said, CAST(:segments AS jsonb), :sha256 FROM dialogues;
    INSERT INTO dialogue_upsell_analysis (dialogue_id, revision, kind, attempted, quality_score, categories,
        closing_question, customer_reaction, evidence_quotes, summary, confidence, analysis_model, prompt_version,
        prompt_sha256, transcript_sha256)
    SELECT dialogue_id, 1, 'sale', CASE WHEN ascii(dialogue_id::text) % 2 = 0 THEN 'yes' ELSE 'no' END, 1, '[]', false,
           'unclear', '[]', 'as it was', 0.8, 'rules-1', '1', 'p', :sha256
    FROM dialogues
"""
RUN = """
    INSERT INTO runs (run_id, name, stage, state, is_shadow, filters, settings, planned, planned_audio_ms, created_by)
    VALUES (:run_id, 'benchmark', :stage, 'done', true, '{}', '{}', :n, 0, 'benchmark');
    INSERT INTO run_subjects (run_id, dialogue_id, revision, fed_at)
    SELECT :run_id, dialogue_id, 1, now() FROM dialogues;
    INSERT INTO stage_results (stage, subject_id, subject_rev, run_id, job_id, payload)
    SELECT 'analysis', dialogue_id::text, 1, :run_id, 1, jsonb_build_object(
        'transcript_sha256', CAST(:sha256 AS text), 'skip_reason', NULL,
        'verdict', jsonb_build_object('kind', 'sale', 'attempted',
            CASE WHEN hashtext(dialogue_id::text) % 3 = 0 THEN 'yes' ELSE a.attempted END, 'quality_score', 2,
            'categories', jsonb_build_array('dessert'), 'closing_question', false, 'customer_reaction', 'accepted',
            'evidence', '[]'::jsonb, 'summary', 'as the run has it', 'confidence', 0.9),
        'provenance', jsonb_build_object('model', 'rules-2', 'prompt_version', '2', 'prompt_sha256', 'q',
            'transcript_sha256', CAST(:sha256 AS text), 'parameters', '{}'::jsonb, 'tokens_in', 300, 'tokens_out', 50,
            'cost_usd', 0.0001))
    FROM dialogue_upsell_analysis a;
"""
HEARD = """
    INSERT INTO stage_results (stage, subject_id, subject_rev, run_id, job_id, payload)
    SELECT 'asr', dialogue_id::text, 1, :run_id, 1, jsonb_build_object('transcript',
        jsonb_build_object('language', 'ru', 'utterances', CAST(:segments AS jsonb)), 'asr_pass', 'accurate',
        'model', 'small', 'reasons', '[]'::jsonb, 'avg_logprob', -0.2, 'no_speech_prob', 0.01)
    FROM dialogues
"""


async def fill(db: Database, n: int, points: int, *, with_asr: bool) -> UUID:
    """Returns the run."""
    segments = [
        {"start_ms": i, "end_ms": i + 1, "text": line, "words": WORDS} for i, line in enumerate(SAID.split("\n"))
    ]
    said = Transcript("ru", tuple(Utterance(0, 1, line) for line in SAID.split("\n")))
    run_id = uuid4()
    given = {
        "n": n,
        "points": points,
        "said": SAID,
        "segments": json.dumps(segments),
        "sha256": said.sha256,
        "run_id": run_id,
        "stage": "asr" if with_asr else "analysis",
    }
    async with db.begin() as tx:
        for statements in (PLACES, DIALOGUES, RUN, HEARD if with_asr else ""):
            for statement in filter(str.strip, statements.split(";")):
                query = text(statement)
                await tx.execute(query, {name: given[name] for name in query.compile().params})
    for n_point in range(1, points + 1):
        async with db.begin() as tx:
            point_id = await tx.scalar(text("SELECT md5('p' || CAST(:n AS text))::uuid"), {"n": str(n_point)})
            await tx.execute(text("SELECT FROM points WHERE point_id = :p FOR NO KEY UPDATE"), {"p": point_id})
            await refresh_point(tx, PointId(point_id))
    await rebuild_together(db)
    async with db.alone() as connection:
        await connection.execute(text("ANALYZE"))
    return run_id


async def figures(db: Database) -> str:
    async with db.snapshot() as tx:
        return str(await overview(tx, PERIOD, None))


async def watched(db: Database, work: Callable[[], Awaitable[Any]]) -> tuple[float, list[float], set[str]]:
    """How long the work took, in seconds; how long each look at the figures beside it; what was seen."""
    task, looks, seen = asyncio.ensure_future(work()), [], set()
    began = time.monotonic()
    while not task.done():
        at = time.monotonic()
        seen.add(await figures(db))
        looks.append(time.monotonic() - at)
        await asyncio.sleep(0.05)
    await task
    return time.monotonic() - began, sorted(looks), seen


async def measure(url: str, n: int, points: int, *, with_asr: bool) -> dict[str, Any]:
    db = Database(url)
    run_id = await fill(db, n, points, with_asr=with_asr)
    before, rss_mb = await figures(db), _rss_mb()
    at = time.monotonic()
    async with db.snapshot() as tx:
        diff = compare((await read_pairs(tx, run_id))[0])
        to_listen(await read_flips(tx, run_id))
    compared_s = time.monotonic() - at
    promoted_s, looks, seen = await watched(db, lambda: promote(db, run_id, BOSS))
    after = await figures(db)
    back_s, looks_back, seen_back = await watched(db, lambda: rollback(db, run_id, BOSS))
    found = {
        "dialogues": n,
        "with words": with_asr,
        "flips": diff.flipped,
        "compare_s": round(compared_s, 2),
        "promote_s": round(promoted_s, 2),
        "rollback_s": round(back_s, 2),
        "memory_mb": round(_rss_mb() - rss_mb),
        "reader_p95_ms": round(1000 * (looks + looks_back)[int(0.95 * len(looks + looks_back)) - 1]),
        "halves_seen": len((seen | seen_back) - {before, after}),
        "back_to_the_byte": await figures(db) == before,
    }
    await db.dispose()
    return found


def _rss_mb() -> float:
    """The most that this process has held."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--dialogues", type=int, default=10_000)
    parser.add_argument("--points", type=int, default=20)
    parser.add_argument("--asr", action="store_true", help="the run began with asr")
    parser.add_argument("--save", type=Path, help="write the figures to this JSON file")
    asked = parser.parse_args()
    home = Path(tempfile.mkdtemp(prefix="sc-promotion-"))
    try:
        url = embedded.start(home)
        migrate.upgrade(url)
        found = asyncio.run(measure(url, asked.dialogues, asked.points, with_asr=asked.asr))
    finally:
        embedded.stop(home)
        shutil.rmtree(home, ignore_errors=True)
    table = Table("", "figure")
    for name, value in found.items():
        table.add_row(name, str(value))
    Console().print(table)
    if asked.save:
        asked.save.write_text(json.dumps(found, indent=1))
    if found["halves_seen"] or not found["back_to_the_byte"]:
        raise SystemExit("a reader saw half a promotion, or the rollback was not exact")


if __name__ == "__main__":
    main()
