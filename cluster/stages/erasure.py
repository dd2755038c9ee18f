"""erasure: an order to erase → nothing is left of it, where whoever took the order did not live to carry it out."""

from typing import Any, ClassVar
from uuid import UUID

from cluster.stage import Stage, StageContext, SubjectKind
from db.erasure.carry_out import Eraser
from db.queue import Job, Queue
from domain.errors import Unavailable

_CODEC_PADDING_S = 1.0


class ErasureStage(Stage):
    """Each step commits by itself and may be repeated, so a job that comes twice finds nothing left to do."""

    name = "erasure"
    after = ("dialogues",)
    subject = SubjectKind.ERASURE
    timeout_s: ClassVar[float] = 900.0

    async def start(self, ctx: StageContext) -> None:
        """Leaves the jobs to a worker that may delete files."""
        if not ctx.store.is_writable:
            raise Unavailable("this node only reads audio; host the erasure stage where the resource audio_disk is")

    async def run(self, ctx: StageContext, job: Job) -> dict[str, Any]:
        """Raises Unavailable while the store is down."""
        max_s = ctx.settings.ingest.max_chunk_s + _CODEC_PADDING_S
        eraser = Eraser(ctx.db, ctx.store, Queue(ctx.db, ctx.settings.jobs), max_s)
        await eraser.carry_out(UUID(job.subject_id))
        return {}
