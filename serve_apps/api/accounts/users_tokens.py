"""`/api/v1/users/{id}/tokens` and `/sessions`: what opens the api for a user."""

from dataclasses import asdict
from datetime import timedelta
from uuid import UUID

from fastapi import APIRouter, Response

from db.accounts import user_tokens as store
from db.accounts.audit import audit
from db.accounts.user_tokens import TokenKind
from domain.access import Permission, Role
from domain.errors import Conflict, NotFound
from serve_apps import auth
from serve_apps.api.accounts.schemas import MachineTokenBody, NewMachineToken, UserTokenView
from serve_apps.api.accounts.users import known_user
from serve_apps.application import DepsOf
from serve_apps.problems import Code, documented

router = APIRouter(
    prefix="/api/v1/users/{user_id}",
    tags=["users"],
    dependencies=[auth.require(Permission.USERS)],
    responses=documented(
        *auth.CODES,
        Code.BAD_REQUEST,
        Code.NOT_FOUND,
        Code.TOO_LARGE,
        Code.FIELD_MISSING,
        Code.FIELD_INVALID,
        Code.DATABASE_UNAVAILABLE,
    ),
)


@router.post("/tokens", operation_id="add_machine_token", status_code=201, responses=documented(Code.CONFLICT))
async def add_machine_token(
    user_id: UUID, body: MachineTokenBody, response: Response, deps: DepsOf, caller: auth.Caller
) -> NewMachineToken:
    """Makes a token for a program, shown this once. It has the machine's role and points."""
    valid = timedelta(days=body.valid_days) if body.valid_days else None
    async with deps.db.begin() as tx:
        if (await known_user(tx, user_id)).role is not Role.MACHINE:
            raise Conflict("Only a machine has tokens; a person logs in.")
        token = await store.add_machine_token(tx, user_id, body.name, valid)
        made = await store.find_token(tx, token)
        assert made is not None
        await audit(tx, caller, "user.add_token", f"user/{user_id}", {"token_id": str(made.token_id)})
    response.headers.update(auth.NO_STORE)
    return NewMachineToken(**asdict(made), token=token)


@router.get("/tokens", operation_id="list_machine_tokens")
async def list_machine_tokens(user_id: UUID, deps: DepsOf) -> list[UserTokenView]:
    """Newest first, ended ones included; the tokens themselves are not kept."""
    return await _list(deps, user_id, TokenKind.MACHINE)


@router.delete("/tokens/{token_id}", operation_id="revoke_machine_token", status_code=204)
async def revoke_machine_token(user_id: UUID, token_id: UUID, deps: DepsOf, caller: auth.Caller) -> None:
    """Ends a token at once."""
    async with deps.db.begin() as tx:
        await known_user(tx, user_id)
        if not await store.revoke(tx, user_id, token_id, TokenKind.MACHINE):
            raise NotFound(f"User {user_id} has no token {token_id}; list the tokens.")
        await audit(tx, caller, "user.revoke_token", f"user/{user_id}", {"token_id": str(token_id)})


@router.get("/sessions", operation_id="list_sessions")
async def list_sessions(user_id: UUID, deps: DepsOf) -> list[UserTokenView]:
    """Newest first, ended ones included."""
    return await _list(deps, user_id, TokenKind.SESSION)


@router.delete("/sessions", operation_id="end_sessions", status_code=204)
async def end_sessions(user_id: UUID, deps: DepsOf, caller: auth.Caller) -> None:
    """Ends every session of the user at once."""
    async with deps.db.begin() as tx:
        await known_user(tx, user_id)
        ended = await store.revoke_all(tx, user_id, TokenKind.SESSION)
        await audit(tx, caller, "user.end_sessions", f"user/{user_id}", {"sessions": ended})


@router.delete("/sessions/{token_id}", operation_id="end_session", status_code=204)
async def end_session(user_id: UUID, token_id: UUID, deps: DepsOf, caller: auth.Caller) -> None:
    """Ends one session at once."""
    async with deps.db.begin() as tx:
        await known_user(tx, user_id)
        if not await store.revoke(tx, user_id, token_id, TokenKind.SESSION):
            raise NotFound(f"User {user_id} has no session {token_id}; list the sessions.")
        await audit(tx, caller, "user.end_sessions", f"user/{user_id}", {"token_id": str(token_id)})


async def _list(deps: DepsOf, user_id: UUID, kind: TokenKind) -> list[UserTokenView]:
    async with deps.db.begin() as tx:
        await known_user(tx, user_id)
        tokens = await store.list_tokens(tx, user_id, kind)
    return [UserTokenView.model_validate(token) for token in tokens]
