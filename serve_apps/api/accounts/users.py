"""`/api/v1/users`: who may log in, as what, and for which points."""

import secrets
from dataclasses import asdict
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response
from sqlalchemy.ext.asyncio import AsyncConnection

from db.accounts import people as store
from db.accounts import user_tokens
from db.accounts.audit import audit
from domain.access import Permission, Role
from domain.errors import Conflict, NotFound
from serve_apps import auth
from serve_apps.api.accounts.login import PasswordsOf
from serve_apps.api.accounts.schemas import (
    NewPassword,
    NewUserView,
    PasswordBody,
    Readable,
    UserBody,
    UserPatch,
    UserView,
)
from serve_apps.api.schemas import Page
from serve_apps.application import DepsOf
from serve_apps.problems import Code, FieldError, Problem, documented, fields_problem

router = APIRouter(
    prefix="/api/v1/users",
    tags=["users"],
    dependencies=[auth.require(Permission.USERS)],
    responses=documented(
        *auth.CODES, Code.BAD_REQUEST, Code.TOO_LARGE, Code.FIELD_MISSING, Code.FIELD_INVALID, Code.DATABASE_UNAVAILABLE
    ),
)
NOT_FOUND = documented(Code.NOT_FOUND)
After = Annotated[str | None, Readable, Query(max_length=64, description="`next` of the page before")]


@router.post("", operation_id="add_user", status_code=201, responses=documented(Code.CONFLICT))
async def add_user(
    body: UserBody, response: Response, deps: DepsOf, caller: auth.Caller, passwords: PasswordsOf
) -> NewUserView:
    """Adds a person or a program. A password that the server makes is shown this once."""
    given = body.password.get_secret_value() if body.password else None
    made = made_password() if given is None and body.role is not Role.MACHINE else None
    password = given or made
    new = store.NewUser(
        login=body.login,
        name=body.name,
        role=body.role,
        all_points=body.all_points,
        points=tuple(body.points),
        language=body.language,
        password_hash=await passwords.hash(password) if password else None,
    )
    async with deps.db.begin() as tx:
        try:
            user_id = await store.add_user(tx, new)
        except store.UnknownPoint as error:
            raise _wrong_points(error) from None
        details = {"login": new.login, "role": new.role, "all_points": new.all_points}
        await audit(tx, caller, "user.add", f"user/{user_id}", {**details, "points": [*map(str, new.points)]})
        user = await known_user(tx, user_id)
    response.headers.update(auth.NO_STORE)
    return NewUserView(**asdict(user), password=made)


@router.get("", operation_id="list_users")
async def list_users(
    deps: DepsOf, after: After = None, limit: Annotated[int, Query(ge=1, le=1000)] = 100
) -> Page[UserView]:
    """By login, disabled ones included."""
    async with deps.db.begin() as tx:
        users = await store.list_users(tx, after, limit)
    items = [UserView.model_validate(user) for user in users]
    return Page(items=items, next=items[-1].login if len(items) == limit else None)


@router.get("/{user_id}", operation_id="get_user", responses=NOT_FOUND)
async def get_user(user_id: UUID, deps: DepsOf) -> UserView:
    async with deps.db.begin() as tx:
        return UserView.model_validate(await known_user(tx, user_id))


@router.patch(
    "/{user_id}", operation_id="update_user", responses=documented(Code.NOT_FOUND, Code.CONFLICT, Code.LAST_ADMIN)
)
async def update_user(user_id: UUID, body: UserPatch, deps: DepsOf, caller: auth.Caller) -> UserView:
    """Changes what is present. Disabling a user ends their sessions; a role counts from the next request on."""
    changes = body.model_dump(exclude_unset=True)
    points = changes.pop("points", None)
    async with deps.db.begin() as tx:
        before = await known_user(tx, user_id)
        if body.role is not None and (body.role is Role.MACHINE) != (before.role is Role.MACHINE):
            raise Conflict("A person stays a person and a machine a machine; add another user instead.")
        try:
            await store.update_user(tx, user_id, changes, points)
        except store.LastAdmin as error:
            raise Problem(Code.LAST_ADMIN, str(error)) from None
        except store.UnknownPoint as error:
            raise _wrong_points(error) from None
        if body.is_enabled is False:
            await user_tokens.revoke_all(tx, user_id, user_tokens.TokenKind.SESSION)
        details = body.model_dump(mode="json", exclude_unset=True)
        await audit(tx, caller, "user.update", f"user/{user_id}", details)
        return UserView.model_validate(await known_user(tx, user_id))


@router.put("/{user_id}/password", operation_id="set_password", responses=documented(Code.NOT_FOUND, Code.CONFLICT))
async def set_password(
    user_id: UUID, body: PasswordBody, response: Response, deps: DepsOf, caller: auth.Caller, passwords: PasswordsOf
) -> NewPassword:
    """Gives a person a new password, made by the server where none is sent. Their sessions end."""
    made = None if body.password else made_password()
    password = made if body.password is None else body.password.get_secret_value()
    assert password is not None
    password_hash = await passwords.hash(password)
    async with deps.db.begin() as tx:
        if (await known_user(tx, user_id)).role is Role.MACHINE:
            raise Conflict("A machine has no password; make a token for it.")
        await store.set_password(tx, user_id, password_hash)
        await user_tokens.revoke_all(tx, user_id, user_tokens.TokenKind.SESSION)
        await audit(tx, caller, "user.set_password", f"user/{user_id}")
    response.headers.update(auth.NO_STORE)
    return NewPassword(password=made)


async def known_user(tx: AsyncConnection, user_id: UUID) -> store.User:
    """Raises NotFound."""
    user = await store.find_user(tx, user_id)
    if user is None:
        raise NotFound(f"There is no user {user_id}; check the id.")
    return user


def made_password() -> str:
    """Four groups that can be read out over a telephone: 80 bits."""
    signs = "abcdefghjkmnpqrstuvwxyz23456789"
    return "-".join("".join(secrets.choice(signs) for _ in range(4)) for _ in range(4))


def _wrong_points(error: store.UnknownPoint) -> Problem:
    return fields_problem([FieldError(field="body.points", message=str(error))], Code.FIELD_INVALID)
