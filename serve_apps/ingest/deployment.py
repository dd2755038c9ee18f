"""`ingest` as a Serve application."""

from fastapi import FastAPI
from pydantic import BaseModel, Field
from ray import serve
from ray.serve import Application

from serve_apps.application import connect
from serve_apps.ingest.app import MAX_IN_FLIGHT, create_app


class IngestArgs(BaseModel):
    """`args` of the application in configs/serve.yaml."""

    max_in_flight: int = Field(MAX_IN_FLIGHT, gt=0, description="uploads at once in a replica; more are answered 503")


def build(args: IngestArgs) -> Application:
    """The engine and the store are made in the replica; Ray's own health check asks for neither."""

    def in_replica() -> FastAPI:
        return create_app(connect(), args.max_in_flight)

    return serve.deployment(name="Ingest")(serve.ingress(in_replica)()).bind()
