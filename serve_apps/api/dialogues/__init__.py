"""`/api/v1/dialogues`: lists, single dialogues, their sound, exports, and running one again."""

from fastapi import APIRouter

from serve_apps.api.dialogues import exported, rows

router = APIRouter()
for _part in (rows, exported):  # named paths before `/{dialogue_id}`
    router.include_router(_part.router)
