"""The options that several commands share, each defined once."""

import inspect
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Annotated, Any, Concatenate, Final, ParamSpec, TypeVar

import typer
from nsw_contracts.topics import SERVICES, Service

DEFAULT_FOLDER: Final = Path(".nsw")
P = ParamSpec("P")
T = TypeVar("T")

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


def taking(find: Callable[..., T]) -> Callable[[Callable[Concatenate[T, P], None]], Callable[..., None]]:
    """Give a command, as its first argument, what `find` makes of its own options; they stand behind the command's."""
    options = [one.replace(kind=inspect.Parameter.KEYWORD_ONLY) for one in inspect.signature(find).parameters.values()]

    def taken(command: Callable[Concatenate[T, P], None]) -> Callable[..., None]:
        _, *own = inspect.signature(command).parameters.values()

        @wraps(command)
        def found(**given: Any) -> None:
            first = find(**{one.name: given.pop(one.name) for one in options})
            command(first, **given)  # type: ignore[call-arg]  # typer gives what the signature below names

        shown = [one.replace(kind=inspect.Parameter.KEYWORD_ONLY) for one in own] + options
        found.__signature__ = inspect.Signature(shown)  # type: ignore[attr-defined]
        return found

    return taken
