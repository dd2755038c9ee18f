"""`/api/v1/auth`, `/users` and `/audit`: logins, users, their tokens, and what was changed by whom."""

from fastapi import APIRouter

from serve_apps.api.accounts import audit_log, login, users, users_tokens

router = APIRouter()
for _part in (login, users, users_tokens, audit_log):
    router.include_router(_part.router)
