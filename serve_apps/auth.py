"""Who is calling: people and programs by their tokens, operators by ADMIN_TOKEN, devices by theirs, our own nodes by
INTERNAL_TOKEN.

A route of the api says what it needs: `dependencies=[auth.require(Permission.READ)]`, and takes `caller: auth.Caller`
where it has to know whose points it may show. Tokens are read from the Authorization header only: there are no cookies,
so no page of another site can make a browser act for somebody.
"""

import hmac
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from pydantic import SecretStr

from db.accounts.user_tokens import Holder, TokenKind, find_holder, find_holder_by_id
from db.shops.devices import Device, find_token_holder
from domain.access import OPERATOR, Permission, Principal, Role
from serve_apps.application import Deps, DepsOf
from serve_apps.needs import CALLER, DEVICE, INTERNAL, SCRAPER, needing
from serve_apps.problems import Code, Problem, request_id_of

_device_scheme = HTTPBearer(auto_error=False, scheme_name="deviceToken", description="a device's token")
_caller_scheme = HTTPBearer(
    auto_error=False, scheme_name="token", description="ADMIN_TOKEN, a session's token (auth/login) or a machine's"
)
_internal_scheme = HTTPBearer(auto_error=False, scheme_name="internalToken", description="INTERNAL_TOKEN")

_Device = Annotated[HTTPAuthorizationCredentials | None, Depends(_device_scheme)]
_Bearer = Annotated[HTTPAuthorizationCredentials | None, Depends(_caller_scheme)]
_Internal = Annotated[HTTPAuthorizationCredentials | None, Depends(_internal_scheme)]

NO_STORE = {"Cache-Control": "no-store"}
"""Headers of an answer that holds a secret: neither caches nor the store of Idempotency-Keys may keep it."""
TOKEN_CODES = (Code.TOKEN_MISSING, Code.TOKEN_UNKNOWN)
"""What routes of devices and of our own nodes may answer."""
CODES = (*TOKEN_CODES, Code.SESSION_ENDED, Code.NOT_PERMITTED)
"""What routes with `require` may answer."""


@needing(CALLER)
async def calling(request: Request, deps: DepsOf, credentials: _Bearer) -> Principal:
    """Whoever holds the token. Raises Problem where nobody does."""
    return await identify(deps, _token(credentials), request_id_of(request))


async def identify(deps: Deps, token: str, request_id: str = "") -> Principal:
    """Raises Problem where the token is nobody's or has ended."""
    if _same(token, deps.settings.auth.admin_token):
        return _operator(request_id)
    async with deps.db.alone() as connection:
        holder = await find_holder(connection, token, _idle(deps))
    if holder is None:
        raise _unknown("This token is unknown; log in, or send the ADMIN_TOKEN that the server was started with.")
    if holder.is_over and holder.kind is TokenKind.SESSION:
        raise Problem(Code.SESSION_ENDED, "This session has ended; log in again.", headers=_INVALID)
    if holder.is_over:
        raise _unknown("This token was revoked or has expired; have an administrator make a new one.")
    return _principal(holder, request_id)


async def still_calling(deps: Deps, token_id: UUID | None, request_id: str = "") -> Principal:
    """Whoever asked for a signed address with this token, with the points that are theirs now; None: the operator.
    Raises Problem where the token has ended meanwhile: an address outlives no log-out."""
    if token_id is None:
        return _operator(request_id)
    async with deps.db.alone() as connection:
        holder = await find_holder_by_id(connection, token_id, _idle(deps))
    if holder is None or holder.is_over:
        detail = "The login that asked for this address has ended; log in and ask for a new one."
        raise Problem(Code.LINK_EXPIRED, detail)
    return _principal(holder, request_id)


def _idle(deps: Deps) -> timedelta:
    return timedelta(hours=deps.settings.auth.session_idle_h)


def _operator(request_id: str) -> Principal:
    return Principal(OPERATOR, None, Role.ADMIN, None, request_id=request_id)


def _principal(holder: Holder, request_id: str) -> Principal:
    return Principal(
        actor=holder.login,
        user_id=holder.user_id,
        role=holder.role,
        points=holder.points,
        token_id=holder.token_id,
        expires_at=holder.expires_at,
        request_id=request_id,
    )


Caller = Annotated[Principal, Depends(calling)]
"""For routes that have to know who asks."""


@dataclass(frozen=True, slots=True)
class Required:
    """A dependency that lets in only who has the permission. The OpenAPI documents read it off the route."""

    permission: Permission

    @property
    def needs(self) -> str:
        return self.permission

    async def __call__(self, caller: Caller) -> None:
        if not caller.may(self.permission):
            detail = (
                f"A {caller.role} may not do this: it takes the permission {self.permission}; ask an administrator."
            )
            raise Problem(Code.NOT_PERMITTED, detail)


def require(permission: Permission) -> Any:
    """For the `dependencies` of a router or a route; with several, each is needed."""
    return Depends(Required(permission))


@needing(DEVICE)
async def calling_device(deps: DepsOf, credentials: _Device) -> Device:
    """The enabled device that the token belongs to."""
    async with deps.db.alone() as connection:
        device = await find_token_holder(connection, _token(credentials))
    if device is None:
        raise _unknown("This device token is unknown or revoked; register the device or rotate its token.")
    if not device.is_enabled:
        raise Problem(Code.DEVICE_DISABLED, f"Device {device.device_id} is disabled; have it enabled.")
    return device


@needing(INTERNAL)
async def require_internal(deps: DepsOf, credentials: _Internal) -> None:
    """Raises unless the caller holds INTERNAL_TOKEN; with none set the route is closed to everybody."""
    if not deps.settings.auth.internal_token.get_secret_value():
        detail = "This route is closed until INTERNAL_TOKEN is set; set the same one on both machines."
        raise Problem(Code.INTERNAL_CLOSED, detail)
    if not _same(_token(credentials), deps.settings.auth.internal_token):
        raise _unknown("This is not the server's INTERNAL_TOKEN; set the same one on both machines.")


@needing(SCRAPER)
async def require_scraper(deps: DepsOf, credentials: _Internal) -> None:
    """Raises unless the caller holds `metrics.scrape_token` or INTERNAL_TOKEN; with neither set nobody gets in."""
    tokens = (deps.settings.metrics.scrape_token, deps.settings.auth.internal_token)
    if not any(token.get_secret_value() for token in tokens):
        detail = "This route is closed until SALESCONTROL_METRICS__SCRAPE_TOKEN or INTERNAL_TOKEN is set on the server."
        raise Problem(Code.INTERNAL_CLOSED, detail)
    given = _token(credentials)
    if not any(_same(given, token) for token in tokens):
        raise _unknown("This is neither the server's scrape token nor its INTERNAL_TOKEN; give Prometheus one of them.")


def _token(credentials: HTTPAuthorizationCredentials | None) -> str:
    if credentials is None or not credentials.credentials:
        raise Problem(Code.TOKEN_MISSING, "Send the header Authorization: Bearer <token>.")
    return credentials.credentials


def _same(given: str, secret: SecretStr) -> bool:
    wanted = secret.get_secret_value().encode()
    return bool(wanted) and hmac.compare_digest(given.encode(), wanted)


_INVALID = {"WWW-Authenticate": 'Bearer realm="salescontrol", error="invalid_token"'}


def _unknown(detail: str) -> Problem:
    return Problem(Code.TOKEN_UNKNOWN, detail, headers=_INVALID)


CallingDevice = Annotated[Device, Depends(calling_device)]
"""For routes of devices."""
Internal = Depends(require_internal)
"""For the `dependencies` of routers that our own nodes use."""
Scraping = Depends(require_scraper)
"""For the route that Prometheus asks."""
