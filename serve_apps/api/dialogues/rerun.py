"""`/api/v1/dialogues/{id}/rerun`: hears or judges one dialogue again. What was found before stays in its history."""

from uuid import UUID

from fastapi import APIRouter

from db.accounts.audit import audit
from db.dialogues.rerun import run_again
from db.queue import Queue
from domain.access import Permission
from domain.errors import Conflict
from domain.status import DialogueState
from serve_apps import auth
from serve_apps.api.dialogues.clip import audio_of
from serve_apps.api.dialogues.known import known_dialogue
from serve_apps.api.dialogues.schemas import RerunStage, RerunView
from serve_apps.api.schemas import Body
from serve_apps.application import DepsOf
from serve_apps.problems import Code, Problem, documented

router = APIRouter(
    prefix="/api/v1/dialogues",
    tags=["dialogues"],
    dependencies=[auth.require(Permission.REVIEW)],
    responses=documented(
        *auth.CODES, Code.NOT_FOUND, Code.CONFLICT, Code.AUDIO_ERASED, Code.FIELD_INVALID, Code.FIELD_MISSING,
        Code.DATABASE_UNAVAILABLE,
    ),
)  # fmt: skip


class RerunBody(Body):
    stage: RerunStage


@router.post("/{dialogue_id}/rerun", operation_id="rerun_dialogue", status_code=202)
async def rerun_dialogue(dialogue_id: UUID, body: RerunBody, deps: DepsOf, caller: auth.Caller) -> RerunView:
    """Queues it; a job of the same kind that waits already is joined. Hearing is followed by judging."""
    queue = Queue(deps.db, deps.settings.jobs)
    async with deps.db.begin() as tx:
        line, stored = await known_dialogue(tx, dialogue_id, caller)
        if stored.state is not DialogueState.CLOSED:
            raise Conflict("This dialogue is still being recorded; run it again once it is closed.")
        if stored.words_dropped_at:
            raise Conflict("The words of this dialogue were dropped by its point's text_days; its verdict stands.")
        if body.stage is RerunStage.ASR and not (await audio_of(tx, line)).plan.pieces:
            raise Problem(Code.AUDIO_ERASED, f"The audio of dialogue {dialogue_id} is not kept any more.")
        if body.stage is RerunStage.ANALYSIS and stored.heard is None:
            raise Conflict("This dialogue has no transcript to judge; run asr instead.")
        revision = await run_again(tx, queue, dialogue_id, body.stage)
        if revision is None:
            raise Conflict("This dialogue has just changed; look at it again.")
        details = {"stage": body.stage, "revision": revision}
        await audit(tx, caller, "dialogue.rerun", f"dialogue/{dialogue_id}", details)
    return RerunView(stage=body.stage, dialogue_id=dialogue_id, revision=revision)
