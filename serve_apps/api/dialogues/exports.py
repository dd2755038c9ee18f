"""`/api/v1/dialogues/export…`: exactly the dialogues that the list shows, as a file."""

from collections.abc import AsyncGenerator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import StreamingResponse
from pydantic import Field, TypeAdapter
from pydantic.dataclasses import dataclass

from db.accounts.audit import audit
from db.dialogues.listing import Position, find_page
from db.dialogues.rows import read_lines
from db.engine import Database
from domain.access import Permission, Principal
from domain.dialogue_filter import DialogueFilter, Sort
from serve_apps import auth
from serve_apps.api.dialogues.export_files import MEDIA_TYPES, WRITERS, Format
from serve_apps.api.dialogues.export_rows import ExportedRow, exported
from serve_apps.api.dialogues.links import LinksOf, expiry
from serve_apps.api.dialogues.query import DialogueQuery
from serve_apps.api.dialogues.schemas import LinkView
from serve_apps.api.dialogues.scope import allowed_filter
from serve_apps.api.schemas import Body
from serve_apps.application import Deps, DepsOf
from serve_apps.needs import SIGNATURE, needing
from serve_apps.problems import Code, documented, request_id_of

VALID = timedelta(minutes=5)
BATCH = 500
_CODES = (Code.NOT_FOUND, Code.FIELD_INVALID, Code.REGISTERS_HIDDEN, Code.DATABASE_UNAVAILABLE)

router = APIRouter(
    prefix="/api/v1/dialogues",
    tags=["dialogues"],
    dependencies=[auth.require(Permission.EXPORT)],
    responses=documented(*auth.CODES, *_CODES),
)


class ExportQuery(DialogueQuery):
    """The filters of the list, in its order."""

    sort: Sort = Sort.NEWEST


class ExportBody(Body):
    """What the browser is to download."""

    format: Format
    filters: ExportQuery = Field(
        default_factory=ExportQuery, description="by the names of the list's query; `sort` too"
    )


@dataclass(frozen=True)
class Order:
    """What a signed address stands for: the token that asked (None: ADMIN_TOKEN), and for what."""

    token_id: UUID | None
    wanted: ExportBody


_ORDER = TypeAdapter(Order)


@needing(SIGNATURE)
async def signed_order(sealed: str, links: LinksOf) -> Order:
    """Raises Problem unless the address is one that we gave out."""
    return _ORDER.validate_json(links.open(sealed))


opened = APIRouter(
    prefix="/api/v1/dialogues",
    tags=["dialogues"],
    responses=documented(Code.LINK_FORGED, Code.LINK_EXPIRED, *_CODES),
)


_BINARY = {"type": "string", "format": "binary"}


class FileResponse(StreamingResponse):
    """For the OpenAPI document: a file, not one JSON answer."""

    media_type = "application/octet-stream"


FILES: dict[int | str, dict[str, Any]] = {
    200: {"content": {kind: {"schema": {} if kind.endswith("json") else _BINARY} for kind in MEDIA_TYPES.values()}}
}


@router.get("/export.{fmt}", operation_id="export_dialogues", response_class=FileResponse, responses=FILES)
async def export_dialogues(
    fmt: Format, query: Annotated[ExportQuery, Query()], deps: DepsOf, caller: auth.Caller
) -> Response:
    """Every dialogue that passes the filters, streamed: csv, xlsx or json."""
    return await _export(deps, caller, fmt, query)


@router.post("/export-links", operation_id="make_export_link", status_code=201)
async def make_export_link(
    body: ExportBody, response: Response, deps: DepsOf, caller: auth.Caller, links: LinksOf
) -> LinkView:
    """An address from which a browser downloads the file without a token, good for a few minutes."""
    response.headers.update(auth.NO_STORE)
    async with deps.db.begin() as tx:
        await allowed_filter(tx, body.filters, caller)
    expires_at = expiry(VALID)
    sealed = links.seal(
        _ORDER.dump_json(Order(caller.token_id, body), by_alias=True, exclude_defaults=True).decode(), expires_at
    )
    return LinkView(url=f"/api/v1/dialogues/exports/{sealed}", expires_at=expires_at)


@opened.get("/exports/{sealed}", operation_id="download_export", response_class=FileResponse, responses=FILES)
async def download_export(request: Request, order: Annotated[Order, Depends(signed_order)], deps: DepsOf) -> Response:
    """The file that the address stands for, of the points that are the asker's now."""
    caller = await auth.still_calling(deps, order.token_id, request_id_of(request))
    return await _export(deps, caller, order.wanted.format, order.wanted.filters)


async def _export(deps: Deps, caller: Principal, fmt: Format, query: ExportQuery) -> Response:
    async with deps.db.begin() as tx:
        wanted = await allowed_filter(tx, query, caller)
        filters = query.model_dump(mode="json", by_alias=True, exclude_defaults=True, exclude={"q", "sort"})
        details = {"format": fmt, "filters": filters, "is_search": query.q is not None}
        await audit(tx, caller, "dialogues.export", "dialogues", details)
    name = f"dialogues-{datetime.now(UTC):%Y-%m-%d}.{fmt}"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    batches = _batches(deps.db, wanted, query.sort, caller)
    return FileResponse(WRITERS[fmt](batches), media_type=MEDIA_TYPES[fmt], headers=headers)


async def _batches(
    db: Database, wanted: DialogueFilter, sort: Sort, caller: Principal
) -> AsyncGenerator[Sequence[ExportedRow]]:
    """Page by page, each in a transaction of its own: whoever downloads slowly holds none."""
    after: Position | None = None
    while True:
        async with db.begin() as tx:
            found = await find_page(tx, wanted, sort, after, BATCH)
            lines = await read_lines(tx, found.dialogue_ids, text=True)
        yield [exported(line, caller) for line in lines]
        if found.next is None:
            return
        after = found.next
