"""`nsw quarantine list`: records that could not be read. Their values may hold personal data: only when asked for."""

import asyncio
import json
from typing import Annotated, Any, Final

import typer
from nsw_contracts.topics import Service

from nsw_cli.local import database_url
from nsw_cli.options import DEFAULT_FOLDER, AsJson, DatabaseUrl, Folder, OneService, chosen
from nsw_cli.output import print_json, print_table, say

app = typer.Typer(no_args_is_help=True, help="Records that could not be read.")

_LIST: Final = """
select topic, partition, record_offset as offset, position, reason, quarantined_at as at, key, headers, value
from quarantine order by quarantined_at, topic, partition, record_offset
"""
_COLUMNS: Final = ("service", "topic", "#partition", "#offset", "#position", "~reason", "at")
_RAW: Final = ("key", "headers", "value")


@app.callback()
def quarantine() -> None:
    """Records that could not be read."""


@app.command("list")
def list_quarantined(
    service: OneService = None,
    folder: Folder = DEFAULT_FOLDER,
    database: DatabaseUrl = None,
    *,
    show_value: Annotated[bool, typer.Option("--show-value", help="Key, headers and value, too.")] = False,
    as_json: AsJson = False,
) -> None:
    """List quarantined records, where they stood and why they could not be read."""
    url = database_url(folder, database)
    found = [row for one in chosen(service) for row in asyncio.run(_list(url, one, show_value=show_value))]
    if as_json:
        print_json(found)
    elif found:
        columns = [*_COLUMNS, *(f"~{name}" for name in _RAW if show_value)]
        print_table(columns, ([row[column.lstrip("#~")] for column in columns] for row in found))
    else:
        say("Nothing is in quarantine.")


async def _list(url: str, service: Service, *, show_value: bool) -> list[dict[str, Any]]:
    from nsw_cli.database import schema  # noqa: PLC0415  # slow import

    async with schema(url, service) as connection:
        rows = [{"service": service, **row} for row in await connection.fetch(_LIST)]
    for row in rows:
        if row["offset"] < 0:  # read from parking, where it is not known
            row["offset"] = None
        for name in _RAW:
            row[name] = _readable(row[name]) if show_value else None
    return rows if show_value else [{name: row[name] for name in row if name not in _RAW} for row in rows]


def _readable(raw: bytes | str | None) -> Any:
    """Bytes as text with escapes; headers, which Postgres keeps as JSON, as they are."""
    if isinstance(raw, bytes):
        return raw.decode("utf-8", "backslashreplace")
    return json.loads(raw) if raw is not None else None
