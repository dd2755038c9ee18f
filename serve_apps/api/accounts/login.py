"""`/api/v1/auth`: logging in and out, who one is, and one's own password.

A password is guessed at from one address or at one login: both are counted, in windows of time. Whoever guesses at
somebody's login from many addresses would shut its owner out as well; so an address from which the owner has logged in
of late is counted apart, and stays open to them.
"""

import logging
from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from configs.secrets import dashboard_key
from db.accounts import people as store
from db.accounts import user_tokens
from db.accounts.audit import audit
from db.attempts import LOGINS
from db.shops.points import list_points
from domain.access import ALLOWED, OPERATOR, Principal, Role
from domain.errors import Conflict
from serve_apps import auth, throttle
from serve_apps.api.accounts.schemas import CallerView, LoggedIn, LoginBody, PasswordChange, PointOfCaller
from serve_apps.application import Deps, DepsOf
from serve_apps.client import person_address
from serve_apps.passwords import Passwords
from serve_apps.problems import Code, Problem, documented

log = logging.getLogger(__name__)
router = APIRouter(prefix="/api/v1/auth", tags=["auth"])
MAX_BODY = {"/api/v1/auth/login": 4096, "/api/v1/auth/password": 4096}
"""Bytes: whoever has no password shall not keep us busy."""
ALL = 1_000_000
WRONG = documented(
    Code.BAD_REQUEST,
    Code.LOGIN_WRONG,
    Code.USER_DISABLED,
    Code.TOO_LARGE,
    Code.FIELD_MISSING,
    Code.FIELD_INVALID,
    Code.TOO_MANY_ATTEMPTS,
    Code.DATABASE_UNAVAILABLE,
)


async def get_passwords(request: Request) -> Passwords:
    passwords: Passwords = request.app.state.passwords
    return passwords


PasswordsOf = Annotated[Passwords, Depends(get_passwords)]


@router.post("/login", operation_id="log_in", responses=WRONG)
async def log_in(
    body: LoginBody, request: Request, response: Response, deps: DepsOf, passwords: PasswordsOf
) -> LoggedIn:
    """Opens a session."""
    client = _address(request, deps)
    user = await _checked(deps, passwords, body.login, body.password.get_secret_value(), client)
    response.headers.update(auth.NO_STORE)
    return await _open_session(deps, user, client)


@router.post("/logout", operation_id="log_out", status_code=204, responses=documented(*auth.CODES, Code.CONFLICT))
async def log_out(deps: DepsOf, caller: auth.Caller) -> None:
    """Ends the session whose token is sent."""
    is_ended = False
    if caller.user_id is not None and caller.token_id is not None:
        async with deps.db.begin() as tx:
            is_ended = await user_tokens.revoke(tx, caller.user_id, caller.token_id, user_tokens.TokenKind.SESSION)
    if not is_ended:
        raise Conflict("This token is no session; it lasts until an administrator revokes it.")


@router.get("/me", operation_id="get_me", responses=documented(*auth.CODES, Code.DATABASE_UNAVAILABLE))
async def get_me(deps: DepsOf, caller: auth.Caller) -> CallerView:
    """Who is calling, with every point that they see."""
    return await _view(deps, caller)


@router.post(
    "/password",
    operation_id="change_password",
    status_code=204,
    responses={**WRONG, **documented(*auth.CODES, Code.LOGIN_WRONG, Code.USER_DISABLED, Code.CONFLICT)},
)
async def change_password(
    body: PasswordChange,
    request: Request,
    deps: DepsOf,
    caller: auth.Caller,
    passwords: PasswordsOf,
) -> None:
    """Changes one's own password. Every session of the user ends, this one too: log in again."""
    if caller.user_id is None or caller.role is Role.MACHINE:
        raise Conflict("Only a person who logs in has a password to change.")
    client = _address(request, deps)
    user = await _checked(deps, passwords, caller.actor, body.current.get_secret_value(), client)
    password_hash = await passwords.hash(body.new.get_secret_value())
    async with deps.db.begin() as tx:
        await store.set_password(tx, user.user_id, password_hash)
        await user_tokens.revoke_all(tx, user.user_id, user_tokens.TokenKind.SESSION)
        await audit(tx, caller, "user.change_password", f"user/{user.user_id}")


def _address(request: Request, deps: Deps) -> str:
    return person_address(request, deps.settings.server.proxies, dashboard_key(deps.settings))


async def _checked(deps: Deps, passwords: Passwords, login: str, password: str, client: str) -> store.Secret:
    """Whom the password opens. Raises Problem where it opens nobody, and where too many were tried."""
    rules = deps.settings.auth
    async with deps.db.alone() as connection:
        is_known = await user_tokens.is_known_client(connection, login, client)
        subject = f"login:{login}@{client}" if is_known else f"login:{login}"
        limits = {f"client:{client}": rules.login_failures_per_client, subject: rules.login_failures_per_login}
        counted = await throttle.count(connection, LOGINS, limits, rules.login_window_s, "passwords")
        user = await store.find_secret(connection, login)
    if not await passwords.fits(user.password_hash if user else None, password) or user is None:
        log.info("login_refused", extra={"client": client})
        raise Problem(Code.LOGIN_WRONG, "The login or the password is wrong; type both again.")
    async with deps.db.alone() as connection:
        await throttle.give_back(connection, LOGINS, counted)
    if not user.is_enabled:
        raise Problem(Code.USER_DISABLED, "This user is disabled; ask an administrator.")
    return user


async def _open_session(deps: Deps, user: store.Secret, client: str) -> LoggedIn:
    rules = deps.settings.auth
    async with deps.db.begin() as tx:
        token = await user_tokens.open_session(tx, user.user_id, timedelta(hours=rules.session_valid_h), client)
    caller = await auth.identify(deps, token)
    assert caller.expires_at is not None
    log.info("logged_in", extra={"user_id": str(user.user_id), "client": client})
    idle_s = round(rules.session_idle_h * 3600)
    return LoggedIn(token=token, expires_at=caller.expires_at, idle_s=idle_s, user=await _view(deps, caller))


async def _view(deps: Deps, caller: Principal) -> CallerView:
    async with deps.db.begin() as tx:
        user = await store.find_user(tx, caller.user_id) if caller.user_id else None
        points = await list_points(tx, limit=ALL, only=caller.scope())
    return CallerView(
        actor=caller.actor,
        user_id=caller.user_id,
        name=user.name if user else OPERATOR,
        role=caller.role,
        language=user.language if user else None,
        permissions=sorted(ALLOWED[caller.role]),
        all_points=caller.points is None,
        points=[PointOfCaller.model_validate(point) for point in sorted(points, key=lambda point: point.name)],
        session_expires_at=caller.expires_at,
    )
