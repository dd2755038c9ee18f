"""The reference of an application as one plain page, made of its OpenAPI document.

FastAPI's own page is a script from a CDN: behind a shop's firewall it stays white.
"""

from collections.abc import Iterator, Mapping
from html import escape
from typing import Any

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import HTMLResponse

Document = Mapping[str, Any]

_STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; color: #222 }
h2 { margin-top: 2.5rem; border-top: 1px solid #ccc; padding-top: 1rem; font-size: 1.1rem }
h2 b { display: inline-block; min-width: 4rem }
table { border-collapse: collapse; width: 100% }
td, th { text-align: left; vertical-align: top; padding: .2rem .8rem .2rem 0; border-bottom: 1px solid #eee }
code { font-size: .95em } .type { color: #666 }
"""


def install(app: FastAPI, path: str) -> None:
    """Serves the page at `path`, beside the document that it is made of."""

    async def reference(request: Request) -> HTMLResponse:
        return HTMLResponse(page(app.openapi(), app.openapi_url or ""))

    app.add_route(path, reference, include_in_schema=False)


def page(document: Document, document_url: str) -> str:
    """Every route with what it takes and answers, as HTML that loads nothing from elsewhere."""
    info = document["info"]
    head = f"<!doctype html><html lang=en><meta charset=utf-8><title>{escape(info['title'])}</title>"
    intro = f"<h1>{escape(info['title'])}</h1><p>{escape(info.get('description', ''))}</p>"
    link = f'<p>For programs: <a href="{escape(document_url)}">OpenAPI document</a>, version {escape(info["version"])}.'
    parts = [head, f"<style>{_STYLE}</style>", intro, link]
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            parts += _operation(document, f"<b>{method.upper()}</b> <code>{escape(path)}</code>", operation)
    return "\n".join([*parts, "</html>"])


def _operation(document: Document, address: str, operation: Document) -> Iterator[str]:
    yield f"<h2>{address}</h2><p>{escape(operation.get('description') or operation.get('summary', ''))}</p>"
    if operation.get("security"):
        yield "<p>Wants the header <code>Authorization: Bearer …</code>.</p>"
    rows = [
        _row(document, p["name"], p["in"], p["schema"], p.get("required"), p) for p in operation.get("parameters", ())
    ]
    for kind, content in operation.get("requestBody", {}).get("content", {}).items():
        body = _resolved(document, content["schema"])
        wanted = body.get("required", ())
        rows += [_row(document, n, kind, s, n in wanted, s) for n, s in body.get("properties", {}).items()]
    if rows:
        yield "<table><tr><th>Field<th>Where<th>What</tr>" + "".join(rows) + "</table>"
    answers = (
        f"<tr><td>{status}<td>{escape(answer['description'])}</tr>" for status, answer in operation["responses"].items()
    )
    yield "<table><tr><th>Status<th>Answer</tr>" + "".join(answers) + "</table>"


def _row(document: Document, name: str, where: str, schema: Document, required: bool | None, noted: Document) -> str:
    kind = f"{_kind(document, schema)}{'' if required else ', optional'}"
    note = escape(noted.get("description") or "")
    return (
        f"<tr><td><code>{escape(name)}</code><td>{escape(where)}<td>{note} <span class=type>{escape(kind)}</span></tr>"
    )


def _kind(document: Document, schema: Document) -> str:
    """`integer`, `string (uuid)`, `list of string`, `yes | no`, …"""
    schema = _resolved(document, schema)
    if options := schema.get("anyOf"):
        return " or ".join(_kind(document, option) for option in options)
    if "enum" in schema:
        return " | ".join(map(str, schema["enum"]))
    if "const" in schema:
        return str(schema["const"])
    if schema.get("type") == "array":
        return f"list of {_kind(document, schema.get('items', {}))}"
    kind = str(schema.get("type", "anything"))
    return f"{kind} ({schema['format']})" if "format" in schema else kind


def _resolved(document: Document, schema: Document) -> Document:
    reference = schema.get("$ref")
    return document["components"]["schemas"][reference.rsplit("/", 1)[1]] if reference else schema
