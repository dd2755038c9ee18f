"""Promotion: a run's results become the current ones, all at once."""

import logging
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any, TypeVar
from uuid import UUID

from pydantic import TypeAdapter
from sqlalchemy import ARRAY, Text, Uuid, bindparam, cast, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from db import tables as t
from db.accounts.audit import audit
from db.current_results import Judged, Transcribed, put_transcripts, put_verdicts
from db.engine import Database
from db.reports.facts import refresh_facts
from db.runs.held import HeldRun, check_on_top, hold_run
from db.runs.replaced import keep, seal
from db.runs.standing import READ
from domain.access import Principal
from domain.asr import Outcome
from domain.errors import Conflict
from domain.ids import DialogueId
from domain.run_diff import Standing
from domain.runs import RunStage, RunState
from domain.verdict import AnalysisResult

log = logging.getLogger(__name__)

BATCH = 200
"""Results in memory at once: one with its words is some 50 KB."""
PROMOTABLE = frozenset({RunState.DONE, RunState.PROMOTED, RunState.ROLLED_BACK})
"""One that was promoted may have left something over."""
_OUTCOME, _RESULT = TypeAdapter(Outcome), TypeAdapter(AnalysisResult)
T = TypeVar("T")

_LOCK = text(
    """
    SELECT FROM dialogues WHERE dialogue_id IN (SELECT dialogue_id FROM run_subjects WHERE run_id = :run_id)
    ORDER BY dialogue_id FOR NO KEY UPDATE
    """
).bindparams(bindparam("run_id", type_=Uuid))
_GIVE_AGAIN = text(
    """
    UPDATE run_subjects s
    SET revision = d.revision, fed_at = NULL, audio_ms = (
        SELECT coalesce(sum(g.offset_end_ms - g.offset_start_ms), 0) FROM dialogue_segments g
        WHERE g.dialogue_id = d.dialogue_id AND g.revision = d.revision
    )
    FROM dialogues d
    WHERE s.run_id = :run_id AND s.dialogue_id = ANY (:dialogue_ids) AND d.dialogue_id = s.dialogue_id
    """
).bindparams(bindparam("run_id", type_=Uuid), bindparam("dialogue_ids", type_=ARRAY(Uuid)))


@dataclass(frozen=True, slots=True)
class Promotion:
    """What a promotion did with the run's dialogues. Each is in one of these.

    moved: the run's result is the current one now; before: it was already, by an earlier promotion of this run;
    changed: another revision or transcript than the run judged, to be judged by it once more; busy: live work on it is
    under way, so it is left for the next promotion; gone: merged into another, erased, or without its words by age;
    without_result: the run failed on it. state: the run's, `running` where something changed and is queued again.
    """

    run_id: UUID
    name: str
    state: RunState
    moved: int
    before: int
    changed: int
    busy: int
    gone: int
    without_result: int


@dataclass(frozen=True, slots=True)
class _Ready:
    """A dialogue whose result may become the current one."""

    dialogue_id: UUID
    revision: int
    heard_id: int | None
    judged_id: int


async def promote(db: Database, run_id: UUID, caller: Principal) -> Promotion:
    """Makes what the run judged current, in one transaction that moves every figure at once.

    Written as the stages themselves would write it; what it replaces is kept exactly (`run_replaced`). Reviews stay and
    go on counting before the machine. Dialogues that changed since are left alone, and given to the run once more: it
    is `running` again then, and what it finds is promoted by another call. A second caller waits for the first and
    finds nothing left to do; killed at any moment, nothing has happened. The supervisor calls it for a run that is no
    shadow whenever that is done.

    Raises NotFound where there is no such run; Conflict where it still runs, was cancelled, found nothing that could be
    promoted, or where another run was promoted over its dialogues since; Unavailable where the database is down.
    """
    async with db.begin() as tx:
        run = await hold_run(tx, run_id)
        _check_state(run)
        await check_on_top(tx, run)
        await tx.execute(_LOCK, {"run_id": run_id})
        rows = (await tx.execute(READ, {"run_id": run_id})).all()
        standing = Counter(Standing(row.standing) for row in rows)
        ready = [_Ready(*row[:4]) for row in rows if row.standing == Standing.READY]
        moved = [one for batch in _batches(ready) for one in await _move(tx, run, batch)]
        changed = [row.dialogue_id for row in rows if row.standing == Standing.CHANGED]
        done = Promotion(
            run_id,
            run.name,
            RunState.RUNNING if changed else RunState.PROMOTED,
            moved=len(moved),
            before=standing[Standing.MOVED],
            changed=len(changed),
            busy=standing[Standing.BUSY],
            gone=standing[Standing.GONE],
            without_result=standing[Standing.WITHOUT_RESULT] + len(ready) - len(moved),
        )
        _check_worth(done)
        if moved or changed or run.state is not RunState.PROMOTED:
            await refresh_facts(tx, moved)
            await tx.execute(_GIVE_AGAIN, {"run_id": run_id, "dialogue_ids": changed})
            await _note(tx, run, done, caller)
    told = _told(done)
    log.info("run_promoted", extra={"run": told.pop("name"), **told})  # a log record has a name of its own
    return done


def _check_state(run: HeldRun) -> None:
    if run.state in PROMOTABLE:
        return
    if run.state is RunState.CANCELLED:
        raise Conflict(f"The run '{run.name}' was cancelled; plan it anew to promote it.")
    raise Conflict(f"The run '{run.name}' has not ended yet; promote it when it is done, or cancel it.")


def _check_worth(done: Promotion) -> None:
    if not (done.moved or done.before or done.changed):
        raise Conflict(
            f"The run '{done.name}' has no result that could be promoted: it has none on {done.without_result} "
            f"dialogues, {done.busy} are being worked on just now, and {done.gone} are gone."
        )


async def _move(tx: AsyncConnection, run: HeldRun, ready: Sequence[_Ready]) -> list[DialogueId]:
    """Returns whose results are current now: a verdict on another transcript than the run's newest one is none."""
    is_heard = run.stage is RunStage.ASR
    found = await _payloads(tx, [one.judged_id for one in ready])
    judged: list[Judged] = [
        (one.dialogue_id, one.revision, _RESULT.validate_json(found[one.judged_id])) for one in ready
    ]
    heard: list[Transcribed] = []
    if is_heard:
        found = await _payloads(tx, [one.heard_id for one in ready if one.heard_id is not None])
        heard = [
            (one.dialogue_id, one.revision, _OUTCOME.validate_json(found[one.heard_id]))
            for one in ready
            if one.heard_id is not None
        ]
        hashes = {dialogue_id: outcome.transcript.sha256 for dialogue_id, _, outcome in heard}
        judged = [one for one in judged if hashes.get(one[0]) == one[2].transcript_sha256]
        heard = [one for one in heard if one[0] in {dialogue_id for dialogue_id, _, _ in judged}]
    ids = [DialogueId(dialogue_id) for dialogue_id, _, _ in judged]
    await keep(tx, run.run_id, ids, is_heard=is_heard)
    await put_transcripts(tx, heard)
    await put_verdicts(tx, judged)
    await seal(tx, run.run_id, ids, run.at)
    return ids


async def _payloads(tx: AsyncConnection, result_ids: Sequence[int]) -> dict[int, str]:
    """As JSON text: pydantic reads that straight into what it checks."""
    r = t.stage_results.c
    rows = await tx.execute(
        select(r.result_id, cast(r.payload, Text).label("payload")).where(r.result_id.in_(result_ids))
    )
    return {row.result_id: row.payload for row in rows}


async def _note(tx: AsyncConnection, run: HeldRun, done: Promotion, caller: Principal) -> None:
    values: dict[str, Any] = {"state": done.state.value, "rolled_back_at": None, "error": None}
    if done.moved:
        values["promoted_at"] = run.at
    if done.state is RunState.RUNNING:
        values["finished_at"] = None
    await tx.execute(update(t.runs).where(t.runs.c.run_id == run.run_id).values(values))
    await audit(tx, caller, "run.promote", f"run/{run.run_id}", _told(done))


def _told(done: Promotion) -> dict[str, Any]:
    return {**asdict(done), "run_id": str(done.run_id), "state": done.state.value}


def _batches(items: Sequence[T]) -> Iterator[Sequence[T]]:
    return (items[at : at + BATCH] for at in range(0, len(items), BATCH))
