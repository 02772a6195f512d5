"""`nsw agency`: how deliveries to agencies go, and when an agency is to be left alone."""

import asyncio
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from nsw_cli.errors import CommandError
from nsw_cli.local import database_url
from nsw_cli.options import DEFAULT_FOLDER, AsJson, DatabaseUrl, Folder
from nsw_cli.output import print_json, print_table, say

if TYPE_CHECKING:
    from nsw_runtime.database import Connection

app = typer.Typer(no_args_is_help=True, help="Agencies' systems: how deliveries go, pauses, maintenance windows.")

_SERVICE: Final = "ministry-adapter"
_STATUS: Final = """
select a.agency,
    case when p.begins_at is not null then 'paused' else coalesce(c.state, 'not seen yet') end as state,
    coalesce(p.reason, nullif(c.reason, ''), '') as reason, coalesce(p.begins_at, c.since) as since,
    p.ends_at as until,
    (select count(*) from intent i where i.lane = a.agency and not i.parked) as waiting,
    (select count(*) from intent i where i.lane = a.agency and i.parked) as parked,
    (select min(created_at) from intent i where i.lane = a.agency) as oldest,
    (select count(*) from answer n where n.agency = a.agency and n.verdict = 'early') as early,
    (select count(*) from answer n where n.agency = a.agency and n.verdict in ('unknown', 'refused')) as strange
from unnest($1::text[]) as a(agency)
left join condition c on c.agency = a.agency
left join lateral (
    select * from pause p where p.agency = a.agency and p.begins_at <= $2 and (p.ends_at is null or $2 < p.ends_at)
    order by p.ends_at desc nulls first limit 1
) p on true
order by a.agency
"""
_WINDOWS: Final = """
select agency, begins_at, ends_at, reason from pause where agency = any($1) and begins_at > $2 order by begins_at
"""
_STRANGE: Final = """
select id, dossier, verdict, reason, received_at from answer
where agency = $1 and verdict in ('unknown', 'refused', 'early') order by received_at desc limit 20
"""
_PAUSE: Final = """
insert into pause (agency, begins_at, ends_at, reason) values ($1, $2, $3, $4)
on conflict (agency, begins_at) do update set (ends_at, reason) = (excluded.ends_at, excluded.reason)
"""
_RESUME: Final = "delete from pause where agency = $1 and begins_at <= $2 and (ends_at is null or $2 < ends_at)"
_CANCEL: Final = "delete from pause where agency = $1 and (ends_at is null or $2 < ends_at)"

Agency = Annotated[str, typer.Argument(help="The agency's code, such as BYTE.")]


@app.command()
def pause(
    agency: Agency,
    reason: Annotated[str, typer.Option(help="Why; operators are shown it.")] = "",
    begins: Annotated[
        str | None, typer.Option("--from", metavar="TIME", help="2026-03-31T22:00+07:00.  [default: now]")
    ] = None,
    until: Annotated[str | None, typer.Option(metavar="TIME", help="[default: until it is resumed]")] = None,
    folder: Folder = DEFAULT_FOLDER,
    database: DatabaseUrl = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Deliver nothing to an agency: now, or in a maintenance window. What is for it waits, in order."""
    now = datetime.now(UTC)
    code = _known(agency)
    begins_at = _time("--from", begins) or now
    ends_at = _time("--until", until)
    if ends_at is not None and ends_at <= max(begins_at, now):
        raise CommandError("--until must be later than --from, and than now")
    asyncio.run(_write(database_url(folder, database), _PAUSE, code, begins_at, ends_at, reason))
    told = {"agency": code, "begins_at": begins_at, "ends_at": ends_at, "reason": reason}
    if as_json:
        print_json(told)
    else:
        end = f"until {ends_at}" if ends_at else f"until `nsw agency resume {code}`"
        say(f"{code} is left alone from {begins_at:%Y-%m-%d %H:%M} UTC {end}. It counts within a second.")


@app.command()
def resume(
    agency: Agency,
    everything: Annotated[bool, typer.Option("--all", help="Also cancel windows that are to come.")] = False,  # noqa: FBT002
    folder: Folder = DEFAULT_FOLDER,
    database: DatabaseUrl = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Deliver to an agency again."""
    code = _known(agency)
    statement = _CANCEL if everything else _RESUME
    ended = asyncio.run(_write(database_url(folder, database), statement, code, datetime.now(UTC)))
    if as_json:
        print_json({"agency": code, "ended": ended})
    elif ended:
        say(f"{code} is delivered to again, within a second.")
    else:
        say(f"{code} was not paused. `nsw agency status` shows windows that are to come.")


@app.command()
def status(
    agency: Annotated[str | None, typer.Argument(help="Only this agency, with its strange messages.")] = None,
    folder: Folder = DEFAULT_FOLDER,
    database: DatabaseUrl = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Show for each agency whether deliveries get through, what waits, and messages that could not be taken.

    `early` messages answer deliveries that are not settled yet. `strange` ones are about dossiers that the agency does
    not have, or contradict earlier ones.
    """
    from nsw_contracts.topics import AGENCIES  # noqa: PLC0415  # slow import

    codes = [_known(agency)] if agency else list(AGENCIES)
    found = asyncio.run(_look(database_url(folder, database), codes))
    if as_json:
        print_json(found)
        return
    columns = ("agency", "state", "~reason", "since", "until", "#waiting", "#parked", "#early", "#strange")
    print_table(columns, ([row[column.lstrip("#~")] for column in columns] for row in found["agencies"]))
    if found["windows"]:
        say("To come:")
        print_table(("agency", "begins_at", "ends_at", "~reason"), (list(row.values()) for row in found["windows"]))
    if found["messages"]:
        say("Messages that are not taken, the latest first:")
        shown = ("id", "dossier", "verdict", "~reason", "received_at")
        print_table(shown, (list(row.values()) for row in found["messages"]))


def _known(agency: str) -> str:
    from nsw_contracts.topics import AGENCIES  # noqa: PLC0415  # slow import

    code = agency.upper()
    if code not in AGENCIES:
        raise CommandError(f"there is no agency {agency}; there are {', '.join(AGENCIES)}")
    return code


def _time(option: str, text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise CommandError(f"{option} {text!r} is no time: write it as 2026-03-31T22:00+07:00") from None
    if found.tzinfo is None:
        raise CommandError(f"{option} {text!r} names no zone: write it as 2026-03-31T22:00+07:00")
    return found


async def _write(url: str, statement: str, *values: Any) -> int:
    from nsw_cli.database import schema  # noqa: PLC0415  # slow import

    async with schema(url, _SERVICE) as connection:
        return int((await connection.execute(statement, *values)).split()[-1])


async def _look(url: str, codes: list[str]) -> dict[str, Any]:
    from nsw_cli.database import schema  # noqa: PLC0415  # slow import

    async with schema(url, _SERVICE) as connection:
        now = datetime.now(UTC)
        messages = await _rows(connection, _STRANGE, codes[0]) if len(codes) == 1 else []
        return {
            "agencies": await _rows(connection, _STATUS, codes, now),
            "windows": await _rows(connection, _WINDOWS, codes, now),
            "messages": messages,
        }


async def _rows(connection: "Connection", statement: str, *values: Any) -> list[dict[str, Any]]:
    return [dict(row) for row in await connection.fetch(statement, *values)]
