"""Reading side: how far the audio of some devices has come on its way to verdicts."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ARRAY, Text, Uuid, bindparam, text
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.ids import DeviceId

_PROGRESS = text(
    """
    WITH chunks AS (
        SELECT status, is_unsettled FROM audio_chunks
        WHERE device_id = ANY(:devices) AND start_ts < :until AND end_ts > :since
    ), found AS (
        SELECT CASE
            WHEN state = 'open' THEN 'open'
            WHEN 'ERROR' IN (asr_status, analysis_status) THEN 'failed'
            WHEN asr_status IN ('PENDING', 'PROCESSING') THEN 'untranscribed'
            WHEN 'SKIPPED' IN (asr_status, analysis_status) THEN 'skipped'
            WHEN analysis_status = 'DONE' THEN 'judged'
            ELSE 'unjudged'
        END AS step
        FROM dialogues
        WHERE device_id = ANY(:devices) AND start_ts < :until AND end_ts > :since AND state <> 'superseded'
    )
    SELECT
        (SELECT count(*) FROM chunks) AS chunks,
        (SELECT count(*) FROM chunks WHERE status IN ('QUEUED', 'PROCESSING')) AS chunks_unheard,
        (SELECT count(*) FROM chunks WHERE status = 'ERROR') AS chunks_failed,
        (SELECT count(*) FROM chunks WHERE is_unsettled) AS chunks_unsorted,
        (SELECT count(*) FROM jobs WHERE stage = 'dialogues' AND subject_id = ANY(:subjects) AND state = 'dead')
            AS devices_failed,
        (SELECT count(*) FROM found WHERE step = 'open') AS open,
        (SELECT count(*) FROM found WHERE step = 'untranscribed') AS untranscribed,
        (SELECT count(*) FROM found WHERE step = 'unjudged') AS unjudged,
        (SELECT count(*) FROM found WHERE step = 'judged') AS judged,
        (SELECT count(*) FROM found WHERE step = 'skipped') AS skipped,
        (SELECT count(*) FROM found WHERE step = 'failed') AS failed
    """
).bindparams(bindparam("devices", type_=ARRAY(Uuid)), bindparam("subjects", type_=ARRAY(Text)))
"""One statement, so one snapshot: each stage commits its result together with the next one's job or status."""


@dataclass(frozen=True, slots=True)
class Progress:
    """Counts of chunks (unsorted: not yet made into dialogues), of devices whose dialogues job is dead, and of current
    dialogues by how far each is."""

    chunks: int
    chunks_unheard: int
    chunks_failed: int
    chunks_unsorted: int
    devices_failed: int
    open: int
    untranscribed: int
    unjudged: int
    judged: int
    skipped: int
    failed: int

    @property
    def is_settled(self) -> bool:
        """Nothing is under way any more. What waits for a dead dialogues job is not under way."""
        waiting = self.chunks_unsorted or self.open
        return not (self.chunks_unheard or self.untranscribed or self.unjudged or (waiting and not self.devices_failed))

    @property
    def has_failures(self) -> bool:
        return bool(self.chunks_failed or self.devices_failed or self.failed)

    @property
    def dialogues(self) -> int:
        """All current ones."""
        return self.open + self.untranscribed + self.unjudged + self.judged + self.skipped + self.failed


async def progress_of(tx: AsyncConnection, devices: Collection[DeviceId], since: datetime, until: datetime) -> Progress:
    """Of the chunks and dialogues of these devices that overlap the time between `since` and `until`."""
    values = {"devices": list(devices), "subjects": [str(d) for d in devices], "since": since, "until": until}
    row = (await tx.execute(_PROGRESS, values)).one()
    return Progress(**row._mapping)
