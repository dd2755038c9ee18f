"""`api` as a Serve application."""

from fastapi import FastAPI
from ray import serve
from ray.serve import Application

from serve_apps.api.app import create_app
from serve_apps.application import connect


def build(args: dict[str, str]) -> Application:
    """The engine and the store are made in the replica; Ray's own health check asks for neither."""

    def in_replica() -> FastAPI:
        return create_app(connect())

    return serve.deployment(name="Api")(serve.ingress(in_replica)()).bind()
