"""docs/roles.md: every route of every application, and who gets in. Made from the OpenAPI documents."""

from collections.abc import Iterable, Mapping
from typing import Any

from domain.access import ALLOWED, Permission, Role
from serve_apps import needs

COLUMNS = (*Role, "device", "node", "nobody")
"""`node`: who holds INTERNAL_TOKEN; `nobody`: no token. ADMIN_TOKEN is an admin."""
IN, OUT = "yes", "no"

_HEADER = [
    "# Who may call what",
    "",
    "Every route of the HTTP interfaces, and whose token opens it: `admin` to `machine` are the roles of users",
    "(ADMIN_TOKEN is an admin), `device` a recorder's token, `node` INTERNAL_TOKEN, `nobody` no token at all. Admins",
    "see every point; everybody else only those that they were given: what stands at another one is answered as if it",
    "did not exist. A route that takes a `signature` is opened by an address that was signed for a while, one that",
    "takes a `scraper` by `metrics.scrape_token` too.",
    "",
    "OpenAI's own routes, `/v1/audio/transcriptions` and `/v1/models`, take INTERNAL_TOKEN as their API key and",
    "nothing else; on one's own computer (local profile, loopback, no proxy) they are open where none is set.",
    "",
    "A test calls every cell. `python -m serve_apps.openapi` writes this page from the OpenAPI documents, where each",
    "operation's `x-permission` says what it takes; `domain/access.py` says which role has which permission.",
    "",
    "| Route | Takes | " + " | ".join(COLUMNS) + " |",
    "|---|---|" + "---|" * len(COLUMNS),
]


def roles_page(documents: Iterable[Mapping[str, Any]]) -> str:
    """The page, by path, then method."""
    rows = [
        (path, method, operation["x-permission"])
        for document in documents
        for path, operations in document["paths"].items()
        for method, operation in operations.items()
    ]
    lines = [_line(f"{method.upper()} {path}", takes) for path, method, takes in sorted(rows)]
    return "\n".join([*_HEADER, *lines, ""])


def _line(route: str, takes: list[str]) -> str:
    cells = " | ".join(IN if column in who(takes) else OUT for column in COLUMNS)
    return f"| `{route}` | {', '.join(takes)} | {cells} |"


def who(takes: list[str]) -> set[str]:
    """The columns that an operation with this `x-permission` lets in."""
    match takes:
        case [needs.ANYBODY]:
            return set(COLUMNS)
        case [needs.DEVICE]:
            return {"device"}
        case [needs.INTERNAL] | [needs.SCRAPER]:
            return {"node"}
        case [needs.SIGNATURE]:
            return set()
        case [needs.CALLER]:
            return set(Role)
        case _:
            return {role for role in Role if {Permission(one) for one in takes} <= ALLOWED[role]}
