"""`python -m nsw_cli.install`: bring Postgres and Kafka to what this release needs. Safe to run again at any time.

Schemas, roles, migrations, stream heads, journal months, topics. It runs as the database's owner (`DATABASE_URL`); the
passwords it gives the services' roles are in `NSW_ROLE_PASSWORD`, one for all on a local stack.
"""

import asyncio
import os
import sys
from collections.abc import Callable

import asyncpg
from nsw_contracts.topics import SERVICES, TOPICS
from nsw_runtime.errors import NswError, StreamUnavailable
from nsw_runtime.kafka import ensure_topics
from nsw_runtime.migrations import migrate

from nsw_cli.services import PACKAGES


async def install(database_url: str, bootstrap: str, password: str, say: Callable[[str], None]) -> None:
    """Install or upgrade everything.

    Raises:
        NswError: says what is in the way.
    """
    for service in SERVICES:
        try:
            applied = await migrate(database_url, service, PACKAGES[service], password=password)
        except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
            why = str(error) or type(error).__name__
            raise StreamUnavailable(
                f"Postgres cannot be used: {why}. Is it up, and is DATABASE_URL its owner's?"
            ) from error
        for name in applied:
            say(f"{service}: applied {name}")
    for topic in await ensure_topics(bootstrap, TOPICS):
        say(f"made topic {topic}")


def main() -> None:
    """Install from the environment's addresses."""
    try:
        asyncio.run(
            install(
                os.environ["DATABASE_URL"],
                os.environ["KAFKA_BOOTSTRAP_SERVERS"],
                os.environ["NSW_ROLE_PASSWORD"],
                print,
            )
        )
    except KeyError as error:
        sys.exit(f"error: set {error.args[0]} and run it again")
    except NswError as error:
        sys.exit(f"error: {error}")


if __name__ == "__main__":
    main()
