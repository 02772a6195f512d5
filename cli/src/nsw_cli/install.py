"""`python -m nsw_cli.install`: bring Postgres and Kafka to what this release needs. Safe to run again at any time.

Schemas, roles, migrations, stream heads, journal months, topics. It runs as the database's owner (`DATABASE_URL`); the
passwords it gives the services' roles are in `NSW_ROLE_PASSWORD`, one for all on a local stack. The first operator, who
registers everybody else, is named by `NSW_OPERATOR_ISSUER` and `NSW_OPERATOR_SUBJECT`: the token's `iss` and `sub`.
"""

import asyncio
import os
import sys
from collections.abc import Callable

import asyncpg
from nsw_contracts.registration_facts import OPERATOR
from nsw_contracts.topics import SERVICES, TOPICS
from nsw_intake.registration_lines import RegistrationLine
from nsw_intake.registrations import make
from nsw_runtime.clock import system_clock
from nsw_runtime.errors import NswError, StreamUnavailable
from nsw_runtime.kafka import ensure_topics
from nsw_runtime.migrations import migrate
from pydantic import ValidationError

from nsw_cli.database import schema
from nsw_cli.errors import CommandError
from nsw_cli.services import PACKAGES


async def install(
    database_url: str,
    bootstrap: str,
    password: str,
    say: Callable[[str], None],
    operator: tuple[str, str] | None = None,
) -> None:
    """Install or upgrade everything; `operator` is the issuer and subject of one to register.

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
    if operator is not None and await _register(database_url, *operator):
        say(f"registered operator {operator[1]} of {operator[0]}")
    for topic in await ensure_topics(bootstrap, TOPICS):
        say(f"made topic {topic}")


async def _register(database_url: str, issuer: str, subject: str) -> bool:
    """Register an operator; gives whether it was none before."""
    try:
        line = RegistrationLine(issuer=issuer, subject=subject, role="operator", party=OPERATOR)
    except ValidationError as error:
        wrong = "; ".join(f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors())
        raise CommandError(f"the operator cannot be registered: {wrong}. Mend NSW_OPERATOR_…, run it again") from None
    async with schema(database_url, "intake") as connection, connection.transaction():
        return bool(await make(connection, [line.registration()], system_clock))


def main() -> None:
    """Install from the environment's addresses."""
    try:
        asyncio.run(
            install(
                os.environ["DATABASE_URL"],
                os.environ["KAFKA_BOOTSTRAP_SERVERS"],
                os.environ["NSW_ROLE_PASSWORD"],
                print,
                (os.environ["NSW_OPERATOR_ISSUER"], os.environ["NSW_OPERATOR_SUBJECT"])
                if "NSW_OPERATOR_SUBJECT" in os.environ
                else None,
            )
        )
    except KeyError as error:
        sys.exit(f"error: set {error.args[0]} and run it again")
    except NswError as error:
        sys.exit(f"error: {error}")


if __name__ == "__main__":
    main()
