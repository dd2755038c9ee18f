"""The counters that recordings come from: found on the server or made there, with a token for the time of an import."""

from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any
from uuid import UUID, uuid5

from cluster.admin_api import AdminApi
from cluster.recordings.plan import Place
from cluster.recordings.upload import Sender
from domain.errors import Conflict, Rejected

NAMESPACE = UUID("6d1f4b1c-8a54-5d0e-9a53-0d2a7e1c4f10")
"""Ids of what an import makes are derived from names in it, so that the next import finds them again."""
LIVE_TOKENS = 2
"""So many tokens of a device work at once."""


@contextmanager
def open_counters(api: AdminApi, places: Iterable[Place]) -> Iterator[dict[Place, Sender]]:
    """A sender for each place. The tokens that it takes are revoked at the end.

    Raises Conflict or Rejected, naming the place, where the server has something else under its name.
    """
    with ExitStack() as stack:
        senders: dict[Place, Sender] = {}
        tokens: dict[UUID, str] = {}
        for place in dict.fromkeys(places):
            device = _known(api, place) or _made(api, place)
            device_id = UUID(device["device_id"])
            if device_id not in tokens:
                tokens[device_id] = device.get("token") or _added_token(api, device_id, place)
                stack.callback(api.revoke_token, device_id, tokens[device_id])
            point = api.point(UUID(device["point_id"]))
            if place.language and point["language"] != place.language:
                raise Conflict(
                    f"{point['name']} is heard in '{point['language']}'; leave --language out or name another point"
                )
            senders[place] = Sender(
                device_id, UUID(device["point_id"]), UUID(device["register_id"]), point["zone"], tokens[device_id]
            )
        yield senders


def _known(api: AdminApi, place: Place) -> dict[str, Any] | None:
    """The device that the place names by its id, wherever it stands."""
    device_id = _uuid(place.device)
    return api.find_device(device_id) if device_id else None


def point_id_of(api: AdminApi, name: str) -> UUID:
    """The id of the point with this name, or that which it would get."""
    return _by_name(api.points(), "point_id", name) or uuid5(NAMESPACE, f"point/{name}")


def open_place(api: AdminApi, place: Place) -> dict[str, str]:
    """What registers a device at the place: ids of point and register, those of the names that exist, else new ones."""
    point_id = point_id_of(api, place.point)
    registers = api.registers(point_id)
    register_id = _by_name(registers, "register_id", place.register) or uuid5(point_id, f"register/{place.register}")
    language = {"language": place.language} if place.language else {}
    return {
        "point_id": str(point_id),
        "point_name": place.point,
        "register_id": str(register_id),
        "register_name": place.register,
        **language,
    }


def _made(api: AdminApi, place: Place) -> dict[str, Any]:
    body = open_place(api, place)
    device_id = _uuid(place.device) or uuid5(UUID(body["register_id"]), f"device/{place.device or 'import'}")
    try:
        return api.register_device({"device_id": str(device_id), **body})
    except Conflict as error:
        advice = "name another with --point, or leave --language out"
        raise Conflict(f"{place.point}, {place.register}: {error} Or {advice}.") from None


def _added_token(api: AdminApi, device_id: UUID, place: Place) -> str:
    if _uuid(place.device) and len(api.live_tokens(device_id)) >= LIVE_TOKENS:
        message = "has two live tokens, and one more would end the older, which its recorder may use; revoke one first"
        raise Rejected(f"device {device_id} {message}")
    return api.add_token(device_id)


def _by_name(rows: Iterable[dict[str, Any]], key: str, name: str) -> UUID | None:
    return next((UUID(row[key]) for row in rows if row["name"] == name), None)


def _uuid(text: str | None) -> UUID | None:
    try:
        return UUID(text or "")
    except ValueError:
        return None
