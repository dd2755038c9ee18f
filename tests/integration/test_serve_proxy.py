"""`up` is done once somebody can ask over HTTP, and else says what Serve's proxy is at."""

import json
from http.server import BaseHTTPRequestHandler

import pytest
from scripted_server import scripted_server

from cluster.serving import ServeApi, ServeError


def test_a_proxy_that_does_not_come_is_named_with_its_port_and_state() -> None:
    states = iter(["STARTING", "UNHEALTHY", "STARTING", "HEALTHY"])

    def answer(request: BaseHTTPRequestHandler) -> None:
        proxies = {"a": {"node_ip": "127.0.0.2", "status": next(states)}}
        body = json.dumps({"http_options": {"port": 8000}, "proxies": proxies}).encode()
        request.send_response(200)
        request.send_header("Content-Length", str(len(body)))
        request.end_headers()
        request.wfile.write(body)

    with scripted_server(answer) as url:
        api = ServeApi(url, None)
        with pytest.raises(ServeError, match=r"no requests on port 8000: .*127.0.0.2.*STARTING"):
            api.wait_until_listening(timeout_s=0)
        api.wait_until_listening(timeout_s=30)
    assert not list(states)
