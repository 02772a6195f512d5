"""Postgres as an operator sees it: the database's owner, in one service's schema at a time."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

import asyncpg
from nsw_contracts.topics import Service
from nsw_runtime.database import Connection, schema_of

from nsw_cli.errors import CommandError

CONNECT_SECONDS = 5.0


@asynccontextmanager
async def schema(url: str, service: Service) -> AsyncIterator[Connection]:
    """A connection whose `search_path` is the service's schema, with no limit on a statement's time.

    Raises:
        CommandError: Postgres cannot be reached or refuses, or the schema is not installed.
    """
    place = urlsplit(url).netloc.rpartition("@")[2]  # without the password
    try:
        connection = await asyncpg.connect(
            url,
            timeout=CONNECT_SECONDS,
            server_settings={"search_path": schema_of(service), "application_name": "nsw-cli"},
        )
    except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError, ValueError) as error:
        raise CommandError(
            f"Postgres at {place} cannot be used: {str(error) or type(error).__name__}. "
            "Is it up (`nsw doctor`), and is DATABASE_URL its owner's?"
        ) from error
    try:
        yield connection
    except asyncpg.UndefinedTableError as error:
        raise CommandError(f"{place} has no tables of {service}. Make them with `nsw install`") from error
    except (asyncpg.PostgresConnectionError, asyncpg.AdminShutdownError, asyncpg.InsufficientPrivilegeError) as error:
        raise CommandError(f"Postgres at {place}: {error}. Look with `nsw doctor`, then run it again") from error
    finally:
        await connection.close()
