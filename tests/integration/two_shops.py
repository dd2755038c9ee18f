"""Two points with one of everything each, and requests for every operation of the api with the ids of either.

An id is recognised by the name of its parameter or member (IDS); a new kind of id has to be added there, and a body
that its schema alone does not make valid in BODIES.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

from people import Person, a_person
from review_dialogues import Judged, store
from shop import ADMIN, Device, Shop
from sqlalchemy import select, update

from db import tables as t
from db.shops.devices import token_sha256
from domain.access import Role

IDS = {
    "point_id": "point",
    "point": "point",
    "points": "point",
    "register_id": "register",
    "register": "register",
    "device_id": "device",
    "device": "device",
    "replaces": "device",
    "dialogue_id": "dialogue",
    "exclude": "dialogue",
    "review_id": "review",
    "enrolment_id": "code",
    "fingerprint": "fingerprint",
}
"""Name of a parameter or member → what it names."""
INTERVAL = {"from": "2026-03-02T09:00:00Z", "to": "2026-03-02T10:00:00Z"}
BODIES: Mapping[str, list[dict[str, Any]]] = {
    "register_device": [
        {"point_id": ..., "register_id": ..., "device_id": ...},
        {"point_id": ..., "register_id": ..., "device_id": ..., "replaces": ...},
    ],
    "make_enrolment_codes": [{"point_id": ...}, {"point_id": ..., "replaces": ...}],
    "erase": [
        {"kind": "dialogue", "dialogue_id": ..., "dry_run": True},
        {"kind": "interval", "point_id": ..., "device_id": ..., **INTERVAL, "dry_run": True},
    ],
    "update_point": [{"goal": 0.5}],
}
"""Operation → bodies, `...` where an id of its kind belongs. Dry runs: what is erased can't be asked for again."""


@dataclass(frozen=True)
class Holding:
    """One point and the id of one of each thing there. `secret`: a word that stands in every text of it."""

    secret: str
    device: Device
    ids: dict[str, str]
    manager: Person


@dataclass(frozen=True)
class Request:
    """`asked`: which of its ids is the one in question, by its place."""

    operation: str
    method: str
    path: str
    asked: str
    query: dict[str, Any] = field(default_factory=dict)
    body: Any = None


async def a_holding(shop: Shop, secret: str) -> Holding:
    """A point of its own with one of everything, and its manager."""
    device = Device()
    names = {"point_name": f"{secret} point", "register_name": f"{secret} till", "name": f"{secret} recorder"}
    (await shop.register(device, **names)).raise_for_status()
    code = await shop.client.post(
        "/api/v1/admin/enrolment-codes", headers=ADMIN, json={"point_id": str(device.point_id)}
    )
    manager = await a_person(shop.deps.db, Role.MANAGER, [device.point_id], login=f"{secret}.boss")
    dialogue = Judged(verdict={"summary": f"{secret} summary", "attempted": "yes", "quality_score": 2})
    async with shop.deps.db.begin() as tx:
        await store(tx, device, [dialogue])
        text = {"text": f"{secret} words"}
        await tx.execute(
            update(t.dialogue_transcripts)
            .where(t.dialogue_transcripts.c.dialogue_id == dialogue.dialogue_id)
            .values(text)
        )
    path = f"/api/v1/dialogues/{dialogue.dialogue_id}/reviews"
    body = {"kind": "sale", "attempted": "yes", "quality_score": 2, "note": f"{secret} note"}
    review = await shop.client.post(path, headers=manager.headers, json=body)
    assert review.status_code == 201, review.text
    ids = {
        "point": str(device.point_id),
        "register": str(device.register_id),
        "device": str(device.device_id),
        "dialogue": str(dialogue.dialogue_id),
        "review": review.json()["review_id"],
        "code": code.json()["items"][0]["enrolment_id"],
        "fingerprint": token_sha256(device.token)[:12],
    }
    return Holding(secret, device, ids, manager)


def nothing() -> dict[str, str]:
    """Ids that nothing has."""
    return {kind: uuid4().hex[:12] if kind == "fingerprint" else str(uuid4()) for kind in set(IDS.values())}


async def everything_of(shop: Shop, holding: Holding) -> dict[str, list[str]]:
    """Every row of every table that names something of the holding, but for the log."""
    found = {}
    async with shop.deps.db.begin() as tx:
        for table in t.metadata.sorted_tables:
            rows = [str(row) for row in await tx.execute(select(table))]
            found[table.name] = sorted(row for row in rows if any(one in row for one in holding.ids.values()))
    return found


def requests_of(
    document: Mapping[str, Any], path: str, method: str, own: Mapping[str, str], other: Callable[[], Mapping[str, str]]
) -> Iterator[Request]:
    """The operation's requests: one for each id that it takes in path, query and body, that one of `other`, the rest
    of `own`."""
    operation = document["paths"][path][method]
    parameters = [p for p in operation.get("parameters", ()) if p["in"] != "header"]
    for body in _bodies(document, operation):
        places = [(p["in"], p["name"]) for p in parameters if p["name"] in IDS]
        places += [("body", name) for name, value in (body or {}).items() if value is ...]
        for asked in places:
            yield _request(document, path, method, parameters, body, asked, own, other())


def _request(
    document: Mapping[str, Any],
    path: str,
    method: str,
    parameters: list[dict[str, Any]],
    body: dict[str, Any] | None,
    asked: tuple[str, str],
    own: Mapping[str, str],
    other: Mapping[str, str],
) -> Request:
    def of(place: str, name: str) -> str:
        return (other if (place, name) == asked else own)[IDS[name]]

    filled, query = path, {}
    for parameter in parameters:
        name, place = parameter["name"], parameter["in"]
        if place == "path":
            value = of(place, name) if name in IDS else example(document, parameter["schema"])
            filled = filled.replace(f"{{{name}}}", str(value))
        elif (place, name) == asked:
            query[name] = of(place, name)
        elif parameter.get("required"):
            query[name] = example(document, parameter["schema"])
    content = {k: of("body", k) if v is ... else v for k, v in body.items()} if body is not None else None
    operation = document["paths"][path][method]["operationId"]
    return Request(operation, method.upper(), filled, " ".join(asked), query, content)


def _bodies(document: Mapping[str, Any], operation: Mapping[str, Any]) -> list[Any]:
    content = operation.get("requestBody", {}).get("content", {})
    if "application/json" not in content:
        return [None]
    made = example(document, content["application/json"]["schema"])
    return BODIES.get(operation["operationId"], [made])


def example(document: Mapping[str, Any], schema: Mapping[str, Any], name: str = "") -> Any:
    """The plainest value that fits a schema; `...` for an id that IDS knows by its name."""
    if "$ref" in schema:
        return example(document, document["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]], name)
    if name in IDS:
        return ...
    if "const" in schema or "enum" in schema:
        return schema.get("const", (schema.get("enum") or [None])[0])
    if "anyOf" in schema:
        return example(document, schema["anyOf"][0], name)
    plain = {"uuid": str(UUID(int=7)), "date": "2026-03-02", "date-time": "2026-03-02T09:00:00Z"}
    match schema.get("type"):
        case "object":
            members = schema.get("properties", {})
            wanted = [one for one in members if one in schema.get("required", ()) or one in IDS]
            return {one: example(document, members[one], one) for one in wanted}
        case "array":
            return [example(document, schema["items"], name)]
        case "integer" | "number":
            return schema.get("minimum", 1)
        case "boolean":
            return False
        case _:
            return plain.get(schema.get("format", ""), "x" * max(1, schema.get("minLength", 1)))
