"""Postgres as one service sees it: a pool whose every connection is in the service's schema and role, no other.

`UNAVAILABLE` lists what means "not now": the work is kept and tried again. Everything else is a fault to be shown.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
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
    asyncpg.IdleInTransactionSessionTimeoutError,
    asyncpg.DeadlockDetectedError,
    asyncpg.SerializationError,
    asyncpg.ReadOnlySQLTransactionError,
)
COMMAND_SECONDS: Final = 30.0
IDLE_TRANSACTION: Final = "10s"
"""A process that stands still inside a transaction loses its locks after so long, to whoever took over."""


def schema_of(service: str) -> str:
    """The Postgres schema of a service; its role is `nsw_` and this name."""
    return service.replace("-", "_")


def role_of(service: str) -> str:
    """The Postgres role of a service."""
    return f"nsw_{schema_of(service)}"


def caller_role_of(service: str) -> str:
    """The role in which a service reads on behalf of callers: it reaches tables that belong to tenants, and no other.

    Nobody logs in with it; the service's own role takes it.
    """
    return f"{role_of(service)}_caller"


_OWN_WORK: Final = {
    "nsw.tenant": "*",
    "plan_cache_mode": "force_generic_plan",
    "enable_seqscan": "off",
    "enable_hashjoin": "off",
    "enable_mergejoin": "off",
}
"""The service's own work sees every tenant's rows, and plans each statement once a connection: planning is half of what
a statement for one dossier costs. A plan is made without regard to how full its tables are, for our queues are empty at
one moment and hold 100,000 rows at the next. All these statements find their rows by key, so plans that read a whole
table for it (28 s in place of 60 ms, measured) are ruled out; where no index serves, Postgres takes them all the same.
"""


def _session(service: str) -> dict[str, str]:
    """Settings of every connection. Unless told otherwise row-level security shows none of its rows."""
    return {
        "search_path": schema_of(service),
        "application_name": f"nsw-{service}",
        "jit": "off",
        "idle_in_transaction_session_timeout": IDLE_TRANSACTION,
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
        server_settings=_session(service) | _OWN_WORK,
        reset=_no_reset,
    )


async def open_callers_pool(url: str, service: str, *, size: int = 4) -> Pool:
    """A pool for reading on behalf of callers: its sessions see no row of anybody before `on_behalf_of` says whose.

    Callers ask seldom, and for lists of many kinds: each is planned for what it asks.
    """
    session = _session(service) | {"role": caller_role_of(service), "plan_cache_mode": "force_custom_plan"}
    return await asyncpg.create_pool(
        url, min_size=0, max_size=size, command_timeout=COMMAND_SECONDS, timeout=5, server_settings=session,
        reset=_no_reset,
    )  # fmt: skip


@asynccontextmanager
async def on_behalf_of(pool: Pool, tenant: str) -> AsyncIterator[Connection]:
    """A transaction that sees the rows of this business (tax code) or agency (code) alone.

    Of the platform's own pool too; there it narrows what row-level security covers, and reaches the other tables.
    """
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute("select set_config('nsw.tenant', $1, true)", tenant)
        yield connection


async def connect(url: str, service: str, **session: str) -> "asyncpg.Connection[Any]":
    """One connection outside the pool, for what must live as long as its session (advisory locks).

    `session` adds Postgres settings for this connection.

    Raises:
        OSError, asyncpg.PostgresError: Postgres cannot be reached or refuses.
    """
    return await asyncpg.connect(
        url, command_timeout=COMMAND_SECONDS, timeout=5, server_settings=_session(service) | _OWN_WORK | session
    )
