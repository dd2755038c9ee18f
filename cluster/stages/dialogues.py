"""dialogues: the changed audio of one device becomes dialogues; those that can change no more go to asr."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from itertools import chain
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from cluster.stage import Stage, StageContext, SubjectKind
from configs.sections import DialogueSettings
from db.dialogues import stage_store as store
from db.dialogues.stage_store import to_ms
from db.dialogues.stage_writes import supersede, unused_ids, write_drafts
from db.queue import Job, NewJob
from db.reports.coverage_days import coverage_jobs
from db.reports.jobs import report_jobs
from domain.drafts import Draft, Moment, draft
from domain.errors import ConfigError
from domain.ids import DeviceId, DialogueId
from domain.revisions import Matching, Stored, match
from domain.sessionize import sessionize
from domain.status import DialogueState
from domain.timeline import Dialogue, Rules, Span, merge

BATCH = 50
"""Changed chunks, and dialogues due to close, that one job takes on; it queues itself again for the rest."""
RETRY_LOCKED_S = 1.0
LONGEST_CHUNK_FACTOR = 1.5
"""Ingest believes the recorder's end, decoding may find somewhat more."""


def rules_of(settings: DialogueSettings) -> Rules:
    """Seconds of the configuration → the rules' milliseconds. Raises ConfigError where they contradict each other."""
    try:
        return Rules(
            silence_ms=round(settings.silence_gap_s * 1000),
            max_ms=round(settings.max_dialogue_s * 1000),
            lateness_ms=round(settings.lateness_s * 1000),
            revise_wait_ms=round(settings.revise_wait_s * 1000),
        )
    except ValueError as error:
        raise ConfigError(f"dialogues: {error}") from None


class DialoguesStage(Stage):
    """Reads and writes in the completing transaction, with the device locked: the audio that was taken into account
    and the dialogues made of it change together, and a job that comes twice finds nothing left to do. It can afford
    to: a job looks at a few minutes around each change, whatever the history.
    """

    name = "dialogues"
    after = ("vad",)
    subject = SubjectKind.DEVICE
    timeout_s = 60.0
    concurrency = 2

    def __init__(self, now: Callable[[AsyncConnection], Awaitable[datetime]] = store.database_now) -> None:
        self._now = now
        self._rules = Rules()
        self._longest_chunk_ms = 900_000

    async def start(self, ctx: StageContext) -> None:
        self._rules = rules_of(ctx.settings.dialogues)
        self._longest_chunk_ms = round(ctx.settings.ingest.max_chunk_s * 1000 * LONGEST_CHUNK_FACTOR)

    async def run(self, ctx: StageContext, job: Job) -> dict[str, Any]:
        """Nothing: see the class."""
        return {}

    async def apply(self, tx: AsyncConnection, job: Job, result: Any) -> list[NewJob]:
        """Brings the device's dialogues up to date with its settled audio and the clock."""
        device_id = DeviceId(UUID(job.subject_id))
        now = await self._now(tx)
        moment = Moment(to_ms(now), await store.owed_from_ms(tx, device_id))
        settled = await store.settle(tx, device_id, BATCH)
        due = await store.due(tx, device_id, now, BATCH)
        changes = merge([*settled, *due], self._rules)
        old = [await store.read_stored(tx, device_id, self._rules.affected(change)) for change in changes]
        await store.lock_stored(tx, chain.from_iterable(old))
        followers: list[NewJob] = []
        touched: set[DialogueId] = set()
        for change, stored in zip(changes, old, strict=True):
            jobs, ids = await self._rebuild(tx, device_id, moment, change, stored)
            followers += jobs
            touched |= ids
        again = await _again(tx, device_id, now, has_settled=bool(settled))
        heard = await coverage_jobs(tx, device_id, settled) if settled else []
        return [*followers, *again, *heard, *await report_jobs(tx, touched)]

    async def _rebuild(
        self, tx: AsyncConnection, device_id: DeviceId, moment: Moment, change: Span, old: Sequence[Stored]
    ) -> tuple[list[NewJob], set[DialogueId]]:
        """Makes the dialogues within reach of the change, now `old`, what the audio says. Returns asr jobs of those
        that closed, and whose content or place changed."""
        affected = self._rules.affected(change)
        audio = await store.read_audio(tx, device_id, self._rules.window(change), self._longest_chunk_ms)
        found = [d for d in sessionize(audio.segments, audio.coverage, self._rules) if affected.contains(d.span)]
        matching = match(old, found)
        ids = await _ids(tx, device_id, found, matching)
        candidates = (
            draft(ids[i], dialogue, matching.kept.get(i), audio.arrivals, moment, self._rules)
            for i, dialogue in enumerate(found)
        )
        drafts = [candidate for candidate in candidates if candidate]
        heirs = [(stored.dialogue_id, None if i is None else ids[i]) for stored, i in matching.leftover]
        await supersede(tx, heirs, moment.now_ms)
        await write_drafts(tx, device_id, drafts, audio.places, moment.now_ms)
        closed = [_asr_job(device_id, drafted) for drafted in drafts if drafted.state is DialogueState.CLOSED]
        gone = {dialogue_id for pair in heirs for dialogue_id in pair if dialogue_id is not None}
        return closed, gone | {drafted.dialogue_id for drafted in drafts if drafted.is_changed}


async def _ids(
    tx: AsyncConnection, device_id: DeviceId, found: Sequence[Dialogue], matching: Matching
) -> dict[int, DialogueId]:
    """The id of each dialogue found, by its index: the old one's, or one never used."""
    new = [i for i in range(len(found)) if i not in matching.kept]
    unused = await unused_ids(tx, device_id, [found[i].segments[0] for i in new]) if new else []
    return {i: stored.dialogue_id for i, stored in matching.kept.items()} | dict(zip(new, unused, strict=True))


async def _again(tx: AsyncConnection, device_id: DeviceId, now: datetime, *, has_settled: bool) -> list[NewJob]:
    """The device's next dialogues job: at once where changes are left, else when the next dialogue may close."""
    if await store.is_unsettled(tx, device_id):
        return [store.dialogues_job(device_id, delay_s=0.0 if has_settled else RETRY_LOCKED_S)]
    close_at = await store.next_close(tx, device_id)
    if close_at is None:
        return []
    return [store.dialogues_job(device_id, delay_s=max(0.0, (close_at - now).total_seconds()))]


def _asr_job(device_id: DeviceId, closed: Draft) -> NewJob:
    return NewJob("asr", str(closed.dialogue_id), closed.revision, fair_key=str(device_id), audio_ms=closed.speech_ms)
