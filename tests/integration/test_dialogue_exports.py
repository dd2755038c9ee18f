"""Exports hold exactly what the list shows, in its order, and nothing in them runs."""

import asyncio
import csv
import io
import json
from collections.abc import AsyncGenerator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import httpx
import openpyxl
from dialogue_crowd import BELGRADE, crowd, in_order, passes, put
from people import a_person
from shop import ADMIN, Shop
from spoken_dialogues import say
from sqlalchemy import select, update

from db import tables as t
from domain.access import Role
from domain.dialogue_filter import DialogueFilter, Sort
from domain.status import Attempted, Kind
from serve_apps.api.dialogues.export_files import write_csv, write_json, write_xlsx
from serve_apps.api.dialogues.export_rows import COLUMNS, ExportedRow
from serve_apps.api.dialogues.links import Links

FORMULA = '=HYPERLINK("http://evil","click")'


async def fetch(shop: Shop, fmt: str, headers: Any = ADMIN, **query: Any) -> httpx.Response:
    return await shop.client.get(f"/api/v1/dialogues/export.{fmt}", headers=headers, params=query)


def sheet(content: bytes) -> list[list[Any]]:
    return [[cell.value for cell in row] for row in openpyxl.load_workbook(io.BytesIO(content)).active.rows]


def table(content: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"))))


async def test_every_format_has_the_rows_of_the_list_in_its_order(shop: Shop) -> None:
    made = crowd()
    await put(shop.deps.db, made)
    query = {"kind": ["sale", "enquiry"], "point": str(BELGRADE), "sort": "-confidence"}
    wanted = DialogueFilter(points=(BELGRADE,), kinds=(Kind.SALE, Kind.ENQUIRY))
    expected = [str(i) for i in in_order([one for one in made if passes(one, wanted)], Sort.MOST_CONFIDENT)]
    assert len(expected) > 10
    listed = await shop.client.get("/api/v1/dialogues/rows", headers=ADMIN, params={**query, "limit": 200})
    rows = listed.json()["items"]
    assert [row["dialogue_id"] for row in rows] == expected
    as_json = (await fetch(shop, "json", **query)).json()["dialogues"]
    assert [{k: v for k, v in row.items() if k != "text"} for row in as_json] == rows
    head, *lines = table((await fetch(shop, "csv", **query)).content)
    assert tuple(head) == COLUMNS
    assert [line[0] for line in lines] == expected
    assert [line[head.index("start_ts")] for line in lines] == [row["start_ts"] for row in rows]
    head, *cells = sheet((await fetch(shop, "xlsx", **query)).content)
    assert [line[0] for line in cells] == expected
    at = head.index("confidence")
    assert [line[at] for line in cells] == [row["confidence"] for row in rows]


async def test_formulas_are_text_in_csv_and_xlsx_and_decimals_are_numbers(shop: Shop) -> None:
    await say(shop, f"{FORMULA}\n+7 495", summary="@SUM(A1)", analysis_model="-1+1", quotes=("495",), confidence=0.25)
    async with shop.deps.db.begin() as tx:
        await tx.execute(update(t.points).values(name="\t=1+1"))
        await tx.execute(update(t.registers).values(name="＝1+1"))
    head, line = table((await fetch(shop, "csv")).content)
    named = dict(zip(head, line, strict=True))
    assert named["text"] == f"'{FORMULA} +7 495"
    for name in ("point", "register", "summary", "engine", "text"):
        assert named[name].startswith("'"), name
    assert (named["confidence"], named["duration_s"]) == ("0.25", "20.0")
    book = openpyxl.load_workbook(io.BytesIO((await fetch(shop, "xlsx")).content))
    head_cells, cells = book.active.rows
    by_name = {title.value: value for title, value in zip(head_cells, cells, strict=True)}
    for name in ("point", "register", "summary", "engine", "text"):
        assert by_name[name].data_type == "s", name
        assert by_name[name].quotePrefix, name
    assert by_name["text"].value == f"{FORMULA}\n+7 495"
    assert (by_name["confidence"].value, by_name["confidence"].data_type) == (0.25, "n")
    assert by_name["start_ts"].value == datetime(2026, 3, 2, 10, 0)  # noqa: DTZ001 - Excel knows no zones


async def test_a_signed_address_gives_the_same_file_within_its_maker_s_points_and_not_for_ever(shop: Shop) -> None:
    made = crowd()
    await put(shop.deps.db, made)
    manager = (await a_person(shop.deps.db, Role.MANAGER, [BELGRADE])).headers
    body = {"format": "csv", "filters": {"from": "2026-03-28", "attempted": ["yes"], "sort": "start"}}
    link = await shop.client.post("/api/v1/dialogues/export-links", headers=manager, json=body)
    assert link.status_code == 201, link.text
    assert link.headers["cache-control"] == "no-store"
    downloaded = await shop.client.get(link.json()["url"])
    _, *lines = table(downloaded.content)
    first = datetime(2026, 3, 28, tzinfo=UTC).date()
    wanted = DialogueFilter(points=(BELGRADE,), start_from=first, attempted=(Attempted.YES,))
    expected = in_order([one for one in made if passes(one, wanted)], Sort.START)
    assert [line[0] for line in lines] == [str(i) for i in expected]
    assert "attachment" in downloaded.headers["content-disposition"]
    url = link.json()["url"]
    content, expires, signature = url.rpartition("/")[2].split(".")
    links = Links(shop.deps.settings.auth.admin_token.get_secret_value())
    until = datetime.now(UTC) + timedelta(minutes=1)
    for sealed, status in (
        (f"{content}.4102444800.{signature}", 403),
        (f"{content}x.{expires}.{signature}", 403),
        (f"{content}.{expires}", 403),
        ("x", 403),
        (links.seal(links.open(url.rpartition("/")[2]), until - timedelta(hours=1)), 410),
        (Links("other").seal("{}", until), 403),
    ):
        assert (await shop.client.get(f"/api/v1/dialogues/exports/{sealed}")).status_code == status, sealed
    async with shop.deps.db.begin() as tx:
        log = (await tx.execute(select(t.audit_log.c.details).where(t.audit_log.c.action == "dialogues.export"))).all()
    assert [row.details["format"] for row in log] == ["csv"]


async def test_who_may_not_export_gets_neither_file_nor_address(shop: Shop) -> None:
    for role in (Role.REVIEWER, Role.VIEWER):
        headers = (await a_person(shop.deps.db, role)).headers
        assert (await fetch(shop, "csv", headers)).status_code == 403
        body = {"format": "csv"}
        assert (await shop.client.post("/api/v1/dialogues/export-links", headers=headers, json=body)).status_code == 403
    assert (await fetch(shop, "pdf")).status_code == 422
    assert (await fetch(shop, "csv", kinds="sale")).status_code == 422


async def test_writing_takes_one_batch_at_a_time() -> None:
    alive, most = 0, 0

    async def batches() -> AsyncGenerator[Sequence[ExportedRow]]:
        nonlocal alive, most
        for _ in range(20):
            alive += 1
            most = max(most, alive)
            yield [_row() for _ in range(10)]
            alive -= 1

    for write, count in ((write_csv, _csv_count), (write_json, _json_count), (write_xlsx, _xlsx_count)):
        content = b"".join([block async for block in write(batches())])
        assert await asyncio.to_thread(count, content) == 200
    assert most == 1


def _csv_count(content: bytes) -> int:
    return len(table(content)) - 1


def _json_count(content: bytes) -> int:
    return len(json.loads(content)["dialogues"])


def _xlsx_count(content: bytes) -> int:
    return len(sheet(content)) - 1


def _row() -> ExportedRow:
    now = datetime.now(UTC)
    known = {
        "dialogue_id": uuid4(), "point_id": uuid4(), "point": "p", "register_id": None, "register_name": None,
        "start_ts": now, "end_ts": now, "duration_s": 1.0, "revision": 1, "place": "yes", "status": "DONE",
        "categories": [], "text": "т",
    }  # fmt: skip
    return ExportedRow(**{name: known.get(name) for name in ExportedRow.model_fields})
