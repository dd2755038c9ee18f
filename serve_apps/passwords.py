"""Passwords: argon2id with the library's own parameters (RFC 9106, 64 MiB), in threads, a few at once."""

import asyncio

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError

AT_ONCE = 2
"""Each takes 64 MiB and some tens of milliseconds of several cores: a crowd at the login must not take the server."""
NOBODY = "$argon2id$v=19$m=65536,t=3,p=4$MqkebT3dPw4Nr8s7sHNsPg$9KH4Nv6572pyGa223gpDoKXiznGiojiBjcyvKvlZwRo"
"""Nobody's hash. Who has none is checked against it, so that an unknown login takes as long as a wrong password."""


class Passwords:
    """One for each process."""

    def __init__(self) -> None:
        self._hasher = PasswordHasher()
        self._slots = asyncio.Semaphore(AT_ONCE)

    async def hash(self, password: str) -> str:
        """A hash with its own salt."""
        async with self._slots:
            return await asyncio.to_thread(self._hasher.hash, password)

    async def fits(self, password_hash: str | None, password: str) -> bool:
        """Whether this is the password. Takes as long where there is no hash, and is False then."""
        async with self._slots:
            fits = await asyncio.to_thread(self._verify, password_hash or NOBODY, password)
        return fits and password_hash is not None

    def _verify(self, password_hash: str, password: str) -> bool:
        try:
            return self._hasher.verify(password_hash, password)
        except (Argon2Error, InvalidHashError):
            return False
