"""`nsw install`: schemas, roles and topics for this release, on the local stack or on real clusters."""

import asyncio
from typing import Annotated

import typer

from nsw_cli.errors import CommandError
from nsw_cli.local import addresses
from nsw_cli.options import DEFAULT_FOLDER, DatabaseUrl, Folder, Kafka
from nsw_cli.output import err, say
from nsw_cli.system import role_password


def install_command(
    folder: Folder = DEFAULT_FOLDER,
    database: DatabaseUrl = None,
    kafka: Kafka = None,
    password: Annotated[
        str | None,
        typer.Option(
            envvar="NSW_ROLE_PASSWORD", show_default=False,
            help="For the services' database roles.  [default: the local stack's]",
        ),
    ] = None,
    operator_issuer: Annotated[
        str | None,
        typer.Option(
            envvar="NSW_OPERATOR_ISSUER", show_default=False,
            help="With --operator-subject: the first operator, as tokens name it (iss).",
        ),
    ] = None,
    operator_subject: Annotated[
        str | None,
        typer.Option(envvar="NSW_OPERATOR_SUBJECT", show_default=False, help="The first operator's sub."),
    ] = None,
) -> None:  # fmt: skip
    """Bring Postgres and Kafka to what this release needs: schemas, roles, migrations, topics. Safe to repeat."""
    if database and not password:
        raise CommandError("DATABASE_URL is given: set NSW_ROLE_PASSWORD too, the password of the services' roles")
    if (operator_issuer is None) != (operator_subject is None):
        raise CommandError("an operator is known by both: give --operator-issuer and --operator-subject")
    operator = (operator_issuer, operator_subject) if operator_issuer and operator_subject else None
    places = addresses(folder, database, kafka)

    from nsw_cli.install import install  # noqa: PLC0415  # slow import

    done: list[str] = []

    def note(what: str) -> None:
        done.append(what)
        err.print(what, markup=False)

    asyncio.run(install(places.database_url, places.kafka, password or role_password(folder), note, operator))
    say(f"Installed: {len(done)} changes." if done else "Nothing to do: this release is installed already.")
