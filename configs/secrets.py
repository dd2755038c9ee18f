"""Refuses to run with secrets that everybody knows; and the one that is made of another."""

import hashlib
import hmac

from configs.settings import DEFAULT_ADMIN_TOKEN, Settings
from domain.errors import ConfigError

MIN_TOKEN_CHARS = 16


def check_secrets(settings: Settings) -> None:
    """Called by every process that answers HTTP, before it does. Raises ConfigError that says what to set.

    The local profile may keep the default ADMIN_TOKEN and any short one where API and pages listen on loopback alone;
    an empty one would open the door nowhere.
    """
    admin, internal = (s.get_secret_value() for s in (settings.auth.admin_token, settings.auth.internal_token))
    if not admin:
        raise ConfigError("ADMIN_TOKEN is empty; set it, for example to the output of `openssl rand -hex 24`")
    if settings.profile == "local" and _is_on_loopback(settings):
        return
    if admin == DEFAULT_ADMIN_TOKEN:
        raise ConfigError("ADMIN_TOKEN is the published default; set it to the output of `openssl rand -hex 24`")
    scrape = settings.metrics.scrape_token.get_secret_value()
    for name, token in (("ADMIN_TOKEN", admin), ("INTERNAL_TOKEN", internal), ("metrics.scrape_token", scrape)):
        if token and len(token) < MIN_TOKEN_CHARS:
            raise ConfigError(f"{name} is shorter than {MIN_TOKEN_CHARS} characters; use `openssl rand -hex 24`")


def _is_on_loopback(settings: Settings) -> bool:
    return {settings.server.host, settings.dashboard.host} <= {"127.0.0.1", "::1", "localhost"}


def dashboard_key(settings: Settings) -> str:
    """What our dashboard shows the api to be believed when it says from which address somebody logs in. It opens
    nothing else, and ADMIN_TOKEN can't be told from it."""
    admin = settings.auth.admin_token.get_secret_value().encode()
    return hmac.new(admin, b"dashboard", hashlib.sha256).hexdigest()
