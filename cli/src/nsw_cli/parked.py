"""`nsw parked`: dossiers that wait for an operator, as events not applied or as effects not carried out."""

import asyncio
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer
from nsw_contracts.topics import Service

from nsw_cli.errors import CommandError
from nsw_cli.local import database_url
from nsw_cli.options import DEFAULT_FOLDER, AsJson, DatabaseUrl, Folder, OneService, chosen
from nsw_cli.output import print_json, print_table, say

if TYPE_CHECKING:
    from nsw_runtime.database import Connection

app = typer.Typer(no_args_is_help=True, help="Dossiers that wait for an operator.")

_LIST: Final = """
select 'event' as kind, dossier, type as what, topic || '[' || partition || ']@' || position as place,
    reason, parked_at as since, released
from parked
union all
select 'intent', dossier, lane, id, coalesce(last_error, ''), created_at, false from intent where parked
order by since, dossier, place
"""
_RELEASE_EVENTS: Final = "update parked set released = true where $1::text[] is null or dossier = any($1)"
_RELEASE_INTENTS: Final = "update intent set parked = false where parked and ($1::text[] is null or dossier = any($1))"


@app.command("list")
def list_parked(
    service: OneService = None,
    folder: Folder = DEFAULT_FOLDER,
    database: DatabaseUrl = None,
    *,
    as_json: AsJson = False,
) -> None:
    """List parked events and parked intents, the oldest first in each service."""
    url = database_url(folder, database)
    found = [row for one in chosen(service) for row in asyncio.run(_list(url, one))]
    if as_json:
        print_json(found)
    elif found:
        columns = ("service", "kind", "dossier", "what", "~reason", "since", "released")
        print_table(columns, ([row[column.removeprefix("~")] for column in columns] for row in found))
        say("When the reason is gone: nsw parked release DOSSIER…, or --all.")
    else:
        say("Nothing is parked.")


@app.command()
def release(
    dossiers: Annotated[list[str] | None, typer.Argument(help="Dossier numbers.", show_default=False)] = None,
    everything: Annotated[bool, typer.Option("--all", help="Every parked dossier.")] = False,  # noqa: FBT002
    service: OneService = None,
    folder: Folder = DEFAULT_FOLDER,
    database: DatabaseUrl = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Have parked events and intents tried again; what still cannot go on is parked again."""
    if bool(dossiers) == everything:
        raise CommandError("say which: dossier numbers, or --all. `nsw parked list` lists them")
    url = database_url(folder, database)
    found = [asyncio.run(_release(url, one, None if everything else dossiers)) for one in chosen(service)]
    events, intents = (sum(counts) for counts in zip(*found, strict=True))
    if dossiers and not events + intents:
        raise CommandError(f"nothing of {', '.join(dossiers)} is parked. `nsw parked list` lists what is")
    if as_json:
        print_json({"events": events, "intents": intents})
    else:
        say(f"Released {events:,} events and {intents:,} intents; running services try them within seconds.")


async def _list(url: str, service: Service) -> list[dict[str, Any]]:
    from nsw_cli.database import schema  # noqa: PLC0415  # slow import

    async with schema(url, service) as connection:
        return [{"service": service, **row} for row in await connection.fetch(_LIST)]


async def _release(url: str, service: Service, dossiers: list[str] | None) -> tuple[int, int]:
    from nsw_cli.database import schema  # noqa: PLC0415  # slow import

    async with schema(url, service) as connection, connection.transaction():
        return await _count(connection, _RELEASE_EVENTS, dossiers), await _count(connection, _RELEASE_INTENTS, dossiers)


async def _count(connection: "Connection", update: str, dossiers: list[str] | None) -> int:
    """How many rows an update changed, from Postgres' own word for it (`UPDATE 3`)."""
    return int((await connection.execute(update, dossiers)).split()[-1])
