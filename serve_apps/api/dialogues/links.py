"""Addresses that a browser may open without a token, for a while: signed with a key that only this server has.

An <audio> element and a download cannot send a token. What is signed names exactly what may be read, and until when;
the key comes out of ADMIN_TOKEN, so a new one of those ends every address that was given out.
"""

import base64
import binascii
import hashlib
import hmac
from datetime import UTC, datetime, timedelta
from typing import Annotated

from fastapi import Depends

from serve_apps.application import DepsOf
from serve_apps.problems import Code, Problem

_PURPOSE = b"salescontrol: signed addresses, 1"


class Links:
    """Signs and checks. `secret`: known to no client."""

    def __init__(self, secret: str) -> None:
        self._key = hmac.digest(secret.encode(), _PURPOSE, hashlib.sha256)

    def sign(self, what: str, expires_at: datetime) -> str:
        """The signature of `what` until `expires_at` (whole seconds count), safe in a URL."""
        message = f"{int(expires_at.timestamp())}\n{what}".encode()
        return _encoded(hmac.digest(self._key, message, hashlib.sha256))

    def check(self, what: str, expires: int, signature: str) -> None:
        """Raises Problem where the signature is not ours, or its time is over."""
        try:
            expires_at = datetime.fromtimestamp(expires, UTC)
        except (OverflowError, ValueError, OSError):
            raise _forged() from None
        if not hmac.compare_digest(self.sign(what, expires_at).encode(), signature.encode()):
            raise _forged()
        if expires_at <= datetime.now(UTC):
            raise Problem(Code.LINK_EXPIRED, "This address was good for a while only; ask for a new one.")

    def seal(self, content: str, expires_at: datetime) -> str:
        """`content` with its expiry and signature in one word, safe in a path. Anybody can read it; nobody can make or
        change one."""
        expires = int(expires_at.timestamp())
        return f"{_encoded(content.encode())}.{expires}.{self.sign(content, expires_at)}"

    def open(self, sealed: str) -> str:
        """What was sealed. Raises Problem as `check` does."""
        try:
            content, expires, signature = sealed.split(".")
            text = base64.urlsafe_b64decode(content + "=" * (-len(content) % 4)).decode()
            until = int(expires)
        except (ValueError, binascii.Error):
            raise _forged() from None
        self.check(text, until, signature)
        return text


async def get_links(deps: DepsOf) -> Links:
    return Links(deps.settings.auth.admin_token.get_secret_value())


LinksOf = Annotated[Links, Depends(get_links)]


def expiry(valid: timedelta) -> datetime:
    """Whole seconds from now."""
    return datetime.now(UTC).replace(microsecond=0) + valid


def _encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def _forged() -> Problem:
    return Problem(Code.LINK_FORGED, "This address was not signed by this server, or was changed; ask for a new one.")
