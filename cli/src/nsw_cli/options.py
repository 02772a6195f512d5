"""The options that several commands share, each defined once."""

from pathlib import Path
from typing import Annotated, Final

import typer
from nsw_contracts.topics import SERVICES, Service

DEFAULT_FOLDER: Final = Path(".nsw")

Folder = Annotated[Path, typer.Option("--folder", help="The local stack's folder.", show_default=True)]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON document on standard output.")]
DatabaseUrl = Annotated[
    str | None,
    typer.Option(
        "--database-url",
        envvar="DATABASE_URL",
        help="Postgres as the database's owner.  [default: the local stack's]",
        show_default=False,
    ),
]
Kafka = Annotated[
    str | None,
    typer.Option(
        "--kafka",
        envvar="KAFKA_BOOTSTRAP_SERVERS",
        help="host:port of the brokers.  [default: the local stack's]",
        show_default=False,
    ),
]
IntakeUrl = Annotated[
    str | None,
    typer.Option(
        "--url",
        "--intake-url",
        envvar="NSW_INTAKE_URL",
        help="Intake's base URL.  [default: the local stack's]",
        show_default=False,
    ),
]
Token = Annotated[
    str | None,
    typer.Option(
        "--token",
        envvar="NSW_TOKEN",
        help="The bearer token to ask with; see `nsw token`.  [default: one of the local stack's]",
        show_default=False,
    ),
]
OneService = Annotated[
    Service | None, typer.Option("--service", help="Only this service.  [default: all]", show_default=False)
]


def chosen(service: Service | None) -> tuple[Service, ...]:
    """The services a command is about."""
    return SERVICES if service is None else (service,)
