"""The committed documents are what the code answers, and they tell the truth about paths and errors."""

import json
import re

import pytest
from shop import Shop

from serve_apps.openapi import DOCS, documents
from serve_apps.problems import Code

METHODS = {"get", "post", "patch", "delete", "put"}


@pytest.mark.parametrize(
    "name", ["openapi/ingest.json", "openapi/audio_files.json", "openapi/api.json", "errors.md", "roles.md"]
)
def test_the_committed_document_is_current(name: str) -> None:
    committed = (DOCS / name).read_text(encoding="utf-8")
    assert committed == documents()[DOCS / name], "run `python -m serve_apps.openapi` and commit what it wrote"


@pytest.mark.parametrize(
    ("name", "base"), [("ingest", "/api/v1/chunks"), ("audio_files", "/api/v1/internal"), ("api", "")]
)
async def test_a_server_answers_its_document_with_full_paths(shop: Shop, name: str, base: str) -> None:
    served = (await shop.client.get(f"{base}/openapi.json")).json()
    assert served == json.loads((DOCS / "openapi" / f"{name}.json").read_text(encoding="utf-8"))
    assert "servers" not in served
    for path, operations in served["paths"].items():
        assert path.startswith(base)
        for method in METHODS & set(operations):
            answer = await shop.client.request(method, re.sub(r"\{\w+\}", "none", path))
            assert answer.status_code != 404, (method, path)


def test_every_error_in_a_document_is_a_problem_and_no_answer_is_fastapis_own() -> None:
    for name in ("ingest", "audio_files", "api"):
        document = json.loads((DOCS / "openapi" / f"{name}.json").read_text(encoding="utf-8"))
        assert "HTTPValidationError" not in document["components"]["schemas"]
        for operations in document["paths"].values():
            for operation in operations.values():
                for status, answer in operation["responses"].items():
                    assert status < "400" or list(answer["content"]) == ["application/problem+json"]


def test_every_code_is_one_word_with_a_title_and_a_remedy() -> None:
    for code in Code:
        assert re.fullmatch(r"[a-z][a-z0-9_]+", code.code)
        assert code.title
        assert code.remedy
