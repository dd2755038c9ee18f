"""What reviewers say, what waits for them, and how far they and the machine agree."""

from fastapi import APIRouter

from serve_apps.api.reviewing import agreement, review_queue, reviews

router = APIRouter()
for _part in (agreement, review_queue, reviews):
    router.include_router(_part.router)
