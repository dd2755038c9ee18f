"""The admin API over HTTP: devices with their points, registers, tokens, codes and coverage; and users."""

import hashlib
from collections.abc import Iterator
from datetime import date
from typing import Any, Self
from uuid import UUID

import httpx

from configs.settings import Settings
from domain.errors import Conflict, Rejected, Unavailable

TIMEOUT_S = 20.0
ERASE_TIMEOUT_S = 60.0
"""The server answers within half a minute; what takes longer goes on without us."""
PAGE = 1000
ADMIN = "/api/v1/admin"
USERS = "/api/v1/users"


class AdminApi:
    """Every method raises Unavailable where the server is away, Conflict where something exists with other content,
    and Rejected with the server's own sentence for any other refusal."""

    def __init__(self, server: str, settings: Settings) -> None:
        token = settings.auth.admin_token.get_secret_value()
        self._server = server
        self._http = httpx.Client(base_url=server, headers={"Authorization": f"Bearer {token}"}, timeout=TIMEOUT_S)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()

    def devices(self) -> Iterator[dict[str, Any]]:
        """Every device."""
        return self._pages(f"{ADMIN}/devices")

    def points(self) -> Iterator[dict[str, Any]]:
        """Every point."""
        return self._pages(f"{ADMIN}/points")

    def point(self, point_id: UUID) -> dict[str, Any]:
        """One point."""
        return dict(self._ask("GET", f"{ADMIN}/points/{point_id}").json())

    def registers(self, point_id: UUID) -> Iterator[dict[str, Any]]:
        """Every register of a point."""
        return self._pages(f"{ADMIN}/registers", point_id=str(point_id))

    def find_device(self, device_id: UUID) -> dict[str, Any] | None:
        """One device; None where there is none with this id."""
        answer = self._ask("GET", f"{ADMIN}/devices/{device_id}", allowed=(404,))
        return None if answer.status_code == 404 else dict(answer.json())

    def register_device(self, body: dict[str, Any]) -> dict[str, Any]:
        """Makes the device, its point and register where they are missing; `token` is in the answer if one was made."""
        return dict(self._ask("POST", f"{ADMIN}/devices", json=body).json())

    def set_enabled(self, device_id: UUID, is_enabled: bool) -> dict[str, Any]:
        """Lets a device in or shuts it out."""
        return dict(self._ask("PATCH", f"{ADMIN}/devices/{device_id}", json={"is_enabled": is_enabled}).json())

    def live_tokens(self, device_id: UUID) -> list[dict[str, Any]]:
        """Fingerprints and dates of the device's tokens that work."""
        tokens = self._ask("GET", f"{ADMIN}/devices/{device_id}/tokens").json()
        return [token for token in tokens if token["revoked_at"] is None]

    def add_token(self, device_id: UUID) -> str:
        """A new token of the device. The one before stays live, older ones end."""
        return str(self._ask("POST", f"{ADMIN}/devices/{device_id}/tokens").json()["token"])

    def revoke_token(self, device_id: UUID, token: str) -> None:
        """Ends a token."""
        fingerprint = hashlib.sha256(token.encode()).hexdigest()[:12]
        self._ask("DELETE", f"{ADMIN}/devices/{device_id}/tokens/{fingerprint}")

    def make_codes(self, body: dict[str, Any]) -> list[dict[str, Any]]:
        """New enrolment codes, in the order of their registers; makes point and registers where they are missing."""
        return list(self._ask("POST", f"{ADMIN}/enrolment-codes", json=body).json()["items"])

    def codes(self) -> Iterator[dict[str, Any]]:
        """Every enrolment code that was made, without the code."""
        return self._pages(f"{ADMIN}/enrolment-codes")

    def revoke_code(self, enrolment_id: UUID) -> None:
        """Ends a code that nobody has used."""
        self._ask("DELETE", f"{ADMIN}/enrolment-codes/{enrolment_id}")

    def erase(self, body: dict[str, Any]) -> dict[str, Any]:
        """Erases, or says what would go (`dry_run`)."""
        return dict(self._ask("POST", "/api/v1/erasures", json=body, timeout=ERASE_TIMEOUT_S).json())

    def device_coverage(self, device_id: UUID, day: date | None) -> dict[str, Any]:
        """What became of a device's scheduled time; today where no day is given."""
        return self._coverage(f"{ADMIN}/devices/{device_id}", day)

    def point_coverage(self, point_id: UUID, day: date | None) -> dict[str, Any]:
        """The same of a point, with each of its devices."""
        return self._coverage(f"{ADMIN}/points/{point_id}", day)

    def users(self) -> Iterator[dict[str, Any]]:
        """Every user, by login."""
        return self._pages(USERS)

    def add_user(self, body: dict[str, Any]) -> dict[str, Any]:
        """A new user; `password` is in the answer if the server made one."""
        return dict(self._ask("POST", USERS, json=body).json())

    def update_user(self, user_id: str, changes: dict[str, Any]) -> dict[str, Any]:
        """Changes what is given."""
        return dict(self._ask("PATCH", f"{USERS}/{user_id}", json=changes).json())

    def set_password(self, user_id: str, password: str | None) -> str | None:
        """Ends the user's sessions; returns the password that the server made where none is given."""
        made = self._ask("PUT", f"{USERS}/{user_id}/password", json={"password": password}).json()["password"]
        return None if made is None else str(made)

    def add_machine_token(self, user_id: str, name: str) -> str:
        """A new token of a machine."""
        return str(self._ask("POST", f"{USERS}/{user_id}/tokens", json={"name": name}).json()["token"])

    def _coverage(self, path: str, day: date | None) -> dict[str, Any]:
        return dict(self._ask("GET", f"{path}/coverage", params={"day": str(day)} if day else {}).json())

    def _pages(self, path: str, **query: str) -> Iterator[dict[str, Any]]:
        after: dict[str, str] = {}
        while True:
            page = self._ask("GET", path, params={"limit": str(PAGE), **query, **after}).json()
            yield from page["items"]
            if page["next"] is None:
                return
            after = {"after": page["next"]}

    def _ask(self, method: str, path: str, *, allowed: tuple[int, ...] = (), **request: Any) -> httpx.Response:
        try:
            answer = self._http.request(method, path, **request)
        except httpx.TransportError as error:
            message = (
                f"{self._server} does not answer ({error}); start it with `salescontrol up` or name it by --server"
            )
            raise Unavailable(message) from None
        if knows_no_routes(answer):
            raise Unavailable(f"{self._server} knows no such address (yet): is it starting, or is it another program?")
        if answer.is_success or answer.status_code in allowed:
            return answer
        detail = problem(answer)
        if answer.status_code == 409:
            raise Conflict(detail)
        if answer.status_code in (429, 502, 503, 504):
            raise Unavailable(f"{self._server}: {detail}")
        raise Rejected(f"{self._server}: {detail}")


def knows_no_routes(answer: httpx.Response) -> bool:
    """Serve's proxy says 404 to everything, in plain text, until it has learnt where what is; our own 404 is JSON."""
    return answer.status_code == 404 and "json" not in answer.headers.get("Content-Type", "")


def problem(answer: httpx.Response) -> str:
    """The server's own sentence (application/problem+json), or the status where it has none."""
    try:
        detail = answer.json().get("detail")
    except (ValueError, AttributeError):
        detail = None
    return str(detail or f"{answer.status_code} {answer.reason_phrase}")
