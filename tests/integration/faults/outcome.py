"""What the system says about one device, and whether that is what it says undisturbed."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import text

from db.engine import Database
from domain.errors import Unavailable

DIALOGUES = text("""
    SELECT d.start_ts, d.end_ts, d.state, d.revision, d.asr_status, d.asr_model, d.analysis_status, x.language, x.text,
           x.segments_json, v.kind, v.attempted, v.quality_score, v.categories, v.customer_reaction, v.evidence_quotes,
           v.analysis_model
    FROM dialogues d
    LEFT JOIN dialogue_transcripts x USING (dialogue_id)
    LEFT JOIN dialogue_upsell_analysis v USING (dialogue_id)
    WHERE d.device_id = :device ORDER BY d.start_ts
""")
COUNTS = text("""
    SELECT 'chunks' AS name, count(*) AS rows FROM audio_chunks WHERE device_id = :device
    UNION ALL SELECT 'speech segments', count(*) FROM speech_segments WHERE device_id = :device
    UNION ALL SELECT 'parts of dialogues', count(*) FROM dialogue_segments JOIN dialogues USING (dialogue_id)
        WHERE device_id = :device
    UNION ALL SELECT 'results of ' || stage, count(*) FROM stage_results
        WHERE NOT is_superseded AND subject_id IN (
            SELECT chunk_id::text FROM audio_chunks WHERE device_id = :device
            UNION ALL SELECT dialogue_id::text FROM dialogues WHERE device_id = :device)
        GROUP BY stage
    UNION ALL SELECT 'dead jobs', count(*) FROM jobs WHERE fair_key = CAST(:device AS text) AND state = 'dead'
""")
QUIET = text("""
    SELECT (SELECT count(*) FROM dialogues WHERE device_id = :device AND state = 'closed') > 0
       AND NOT EXISTS (SELECT FROM dialogues WHERE device_id = :device AND state <> 'superseded'
                       AND NOT (state = 'closed' AND asr_status IN ('DONE', 'SKIPPED', 'ERROR')
                                AND analysis_status IN ('DONE', 'SKIPPED', 'ERROR')))
       AND NOT EXISTS (SELECT FROM jobs WHERE fair_key = CAST(:device AS text) AND state IN ('queued', 'running')
                       AND run_after <= now())
""")


@dataclass(frozen=True)
class Outcome:
    """Its dialogues with their words and verdicts, and how many rows of each kind there are."""

    dialogues: list[dict[str, Any]]
    rows: dict[str, int]

    def differences(self, truth: "Outcome") -> list[str]:
        """Where it is not as it should be: nothing lost, nothing doubled, nothing changed."""
        names = sorted(self.rows.keys() | truth.rows.keys())
        found = [
            f"{name}: {self.rows.get(name, 0)} instead of {truth.rows.get(name, 0)}"
            for name in names
            if self.rows.get(name, 0) != truth.rows.get(name, 0)
        ]
        if len(self.dialogues) != len(truth.dialogues):
            return [*found, f"{len(self.dialogues)} dialogues instead of {len(truth.dialogues)}"]
        pairs = zip(self.dialogues, truth.dialogues, strict=True)
        return found + [f"{key} differs" for mine, due in pairs for key in due if mine[key] != due[key]]


async def is_quiet(database: Database, device_id: UUID) -> bool:
    """Is all of the device's judged, and nothing under way? Not while the database is away."""
    try:
        async with database.begin() as tx:
            return bool((await tx.execute(QUIET, {"device": device_id})).scalar_one())
    except Unavailable:
        return False


async def outcome_of(database: Database, device_id: UUID) -> Outcome:
    async with database.begin() as tx:
        dialogues = (await tx.execute(DIALOGUES, {"device": device_id})).mappings().all()
        rows = (await tx.execute(COUNTS, {"device": device_id})).all()
    return Outcome([dict(dialogue) for dialogue in dialogues], {row.name: row.rows for row in rows})
