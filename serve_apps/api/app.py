"""The api application: health, the admin API, and what the dashboard reads. A router per resource."""

from fastapi import FastAPI
from starlette.middleware import Middleware

from serve_apps.api import (
    agreement,
    coverage,
    devices,
    dialogues,
    enrol,
    enrolment_codes,
    health,
    heartbeat,
    points,
    reports,
    review_queue,
    reviews,
)
from serve_apps.application import Deps, new_app
from serve_apps.edge import BodyLimit

MAX_BODY_BYTES = 1024 * 1024


def create_app(deps: Deps) -> FastAPI:
    """Everything that is not an upload."""
    app = new_app(
        deps,
        title="SalesControl API",
        description="Health, administration, dialogues and their verdicts.",
        base="",
        middleware=[Middleware(BodyLimit, limit_bytes=MAX_BODY_BYTES, smaller=enrol.MAX_BODY)],
    )
    resources = (health, heartbeat, enrol, devices, enrolment_codes, points, coverage, dialogues, reports)
    reviewing = (agreement, review_queue, reviews)
    for resource in (*resources, *reviewing):
        app.include_router(resource.router)
    return app
