"""Secrets that everybody knows open nothing outside one's own computer."""

import pytest
from pydantic import SecretStr

from configs.secrets import check_secrets
from configs.settings import DEFAULT_ADMIN_TOKEN, Settings, load
from domain.errors import ConfigError

FLEET = {"SALESCONTROL_PROFILE": "gpu"}


def settings(**env: str) -> Settings:
    return load(env)


@pytest.mark.parametrize("env", [{}, {"ADMIN_TOKEN": "short"}, {"ADMIN_TOKEN": DEFAULT_ADMIN_TOKEN}])
def test_the_local_profile_starts_with_the_default_token(env: dict[str, str]) -> None:
    check_secrets(settings(**env))


@pytest.mark.parametrize(
    ("env", "says"),
    [
        ({}, "published default"),
        ({"ADMIN_TOKEN": DEFAULT_ADMIN_TOKEN}, "published default"),
        ({"ADMIN_TOKEN": "short"}, "ADMIN_TOKEN is shorter"),
        ({"ADMIN_TOKEN": "x" * 48, "INTERNAL_TOKEN": "short"}, "INTERNAL_TOKEN is shorter"),
    ],
)
def test_any_other_profile_refuses_known_and_short_secrets(env: dict[str, str], says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        check_secrets(settings(**FLEET, **env))


@pytest.mark.parametrize("listening", ["SALESCONTROL_SERVER__HOST", "SALESCONTROL_DASHBOARD__HOST"])
def test_the_local_profile_refuses_the_default_token_where_others_can_reach_it(listening: str) -> None:
    with pytest.raises(ConfigError, match="published default"):
        check_secrets(settings(**{listening: "0.0.0.0"}))
    check_secrets(settings(**{listening: "0.0.0.0", "ADMIN_TOKEN": "x" * 48}))


def test_any_other_profile_starts_with_secrets_of_its_own() -> None:
    check_secrets(settings(**FLEET, ADMIN_TOKEN="x" * 48))
    check_secrets(settings(**FLEET, ADMIN_TOKEN="x" * 48, INTERNAL_TOKEN="y" * 48))


def test_an_empty_admin_token_is_refused_everywhere() -> None:
    local = settings()
    emptied = local.model_copy(update={"auth": local.auth.model_copy(update={"admin_token": SecretStr("")})})
    with pytest.raises(ConfigError, match="empty"):
        check_secrets(emptied)
