"""A server that is just coming back: Serve's proxy answers everything with a plain 404 until it knows the routes. Who
asks then waits or says so, and nobody takes it for an answer about what was asked for."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler
from uuid import uuid4

import httpx
import pytest
from scripted_server import scripted_server
from shop import settings_for_tests

from cluster.admin_api import AdminApi
from cluster.recordings.upload import Sender, Uploader
from dashboard.client import ApiClient, ApiError, AwayError, open_http
from domain.errors import Unavailable

OURS = json.dumps({"status": 404, "code": "not_found", "detail": "there is no such device"}).encode()


@contextmanager
def starting(refusals: int, then: tuple[int, bytes]) -> Iterator[tuple[str, Callable[[], int]]]:
    """A server's address, which gives so many plain 404s before its own answer; and how often it was asked."""
    asked = 0

    def answer(request: BaseHTTPRequestHandler) -> None:
        nonlocal asked
        asked += 1
        request.rfile.read(int(request.headers.get("Content-Length", 0)))
        is_plain = asked <= refusals
        status, body = (404, b"Path '/api/v1/devices' not found.") if is_plain else then
        request.send_response(status)
        request.send_header("Content-Type", "text/plain" if is_plain else "application/problem+json")
        request.send_header("Content-Length", str(len(body)))
        request.end_headers()
        request.wfile.write(body)

    with scripted_server(answer) as url:
        yield url, lambda: asked


async def test_an_import_asks_again() -> None:
    sender = Sender(uuid4(), uuid4(), uuid4(), "UTC", "token")
    with starting(2, (200, b"{}")) as (url, asked):
        async with httpx.AsyncClient(base_url=url) as http:
            await Uploader(http, {sender.device_id: sender}, 1000).announce(sender.device_id, datetime.now(UTC))
        assert asked() == 3


def test_a_command_does_not_take_it_for_a_device_that_is_not_there() -> None:
    with starting(1, (404, OURS)) as (url, _), AdminApi(url, settings_for_tests()) as admin:
        with pytest.raises(Unavailable, match="is it starting"):
            admin.find_device(uuid4())
        assert admin.find_device(uuid4()) is None


async def test_a_page_counts_the_server_as_away_and_not_the_object_as_gone() -> None:
    with starting(1, (404, OURS)) as (url, _):
        async with open_http(url) as http:
            client = ApiClient(http, "token")
            with pytest.raises(AwayError):
                await client.get("/api/v1/reports")
            with pytest.raises(ApiError, match="no such device") as refusal:
                await client.get("/api/v1/reports")
            assert not isinstance(refusal.value, AwayError)
