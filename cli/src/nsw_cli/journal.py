"""`nsw journal archive`: old months of the journals out of Postgres and into files."""

import asyncio
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from nsw_contracts.topics import Service

from nsw_cli.errors import CommandError
from nsw_cli.local import database_url
from nsw_cli.options import DEFAULT_FOLDER, AsJson, DatabaseUrl, Folder, OneService, chosen
from nsw_cli.output import print_json, print_table, say

if TYPE_CHECKING:
    from nsw_runtime.streams import Archived

app = typer.Typer(no_args_is_help=True, help="The journals' months.")


@app.callback()
def journal() -> None:
    """The journals' months."""


@app.command()
def archive(
    before: Annotated[str, typer.Option(metavar="YYYY-MM", help="Months that end before this one.")],
    to: Annotated[Path, typer.Option(help="Folder for the files.")] = Path("archive"),
    service: OneService = None,
    folder: Folder = DEFAULT_FOLDER,
    database: DatabaseUrl = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Move old months into files (gzip, a JSON object a line) and drop them from Postgres."""
    first = _month(before, datetime.now(UTC).date())
    url = database_url(folder, database)
    to.mkdir(parents=True, exist_ok=True)
    archived = [(one, each) for one in chosen(service) for each in asyncio.run(_archive(url, one, first, to))]
    if as_json:
        print_json([{"service": one, **each._asdict()} for one, each in archived])
    elif archived:
        print_table(
            ("service", "month", "#facts", "~file", "sha256"),
            ((one, each.name, each.rows, each.file, each.sha256) for one, each in archived),
        )
    else:
        say(f"No journal holds a month before {before}.")


def _month(text: str, today: date) -> date:
    """The first day of a month that has begun: facts of later months are still to be written."""
    try:
        month = datetime.strptime(text, "%Y-%m").replace(tzinfo=UTC).date()
    except ValueError as error:
        raise CommandError(f"--before {text!r} is no month; write it as 2026-01") from error
    if month > today:
        raise CommandError(f"--before {text}: the journals are now in {today:%Y-%m}; give that or an earlier one")
    return month


async def _archive(url: str, service: Service, before: date, folder: Path) -> "list[Archived]":
    from nsw_runtime import streams  # noqa: PLC0415  # slow import

    from nsw_cli.database import schema  # noqa: PLC0415  # slow import

    async with schema(url, service) as connection:
        return await streams.archive(connection, before, folder, datetime.now(UTC))
