"""`python -m serve_apps.openapi`: writes docs/openapi/*.json, docs/errors.md and docs/roles.md anew. A test compares
them."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

from fastapi import FastAPI

from audio.store import FileStore
from configs.settings import load
from db.engine import Database
from serve_apps.api.app import create_app as create_api
from serve_apps.application import Deps
from serve_apps.audio_files.app import create_app as create_audio_files
from serve_apps.ingest.app import create_app as create_ingest
from serve_apps.problems import Code
from serve_apps.roles_page import roles_page

DOCS = Path(__file__).resolve().parent.parent / "docs"
APPLICATIONS: Mapping[str, Callable[[Deps], FastAPI]] = {
    "ingest": create_ingest,
    "audio_files": create_audio_files,
    "api": create_api,
}


def documents() -> dict[Path, str]:
    """Every committed document, by its path, as the code would write it. Connects to nothing."""
    with TemporaryDirectory() as folder:
        deps = Deps(Database("postgresql://none"), FileStore(folder), load({}))
        made = {name: create(deps).openapi() for name, create in APPLICATIONS.items()}
    written = {
        DOCS / "openapi" / f"{name}.json": json.dumps(document, indent=2, ensure_ascii=False) + "\n"
        for name, document in made.items()
    }
    return {**written, DOCS / "errors.md": errors_page(), DOCS / "roles.md": roles_page(made.values())}


def errors_page() -> str:
    """Every error code as a Markdown page."""
    rows = [f"| {code.status} | `{code.code}` | {code.title} | {code.remedy} |" for code in Code]
    return "\n".join([*_HEADER, *rows, ""])


_HEADER = [
    "# Errors of the HTTP interfaces",
    "",
    "Every error of every route is `application/problem+json`:",
    "",
    "```json",
    '{"type": "urn:salescontrol:problem:naive_timestamp", "title": "A time has no zone", "status": 422,',
    ' "detail": "start_ts: has no time zone; end it with Z or an offset such as +02:00.", "code": "naive_timestamp",',
    ' "request_id": "5f0c…", "errors": [{"field": "start_ts", "message": "has no time zone; end it with Z or …"}]}',
    "```",
    "",
    "`detail` says what to mend, `code` is stable, `request_id` stands in the server's log too. `errors` names wrong",
    "fields; `checks` (of `/readyz`) what is amiss. A 429 or 503 carries Retry-After, a 401 WWW-Authenticate.",
    "A recorder tries again after 408, 425, 429 and 5xx, sets one file aside on 400, 403, 409, 413, 415 and 422, and",
    "keeps everything and pauses on 401, 404 and any other 4xx. `python -m serve_apps.openapi` writes this page.",
    "",
    "| Status | Code | Meaning | What to do |",
    "|---|---|---|---|",
]


def main() -> None:
    for path, text in documents().items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
