"""Postgres as one service sees it: a pool whose every connection is in the service's schema and role, no other.

`UNAVAILABLE` lists what means "not now": the work is kept and tried again. Everything else is a fault to be shown.
"""

import asyncio
from typing import Any, Final, TypeAlias

import asyncpg

Connection: TypeAlias = "asyncpg.Connection[Any] | asyncpg.pool.PoolConnectionProxy[Any]"
Pool: TypeAlias = "asyncpg.Pool[Any]"

UNAVAILABLE: Final[tuple[type[BaseException], ...]] = (
    OSError,
    asyncio.TimeoutError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,  # the server ended the session just as a statement began
    asyncpg.PostgresConnectionError,
    asyncpg.CannotConnectNowError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.DiskFullError,
    asyncpg.TooManyConnectionsError,
    asyncpg.QueryCanceledError,
    asyncpg.DeadlockDetectedError,
    asyncpg.SerializationError,
    asyncpg.ReadOnlySQLTransactionError,
)
COMMAND_SECONDS: Final = 30.0


def schema_of(service: str) -> str:
    """The Postgres schema of a service; its role is `nsw_` and this name."""
    return service.replace("-", "_")


def role_of(service: str) -> str:
    """The Postgres role of a service."""
    return f"nsw_{schema_of(service)}"


def _session(service: str) -> dict[str, str]:
    """Settings of every connection.

    A statement is planned each time: our queues are empty at one moment and hold 100,000 rows at the next, and a plan
    kept from when a table had no pages reads all of it once for each lane (measured: 28 s instead of 60 ms). The
    service's own work sees every tenant's rows; unset, row-level security shows none.
    """
    return {
        "search_path": schema_of(service),
        "application_name": f"nsw-{service}",
        "jit": "off",
        "plan_cache_mode": "force_custom_plan",
        "nsw.tenant": "*",
    }


async def _no_reset(_: object) -> None:
    """Nothing is done on a pooled connection that would outlive its transaction, so nothing needs to be undone."""


async def open_pool(url: str, service: str, *, size: int = 8) -> Pool:
    """A pool of up to `size` connections. Does not wait for Postgres: connections are made when first used."""
    return await asyncpg.create_pool(
        url,
        min_size=0,
        max_size=size,
        command_timeout=COMMAND_SECONDS,
        timeout=5,
        server_settings=_session(service),
        reset=_no_reset,
    )


async def connect(url: str, service: str, **session: str) -> "asyncpg.Connection[Any]":
    """One connection outside the pool, for what must live as long as its session (advisory locks).

    `session` adds Postgres settings for this connection.

    Raises:
        OSError, asyncpg.PostgresError: Postgres cannot be reached or refuses.
    """
    return await asyncpg.connect(
        url, command_timeout=COMMAND_SECONDS, timeout=5, server_settings=_session(service) | session
    )
