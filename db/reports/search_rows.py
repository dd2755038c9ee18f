"""Rows of `dialogue_search`: the words of every current dialogue that has a transcript."""

from collections.abc import Sequence

from sqlalchemy import ARRAY, Uuid, bindparam, text
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.ids import DialogueId

_DROP = text(
    """
    DELETE FROM dialogue_search s
    WHERE s.dialogue_id = ANY (:dialogue_ids) AND NOT EXISTS (
        SELECT FROM dialogues d JOIN dialogue_transcripts tr USING (dialogue_id, revision)
        WHERE d.dialogue_id = s.dialogue_id AND d.state <> 'superseded' AND tr.text <> ''
    )
    """
).bindparams(bindparam("dialogue_ids", type_=ARRAY(Uuid)))
_PUT = text(
    """
    INSERT INTO dialogue_search AS s (dialogue_id, point_id, start_ts, transcript_sha256, words)
    SELECT d.dialogue_id, d.point_id, d.start_ts, tr.transcript_sha256, spoken_words(tr.language, tr.text)
    FROM dialogues d
    JOIN dialogue_transcripts tr USING (dialogue_id, revision)
    LEFT JOIN dialogue_search known USING (dialogue_id)
    WHERE d.dialogue_id = ANY (:dialogue_ids) AND d.state <> 'superseded' AND tr.text <> ''
      AND (known.point_id, known.start_ts, known.transcript_sha256)
          IS DISTINCT FROM (d.point_id, d.start_ts, tr.transcript_sha256)
    ORDER BY d.dialogue_id
    ON CONFLICT (dialogue_id) DO UPDATE SET
        point_id = EXCLUDED.point_id, start_ts = EXCLUDED.start_ts,
        transcript_sha256 = EXCLUDED.transcript_sha256, words = EXCLUDED.words
    """
).bindparams(bindparam("dialogue_ids", type_=ARRAY(Uuid)))
"""Only of those whose transcript or place has changed: stemming costs more than all the rest of a fact."""


async def write_search(tx: AsyncConnection, dialogue_ids: Sequence[DialogueId]) -> None:
    """Brings the search rows of these dialogues up to date. The caller holds the locks of their facts, and so has the
    newest snapshot of all who write them."""
    given = {"dialogue_ids": list(dialogue_ids)}
    await tx.execute(_DROP, given)
    await tx.execute(_PUT, given)
