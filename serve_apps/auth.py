"""Who is calling: devices by their tokens, operators by ADMIN_TOKEN, our own nodes by INTERNAL_TOKEN."""

import hmac
from typing import Annotated

from fastapi import Depends
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from pydantic import SecretStr

from db.devices import Device, find_token_holder
from serve_apps.application import DepsOf
from serve_apps.problems import Code, Problem

_device_scheme = HTTPBearer(auto_error=False, scheme_name="deviceToken", description="a device's token")
_admin_scheme = HTTPBearer(auto_error=False, scheme_name="adminToken", description="ADMIN_TOKEN")
_internal_scheme = HTTPBearer(auto_error=False, scheme_name="internalToken", description="INTERNAL_TOKEN")

_Device = Annotated[HTTPAuthorizationCredentials | None, Depends(_device_scheme)]
_Admin = Annotated[HTTPAuthorizationCredentials | None, Depends(_admin_scheme)]
_Internal = Annotated[HTTPAuthorizationCredentials | None, Depends(_internal_scheme)]

CODES = (Code.TOKEN_MISSING, Code.TOKEN_UNKNOWN)


async def calling_device(deps: DepsOf, credentials: _Device) -> Device:
    """The enabled device that the token belongs to."""
    async with deps.db.alone() as connection:
        device = await find_token_holder(connection, _token(credentials))
    if device is None:
        raise _unknown("This device token is unknown or revoked; register the device or rotate its token.")
    if not device.is_enabled:
        raise Problem(Code.DEVICE_DISABLED, f"Device {device.device_id} is disabled; have it enabled.")
    return device


async def require_admin(deps: DepsOf, credentials: _Admin) -> None:
    """Raises unless the caller holds ADMIN_TOKEN."""
    if not _holds(credentials, deps.settings.auth.admin_token):
        raise _unknown("This is not the server's ADMIN_TOKEN; send the one that the server was started with.")


async def require_internal(deps: DepsOf, credentials: _Internal) -> None:
    """Raises unless the caller holds INTERNAL_TOKEN; with none set the route is closed to everybody."""
    if not deps.settings.auth.internal_token.get_secret_value():
        detail = "This route is closed until INTERNAL_TOKEN is set; set the same one on both machines."
        raise Problem(Code.INTERNAL_CLOSED, detail)
    if not _holds(credentials, deps.settings.auth.internal_token):
        raise _unknown("This is not the server's INTERNAL_TOKEN; set the same one on both machines.")


def _token(credentials: HTTPAuthorizationCredentials | None) -> str:
    if credentials is None or not credentials.credentials:
        raise Problem(Code.TOKEN_MISSING, "Send the header Authorization: Bearer <token>.")
    return credentials.credentials


def _holds(credentials: HTTPAuthorizationCredentials | None, secret: SecretStr) -> bool:
    given, wanted = _token(credentials).encode(), secret.get_secret_value().encode()
    return bool(wanted) and hmac.compare_digest(given, wanted)


def _unknown(detail: str) -> Problem:
    header = {"WWW-Authenticate": 'Bearer realm="salescontrol", error="invalid_token"'}
    return Problem(Code.TOKEN_UNKNOWN, detail, headers=header)


CallingDevice = Annotated[Device, Depends(calling_device)]
"""For routes of devices."""
Admin = Depends(require_admin)
"""For the `dependencies` of routers that operators use."""
Internal = Depends(require_internal)
"""For the `dependencies` of routers that our own nodes use."""
