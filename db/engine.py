"""The one way to the database: an async SQLAlchemy engine over asyncpg, at most a few connections a process."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import TypeAlias, cast

import asyncpg
from sqlalchemy import event
from sqlalchemy.engine import make_url
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DBAPIError, DisconnectionError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry, PoolProxiedConnection

from domain.errors import Unavailable

DriverConnection: TypeAlias = "asyncpg.Connection[asyncpg.Record]"

POOL_SIZE = 3
"""With the lease renewer's own connection this keeps a process at 4."""

SESSION = {
    "application_name": "salescontrol",
    "timezone": "UTC",
    # A process that is stopped or cut off inside a transaction must not hold its locks for ever.
    "idle_in_transaction_session_timeout": "30s",
    # A plan kept from when a table was empty reads the whole of it for as long as the connection lives.
    "plan_cache_mode": "force_custom_plan",
}

_SERVER_GONE = (
    asyncpg.exceptions.AdminShutdownError,
    asyncpg.exceptions.CrashShutdownError,
    asyncpg.exceptions.CannotConnectNowError,
    asyncpg.exceptions.TooManyConnectionsError,
    asyncpg.exceptions.ConnectionDoesNotExistError,
    asyncpg.exceptions.ConnectionFailureError,
    asyncpg.exceptions.IdleInTransactionSessionTimeoutError,
)


def is_database_down(error: BaseException) -> bool:
    """True where the error says that the server cannot be reached, not that the statement was wrong."""
    if type(error) is asyncpg.InterfaceError:  # its subclasses are the statement's fault
        return True
    if isinstance(error, (PoolTimeout, ConnectionError, OSError, InterfaceError, *_SERVER_GONE)):
        return True
    if isinstance(error, DBAPIError):
        cause = getattr(error.orig, "__cause__", None)
        return error.connection_invalidated or isinstance(error, OperationalError) or isinstance(cause, _SERVER_GONE)
    return False


@contextmanager
def _down_is_unavailable() -> Iterator[None]:
    try:
        yield
    except Exception as error:
        if is_database_down(error):
            raise Unavailable(f"database: {type(error).__name__}: {error}", retry_after_s=2.0) from error
        raise


def _refuse_closed(connection: DBAPIConnection, record: ConnectionPoolEntry, proxy: PoolProxiedConnection) -> None:
    """The server has hung up on this pooled connection: have another one made.

    asyncpg has heard of it by itself. A ping (pool_pre_ping) would cost three round trips at every checkout.
    """
    if connection.driver_connection.is_closed():
        raise DisconnectionError


class Database:
    """Connections to PostgreSQL 15 or newer.

    `url` is any PostgreSQL URL (postgresql://, postgresql+asyncpg://, with a unix socket in ?host=).
    """

    def __init__(self, url: str, pool_size: int = POOL_SIZE) -> None:
        self.url = make_url(url).set(drivername="postgresql+asyncpg")
        self.engine = create_async_engine(
            self.url,
            pool_size=pool_size,
            max_overflow=0,
            pool_timeout=10,
            connect_args={"timeout": 5, "server_settings": SESSION},
        )
        event.listen(self.engine.sync_engine, "checkout", _refuse_closed)

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[AsyncConnection]:
        """A transaction: commits at the end, rolls back on any error.

        Raises Unavailable where the server cannot be reached; statement errors pass through unchanged.
        """
        with _down_is_unavailable():
            async with self.engine.begin() as connection:
                yield connection

    @asynccontextmanager
    async def alone(self) -> AsyncIterator[AsyncConnection]:
        """For statements that need no transaction: each is its own, and spares the round trips of BEGIN and COMMIT.

        Raises as `begin` does.
        """
        with _down_is_unavailable():
            async with self.engine.connect() as connection:
                yield await connection.execution_options(isolation_level="AUTOCOMMIT")

    @asynccontextmanager
    async def snapshot(self) -> AsyncIterator[AsyncConnection]:
        """For reading several statements of one instant: what one transaction moves is never seen by half.

        Raises as `begin` does.
        """
        with _down_is_unavailable():
            async with self.engine.connect() as connection:
                await connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
                async with connection.begin():
                    yield connection

    async def dispose(self) -> None:
        """Closes every pooled connection."""
        await self.engine.dispose()


async def driver_of(connection: AsyncConnection) -> DriverConnection:
    """asyncpg's own connection under one of `alone`, for the statements of every upload: SQLAlchemy takes longer to
    hand over a small statement than PostgreSQL to run it.

    A transaction begun on it holds for both. Its statements raise asyncpg's errors.
    """
    return cast(DriverConnection, (await connection.get_raw_connection()).driver_connection)
