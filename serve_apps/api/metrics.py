"""`/metrics`: all that Prometheus asks, ours and Ray's, of every node, in one scrape."""

from fastapi import APIRouter, Request, Response

from serve_apps import auth
from serve_apps.metrics.collector import Collector
from serve_apps.metrics.exposition import CONTENT_TYPE
from serve_apps.problems import Code, documented

router = APIRouter(tags=["system"], dependencies=[auth.Scraping])


class MetricsResponse(Response):
    """For the OpenAPI document: Prometheus' text, not JSON."""

    media_type = CONTENT_TYPE


@router.get(
    "/metrics",
    operation_id="get_metrics",
    summary="Metrics for Prometheus",
    response_class=MetricsResponse,
    responses=documented(*auth.TOKEN_CODES, Code.INTERNAL_CLOSED),
)
async def get_metrics(request: Request) -> Response:
    """Ours and Ray's of all nodes, in Prometheus' text format. A node or database that is down is told as a 0."""
    collector: Collector = request.app.state.collector
    return MetricsResponse(await collector.text())
