"""The reference pages of the running applications."""

import json
import re

import pytest
from shop import Shop

from serve_apps.openapi import DOCS


@pytest.mark.parametrize(
    ("name", "base"), [("ingest", "/api/v1/chunks"), ("audio_files", "/api/v1/internal"), ("api", "")]
)
async def test_the_reference_names_every_route_field_and_answer_and_loads_nothing_from_elsewhere(
    shop: Shop, name: str, base: str
) -> None:
    answer = await shop.client.get(f"{base}/docs")
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    page = answer.text
    assert not re.search(r"<script|<link|src=|@import|https?://", page)
    assert f'href="{base}/openapi.json"' in page
    document = json.loads((DOCS / "openapi" / f"{name}.json").read_text(encoding="utf-8"))
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            section = page.split(f"<b>{method.upper()}</b> <code>{path}</code>")[1].split("<h2>")[0]
            for status in operation["responses"]:
                assert f"<td>{status}<td>" in section
            for parameter in operation.get("parameters", ()):
                assert f"<code>{parameter['name']}</code>" in section


async def test_the_reference_of_uploads_shows_what_a_field_is(shop: Shop) -> None:
    page = (await shop.client.get("/api/v1/chunks/docs")).text
    row = page.split("<code>device_id</code>")[1].split("</tr>")[0]
    assert "multipart/form-data" in row
    assert "string (uuid)" in row
    assert "optional" not in row
    assert "optional" in page.split("<code>sha256</code>")[1].split("</tr>")[0]
    assert "Authorization: Bearer" in page
