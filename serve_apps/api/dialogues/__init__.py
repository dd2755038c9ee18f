"""`/api/v1/dialogues`: lists, single dialogues, their sound, exports, and running one again."""

from fastapi import APIRouter

from serve_apps.api.dialogues import clip, detail, exported, rows

router = APIRouter()
for _part in (rows.router, detail.router, clip.router, clip.opened, exported.router):  # `/{dialogue_id}` last
    router.include_router(_part)
