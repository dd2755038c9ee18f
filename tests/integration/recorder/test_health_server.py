"""The health page, asked over real sockets."""

import http.client
import json
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from recorder.health.health import health_document
from recorder.health.health_server import HealthServer
from tests.unit.recorder.health_states import HEALTHY


def _document() -> dict[str, Any]:
    return health_document(HEALTHY)


@pytest.fixture
def server() -> Iterator[HealthServer]:
    server = HealthServer(0, _document)
    server.start()
    yield server
    server.stop()


def _ask(port: int, method: str, path: str) -> tuple[http.client.HTTPResponse, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request(method, path)
        answer = connection.getresponse()
        return answer, answer.read()
    finally:
        connection.close()


def test_it_answers_with_the_document_as_json(server: HealthServer) -> None:
    answer, body = _ask(server.port, "GET", "/health")
    assert (answer.status, answer.getheader("Content-Type")) == (200, "application/json")
    assert json.loads(body) == json.loads(json.dumps(_document()))


def test_head_has_the_length_and_no_body(server: HealthServer) -> None:
    answer, body = _ask(server.port, "HEAD", "/health")
    length = len(_ask(server.port, "GET", "/health")[1])
    assert (answer.status, body, answer.getheader("Content-Length")) == (200, b"", str(length))


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
def test_anything_but_reading_is_refused(server: HealthServer, method: str) -> None:
    answer, _ = _ask(server.port, method, "/health")
    assert (answer.status, answer.getheader("Allow")) == (405, "GET, HEAD")


def test_there_is_nothing_else_to_read(server: HealthServer) -> None:
    assert _ask(server.port, "GET", "/")[0].status == 404


def test_it_listens_on_loopback_only(server: HealthServer) -> None:
    listening = f"0100007F:{server.port:04X}"
    addresses = [line.split()[1] for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    assert listening in addresses
    assert f"00000000:{server.port:04X}" not in addresses


def test_a_client_that_says_nothing_keeps_nobody_waiting(server: HealthServer) -> None:
    with socket.create_connection(("127.0.0.1", server.port)):
        assert _ask(server.port, "GET", "/health")[0].status == 200


def test_a_snapshot_that_fails_is_an_answer_that_says_so() -> None:
    def broken() -> dict[str, Any]:
        raise OSError("the ledger is gone")

    server = HealthServer(0, broken)
    server.start()
    try:
        answer, body = _ask(server.port, "GET", "/health")
        assert (answer.status, json.loads(body)["status"]) == (500, "failing")
    finally:
        server.stop()


def test_a_taken_port_is_logged_once_and_used_when_it_is_free(caplog: pytest.LogCaptureFixture) -> None:
    with socket.socket() as holder:
        holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        port = holder.getsockname()[1]
        server = HealthServer(port, _document, retry_s=0.05)
        server.start()
    try:
        for _ in range(200):
            try:
                answer, _ = _ask(port, "GET", "/health")
                break
            except ConnectionError:
                server._stopping.wait(0.05)
        assert answer.status == 200
    finally:
        server.stop()
    assert [record.message for record in caplog.records if record.levelname == "ERROR"] == ["health_port_taken"]


def test_it_stops_while_its_port_is_taken() -> None:
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        server = HealthServer(holder.getsockname()[1], _document)
        server.start()
        server.stop()
