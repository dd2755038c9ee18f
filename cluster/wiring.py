"""Where a process of the command line finds what it talks to."""

from configs.settings import Settings
from db import embedded
from domain.errors import Unavailable


def database_url(settings: Settings) -> str:
    """The database in use: the configured one, else the embedded server of this home. Starts nothing.

    Raises Unavailable where neither is there.
    """
    configured = settings.database.url.get_secret_value() if settings.database.url else None
    url = configured or embedded.running_url(settings.home)
    if url is None:
        raise Unavailable("no database is running; start with `salescontrol up` or set DATABASE_URL")
    return url


def server_url(settings: Settings) -> str:
    """The API of this computer's own Serve."""
    host = settings.server.host
    return f"http://{'127.0.0.1' if host in ('0.0.0.0', '::', '') else host}:{settings.server.port}"
