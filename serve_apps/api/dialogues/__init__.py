"""`/api/v1/dialogues`: lists, single dialogues, their sound, exports, and running one again."""

from fastapi import APIRouter

from serve_apps.api.dialogues import clip, detail, exported, exports, rerun, rows

router = APIRouter()
_lists = (rows.router, exports.router, exports.opened)
_one = (detail.router, clip.router, clip.opened, rerun.router)
for _part in (*_lists, *_one, exported.router):  # whose `/{dialogue_id}` takes what is left
    router.include_router(_part)
