"""Routes × roles: every route of every application, called as everybody, must answer as docs/roles.md says."""

import re
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from uuid import uuid4

import httpx
import pytest
from fastapi.routing import iter_route_contexts
from people import a_person
from shop import ADMIN, INTERNAL, Device, Shop
from sqlalchemy import text, update

from audio.store import FileStore
from configs.settings import load
from db import tables as t
from db.engine import Database
from domain.access import ALLOWED, Permission, Role
from serve_apps.application import Deps
from serve_apps.openapi import APPLICATIONS, DOCS
from serve_apps.roles_page import COLUMNS, IN, OUT

OPEN_TO_THE_WORLD = {
    "GET /livez",
    "GET /readyz",
    "GET /health",
    "POST /api/v1/auth/login",
    "POST /api/v1/devices/enrol",
}
ROW = re.compile(r"^\| `([A-Z]+ /\S*)` \| [a-z_, ]+ \| (.+) \|$")


def committed() -> dict[str, dict[str, bool]]:
    """Route → column → whether it is let in, as docs/roles.md has it."""
    rows = {}
    for line in (DOCS / "roles.md").read_text(encoding="utf-8").splitlines():
        if found := ROW.match(line):
            cells = found[2].split(" | ")
            assert set(cells) <= {IN, OUT}
            rows[found[1]] = {column: cell == IN for column, cell in zip(COLUMNS, cells, strict=True)}
    return rows


async def served(shop: Shop) -> set[str]:
    """Every route that the running applications have."""
    documents = [await shop.client.get(f"{at}/openapi.json") for at in ("", "/api/v1/chunks", "/api/v1/internal")]
    return {
        f"{method.upper()} {path}"
        for document in documents
        for path, operations in document.json()["paths"].items()
        for method in operations
    }


Headers = Mapping[str, str]


async def callers(shop: Shop) -> dict[str, tuple[str, Headers]]:
    """Name → the column that they belong to, "" for those who are nobody by now, and their headers."""
    found: dict[str, tuple[str, Headers]] = {
        "ADMIN_TOKEN": ("admin", ADMIN),
        "a device": ("device", shop.device.headers),
        "a node": ("node", INTERNAL),
        "nobody": ("nobody", {}),
        "a token of nobody": ("nobody", {"Authorization": "Bearer scs_made_up"}),
    }
    elsewhere = Device()
    await shop.register(elsewhere)
    for role in Role:
        found[role] = (role, (await a_person(shop.deps.db, role, [shop.device.point_id])).headers)
    stranger = await a_person(shop.deps.db, Role.MANAGER, [elsewhere.point_id])
    found["a manager of another point"] = (Role.MANAGER, stranger.headers)
    for name, role, change in (
        ("an expired session", Role.ADMIN, {"expires_at": text("now() - interval '1 second'")}),
        ("a revoked token", Role.MACHINE, {"revoked_at": text("now()")}),
    ):
        ended = await a_person(shop.deps.db, role)
        async with shop.deps.db.begin() as tx:
            await tx.execute(update(t.user_tokens).where(t.user_tokens.c.user_id == ended.user_id).values(change))
        found[name] = ("nobody", ended.headers)
    return found


@pytest.fixture
async def hundreds(shop: Shop) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=shop.client.base_url, timeout=60) as client:
        yield client


async def ask(client: httpx.AsyncClient, route: str, headers: Headers) -> httpx.Response:
    """With ids that nothing has, and an empty body: who is let in is told what else is wrong."""
    method, path = route.split(" ")
    filled = re.sub(r"\{\w+\}", str(uuid4()), path)
    content = None if method == "GET" else "{}"
    return await client.request(
        method, filled, content=content, headers={**headers, "Content-Type": "application/json"}
    )


async def test_every_cell_answers_as_the_table_says(shop: Shop, hundreds: httpx.AsyncClient) -> None:
    table, wrong = committed(), []
    for name, (column, headers) in (await callers(shop)).items():
        # Last, since it ends the session that the other cells need.
        routes = sorted(table, key=lambda route: (route.endswith("/logout"), route))
        answers = [await ask(hundreds, route, headers) for route in routes]
        for route, answer in zip(routes, answers, strict=True):
            is_out = answer.status_code in (401, 403)
            if answer.status_code >= 500 or is_out == table[route][column]:
                wrong.append((name, route, answer.status_code, answer.text[:200]))
    assert not wrong, "\n".join(map(str, wrong))


async def test_every_route_has_a_row_and_no_row_is_left_over(shop: Shop) -> None:
    assert await served(shop) == set(committed()), "run `python -m serve_apps.openapi` and read what it wrote"


def test_no_route_hides_from_the_documents(tmp_path: Path) -> None:
    deps = Deps(Database("postgresql://none"), FileStore(tmp_path), load({}))
    for create in APPLICATIONS.values():
        app = create(deps)
        documented = set(app.openapi()["paths"])
        hidden = {route.path for route in iter_route_contexts(app.routes)} - documented
        assert all(re.search("/(docs|openapi.json)$", str(path)) for path in hidden), hidden


def test_only_these_routes_are_open_to_the_world() -> None:
    assert {route for route, row in committed().items() if row["nobody"]} == OPEN_TO_THE_WORLD


def test_the_table_lets_in_whom_the_permissions_allow() -> None:
    """What a reader of the table expects of each role, written down apart from the code that makes it."""
    rows = committed()
    api = {route: row for route, row in rows.items() if any(row[role] for role in Role) and not row["nobody"]}
    assert all(row["admin"] for row in api.values())
    assert not any(row["device"] or row["node"] for row in api.values())
    for route, row in api.items():
        method, path = route.split(" ")
        if path.startswith(("/api/v1/users", "/api/v1/audit", "/api/v1/system", "/api/v1/runs")):
            assert not any(row[role] for role in Role if role is not Role.ADMIN), route
        elif method != "GET" and not path.startswith(("/api/v1/auth", "/api/v1/reviews", "/api/v1/dialogues")):
            assert [role for role in Role if row[role]] == [Role.ADMIN, Role.MANAGER], route


def test_every_permission_is_somebodys_and_no_role_but_the_admin_has_them_all() -> None:
    for permission in Permission:
        assert permission in ALLOWED[Role.ADMIN]
    assert Permission.USERS not in ALLOWED[Role.MANAGER]
    assert ALLOWED[Role.VIEWER] < ALLOWED[Role.REVIEWER] < ALLOWED[Role.MANAGER] < ALLOWED[Role.ADMIN]
    assert ALLOWED[Role.MACHINE] == {Permission.READ, Permission.EXPORT}


async def test_refusals_say_why_and_what_to_do(shop: Shop) -> None:
    viewer = await a_person(shop.deps.db, Role.VIEWER)
    refused = await shop.client.get("/api/v1/users", headers=viewer.headers)
    assert (refused.status_code, refused.json()["code"]) == (403, "not_permitted")
    assert "users" in refused.json()["detail"]
    nobody = await shop.client.get("/api/v1/users")
    assert nobody.headers["WWW-Authenticate"].startswith("Bearer")
