"""schemathesis over all applications: whatever it sends, no 500, every answer is what the document promises, and every
error says what to mend."""

import asyncio
import os
from collections.abc import Iterable
from contextlib import suppress
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from people import a_person
from schemathesis import Case, CheckContext, GenerationMode, Response
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from shop import ADMIN, INTERNAL, Shop

from domain.access import Role

EXAMPLES = int(os.environ.get("EXAMPLES", "6"))
"""Cases of each kind for each operation; `EXAMPLES=200 pytest …` looks harder."""


NO_HTTP = b"Invalid HTTP request received."
"""Uvicorn's own words where the request line or a header is beyond HTTP: no application hears of it."""


def every_error_says_what_to_mend(_: CheckContext, response: Response, case: Case) -> None:
    if response.status_code >= 400 and case.method != "HEAD":
        assert "problem+json" in response.headers["content-type"][0], (case.method, case.path, response.text)
        detail = response.json()["detail"]
        assert detail == detail.strip(), detail
        assert len(detail.split()) >= 3, detail
        assert detail.endswith("."), detail


CHECKS: list[Any] = [
    not_a_server_error,
    every_error_says_what_to_mend,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]


def attack(
    document: dict[str, Any],
    base_url: str,
    headers: dict[str, str],
    paths: str = "",
    examples: int = EXAMPLES,
    modes: Iterable[GenerationMode] = tuple(GenerationMode),
) -> int:
    """Sends `examples` cases of each mode to each operation; returns how many operations there were. `paths`: a regular
    expression for those that are meant."""
    schema = schemathesis.openapi.from_dict(document).include(path_regex=paths)
    operations = [result.ok() for result in schema.get_all_operations()]
    for operation in operations:
        for mode in modes:
            effort = settings(
                max_examples=examples,
                deadline=None,
                database=None,
                derandomize=True,
                phases=[Phase.generate],
                suppress_health_check=list(HealthCheck),
            )

            @effort
            @given(case=operation.as_strategy(generation_mode=mode))
            def send(case: Case) -> None:
                answer = case.call(base_url=base_url, headers=headers, timeout=30)
                if answer.content != NO_HTTP:
                    case.validate_response(answer, checks=CHECKS)

            with suppress(Unsatisfiable):  # an operation without any input cannot be asked wrongly
                send()
    return len(operations)


@pytest.mark.parametrize(
    ("base", "operations"), [("/api/v1/chunks", 1), ("/api/v1/internal", 1), ("", 60)], ids=["ingest", "files", "api"]
)
async def test_no_request_makes_a_500_and_every_answer_is_documented(shop: Shop, base: str, operations: int) -> None:
    document = (await shop.client.get(f"{base}/openapi.json")).json()
    headers = {"/api/v1/chunks": shop.device.headers, "/api/v1/internal": INTERNAL, "": ADMIN}[base]
    url = str(shop.client.base_url)
    assert await asyncio.to_thread(attack, document, url, headers) >= operations


@pytest.mark.parametrize("role", [Role.MANAGER, Role.VIEWER])
async def test_whoever_sends_it_with_whatever_points_there_is_no_500(shop: Shop, role: Role) -> None:
    """Routes take other ways for those who do not see everything."""
    person = await a_person(shop.deps.db, role, [shop.device.point_id])
    document = (await shop.client.get("/openapi.json")).json()
    url, modes, examples = str(shop.client.base_url), [GenerationMode.POSITIVE], max(1, EXAMPLES // 3)
    # Whoever logs out or changes the password is nobody from then on.
    paths = "^(?!/api/v1/(auth|devices)/)"
    assert await asyncio.to_thread(attack, document, url, person.headers, paths, examples, modes) >= 50


async def test_whatever_a_device_says_in_its_heartbeat_is_answered_as_documented(shop: Shop) -> None:
    document = (await shop.client.get("/openapi.json")).json()
    url, headers = str(shop.client.base_url), shop.device.headers
    assert await asyncio.to_thread(attack, document, url, headers, "/heartbeat$") == 1
