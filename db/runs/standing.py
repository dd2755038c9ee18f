"""Where each dialogue of a run stands: whether the run's result may become the current one, and if not, why."""

from sqlalchemy import Uuid, bindparam, text

from domain.status import DialogueState, StageStatus

_BUSY = f"('{StageStatus.PENDING}', '{StageStatus.PROCESSING}')"
STANDING = f"""
    SELECT s.dialogue_id, s.revision, heard.result_id AS heard_id, judged.result_id AS judged_id,
           CASE
               WHEN replaced.dialogue_id IS NOT NULL THEN 'moved'
               WHEN d.state = '{DialogueState.SUPERSEDED}' OR tr.dropped_at IS NOT NULL THEN 'gone'
               WHEN d.state = '{DialogueState.OPEN}' OR d.asr_status IN {_BUSY} OR d.analysis_status IN {_BUSY}
                   THEN 'busy'
               WHEN d.revision <> s.revision OR judged.is_superseded THEN 'changed'
               WHEN run.stage = 'analysis' AND judged.transcript_sha256 <> tr.transcript_sha256 THEN 'changed'
               WHEN judged.result_id IS NULL OR (run.stage = 'asr' AND heard.result_id IS NULL) THEN 'without_result'
               ELSE 'ready'
           END AS standing
    FROM run_subjects s
    JOIN runs run USING (run_id)
    JOIN dialogues d USING (dialogue_id)
    LEFT JOIN dialogue_transcripts tr USING (dialogue_id)
    LEFT JOIN run_replaced replaced ON replaced.run_id = s.run_id AND replaced.dialogue_id = s.dialogue_id
    LEFT JOIN LATERAL (
        SELECT result_id FROM stage_results r
        WHERE r.run_id = s.run_id AND r.stage = 'asr' AND r.subject_id = s.dialogue_id::text
          AND r.subject_rev = s.revision AND NOT r.is_superseded
        ORDER BY result_id DESC LIMIT 1
    ) AS heard ON run.stage = 'asr'
    LEFT JOIN LATERAL (
        SELECT result_id, is_superseded, payload ->> 'transcript_sha256' AS transcript_sha256 FROM stage_results r
        WHERE r.run_id = s.run_id AND r.stage = 'analysis' AND r.subject_id = s.dialogue_id::text
          AND r.subject_rev = s.revision
        ORDER BY result_id DESC LIMIT 1
    ) AS judged ON true
    WHERE s.run_id = :run_id
"""
"""Of every dialogue of the run, by domain/run_diff.py's Standing. The newest result counts. Live work under way goes
before all else: nobody knows yet what will stand."""
READ = text(f"{STANDING} ORDER BY s.dialogue_id").bindparams(bindparam("run_id", type_=Uuid))
