"""What every application has in common: its dependencies, its errors, its edge, its OpenAPI document."""

import asyncio
import gc
import logging
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Depends, FastAPI, Request
from pydantic.json_schema import models_json_schema
from starlette.middleware import Middleware

from audio.open import open_store
from audio.store import AudioStore
from configs import logs
from configs.secrets import check_secrets
from configs.settings import Settings, load
from db import embedded
from db.engine import Database
from db.vitals import tell_vitals
from domain.errors import ConfigError
from serve_apps import needs, problems, reference
from serve_apps.edge import Edge

VERSION = "1.0"


@dataclass(frozen=True, slots=True)
class Deps:
    """What an application works with. Built once per process."""

    db: Database
    store: AudioStore
    settings: Settings


def connect() -> Deps:
    """The wiring of a replica: settings from its environment, one engine, one store. Raises ConfigError."""
    settings = load()
    check_secrets(settings)
    logs.setup(settings.log.level)
    logging.getLogger("python_multipart").setLevel(logging.ERROR)  # warns of every broken byte that a client sends
    configured = settings.database.url.get_secret_value() if settings.database.url else None
    url = configured or embedded.running_url(settings.home)
    if url is None:
        raise ConfigError("no database is running; start with `salescontrol up` or set DATABASE_URL")
    return Deps(Database(url), open_store(settings), settings)


async def get_deps(request: Request) -> Deps:
    """Async, since FastAPI runs a plain function in a thread: a hop at every request."""
    deps: Deps = request.app.state.deps
    return deps


DepsOf = Annotated[Deps, Depends(get_deps)]

Lifespan = Callable[[FastAPI], AbstractAsyncContextManager[None]]


def new_app(
    deps: Deps,
    *,
    title: str,
    description: str,
    base: str,
    middleware: Sequence[Middleware] = (),
    lifespan: Lifespan | None = None,
    describe: Callable[[dict[str, Any]], None] = lambda document: None,
) -> FastAPI:
    """An application without routes. `base`: the path under which it stands, where its openapi.json is found;
    `middleware`: further layers inside the edge, the outer first; `describe`: adds to the OpenAPI document what they
    do."""

    @asynccontextmanager
    async def live(app: FastAPI) -> AsyncIterator[None]:
        gc.collect()
        vitals = asyncio.create_task(tell_vitals(deps.db))
        gc.freeze()  # what is loaded stays: a collection that walks all of it takes 0.1 s out of somebody's request
        if lifespan is None:
            yield
        else:
            async with lifespan(app):
                yield
        vitals.cancel()
        await deps.db.dispose()

    app = FastAPI(
        title=title,
        description=description,
        version=VERSION,
        openapi_url=f"{base}/openapi.json",
        docs_url=None,
        redoc_url=None,
        lifespan=live,
        redirect_slashes=False,
        middleware=[Middleware(Edge), *middleware],
    )
    app.state.deps = deps
    problems.install(app)
    reference.install(app, f"{base}/docs")
    app.openapi = lambda: _openapi(app, describe)  # type: ignore[method-assign]
    return app


def _openapi(app: FastAPI, describe: Callable[[dict[str, Any]], None]) -> dict[str, Any]:
    """FastAPI's document with the one schema that all errors share, and with what each route needs."""
    if app.openapi_schema is None:
        document = FastAPI.openapi(app)
        needs.describe(app, document)
        describe(document)
        _, shared = models_json_schema(
            [(problems.ProblemBody, "serialization")], ref_template="#/components/schemas/{model}"
        )
        schemas = document.setdefault("components", {}).setdefault("schemas", {})
        schemas.update(shared["$defs"])
        document["components"]["schemas"] = dict(sorted(schemas.items()))
    assert app.openapi_schema is not None
    return app.openapi_schema
