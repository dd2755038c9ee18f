"""schemathesis over all applications: whatever it sends, no 500, and every answer is what the document promises."""

import asyncio
from contextlib import suppress
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import Case
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from shop import ADMIN, INTERNAL, Shop

EXAMPLES = 25
CHECKS: list[Any] = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]


def attack(document: dict[str, Any], base_url: str, headers: dict[str, str], paths: str = "") -> int:
    """Sends EXAMPLES cases to each operation, well-formed and not; returns how many operations there were. `paths`: a
    regular expression for those that are meant."""
    schema = schemathesis.openapi.from_dict(document).include(path_regex=paths)
    operations = [result.ok() for result in schema.get_all_operations()]
    for operation in operations:
        for mode in schemathesis.GenerationMode:
            effort = settings(
                max_examples=EXAMPLES,
                deadline=None,
                database=None,
                derandomize=True,
                phases=[Phase.generate],
                suppress_health_check=list(HealthCheck),
            )

            @effort
            @given(case=operation.as_strategy(generation_mode=mode))
            def send(case: Case) -> None:
                case.call_and_validate(base_url=base_url, headers=headers, checks=CHECKS, timeout=30)

            with suppress(Unsatisfiable):  # an operation without any input cannot be asked wrongly
                send()
    return len(operations)


@pytest.mark.parametrize(
    ("base", "operations"), [("/api/v1/chunks", 1), ("/api/v1/internal", 1), ("", 21)], ids=["ingest", "files", "api"]
)
async def test_no_request_makes_a_500_and_every_answer_is_documented(shop: Shop, base: str, operations: int) -> None:
    document = (await shop.client.get(f"{base}/openapi.json")).json()
    headers = {"/api/v1/chunks": shop.device.headers, "/api/v1/internal": INTERNAL, "": ADMIN}[base]
    url = str(shop.client.base_url)
    assert await asyncio.to_thread(attack, document, url, headers) >= operations


async def test_whatever_a_device_says_in_its_heartbeat_is_answered_as_documented(shop: Shop) -> None:
    document = (await shop.client.get("/openapi.json")).json()
    url, headers = str(shop.client.base_url), shop.device.headers
    assert await asyncio.to_thread(attack, document, url, headers, "/heartbeat$") == 1
