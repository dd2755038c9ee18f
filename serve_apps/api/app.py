"""The api application: health, the admin API, and what the dashboard reads. A router per resource."""

from fastapi import FastAPI
from starlette.middleware import Middleware

from serve_apps import idempotency
from serve_apps.api import accounts, dialogues, erasures, health, metrics, reports, reviewing, runs, shops, system
from serve_apps.api.accounts import login
from serve_apps.api.dialogues.clip_shelf import ClipShelf
from serve_apps.api.shops import enrol
from serve_apps.application import Deps, new_app
from serve_apps.edge import BodyLimit
from serve_apps.metrics.collector import Collector
from serve_apps.passwords import Passwords

MAX_BODY_BYTES = 1024 * 1024


def create_app(deps: Deps) -> FastAPI:
    """Everything that is not an upload."""
    app = new_app(
        deps,
        title="SalesControl API",
        description="Health, administration, dialogues and their verdicts.",
        base="",
        middleware=[
            Middleware(BodyLimit, limit_bytes=MAX_BODY_BYTES, smaller={**enrol.MAX_BODY, **login.MAX_BODY}),
            Middleware(idempotency.Idempotency, deps=deps),
        ],
        describe=idempotency.describe,
    )
    app.state.passwords = Passwords()
    app.state.clips = ClipShelf()
    app.state.collector = Collector(deps.db, deps.store, deps.settings)
    for resource in (health, shops, dialogues, reports, erasures, reviewing, system, runs, metrics, accounts):
        app.include_router(resource.router)
    app.state.erasing = set()
    app.state.moving_runs = set()
    return app
