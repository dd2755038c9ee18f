"""Users for tests: made in the database, with a session's token and without the time that a password takes."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID, uuid4

from db.accounts.people import NewUser, add_user
from db.accounts.user_tokens import add_machine_token, open_session
from db.engine import Database
from domain.access import Role


@dataclass(frozen=True)
class Person:
    """A user and a live token of theirs."""

    user_id: UUID
    login: str
    token: str

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}


async def a_person(db: Database, role: Role, points: Iterable[UUID] | None = None, login: str | None = None) -> Person:
    """A user with these points, None: with all, and a session (a machine: a token)."""
    name = login or f"{role}-{uuid4().hex[:8]}"
    new = NewUser(name, name, role, all_points=points is None, points=tuple(points or ()))
    async with db.begin() as tx:
        user_id = await add_user(tx, new)
        if role is Role.MACHINE:
            token = await add_machine_token(tx, user_id, "a test", None)
        else:
            token = await open_session(tx, user_id, timedelta(hours=1))
    return Person(user_id, name, token)
