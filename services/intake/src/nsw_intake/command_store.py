"""What businesses asked for after filing. All SQL of commands stands here."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final, NamedTuple

from nsw_contracts.lifecycle import Status
from nsw_runtime.database import Connection


class Standing(NamedTuple):
    """A dossier as intake last heard of it: whose it is, by which pack it is judged, its status and last revision."""

    declarant: str
    procedure: str
    pack_version: str
    status: Status
    revision: int


class Held(NamedTuple):
    """A command held under an idempotency key of its dossier."""

    command: str
    sha256: str
    id: str
    filed_at: datetime


class CommandRow(NamedTuple):
    """A command about to be held."""

    number: str
    declarant: str
    idempotency_key: str
    command: str
    sha256: str
    id: str
    filed_at: datetime
    documents: str | None = None


TAKEN_BACK: Final = "taken-back"
"""In a digest's place, of a command taken back from the broker: its body as it was sent is not known any more."""

_STANDING: Final = """
select d.number, d.declarant, d.procedure, d.pack_version, coalesce(t.status, 'submitted'), coalesce(t.revision, 0)
from unnest($1::text[]) as n(number) join dossier d using (number) left join lateral (
    select status, revision from timeline t where t.number = d.number order by revision desc limit 1
) t on true
"""
_HELD: Final = """
select c.number, c.idempotency_key, c.command, c.sha256, c.id, c.filed_at
from unnest($1::text[], $2::text[]) as k(number, idempotency_key) join command c using (number, idempotency_key)
"""
_FILE: Final = """
insert into command (number, declarant, idempotency_key, command, sha256, id, filed_at, documents)
select * from unnest(
    $1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::timestamptz[], $8::jsonb[]
) as c(n, b, k, c, s, i, f, d)
order by n, k
on conflict do nothing
returning number, idempotency_key
"""

Key = tuple[str, str]
"""A dossier's number and an idempotency key."""


async def standing(connection: Connection, numbers: Sequence[str]) -> dict[str, Standing]:
    """These dossiers as they stand; those that do not exist are left out."""
    return {row[0]: Standing(*row[1:]) for row in await connection.fetch(_STANDING, numbers)}


async def held(connection: Connection, keys: Sequence[Key]) -> dict[Key, Held]:
    """What is held under these keys."""
    rows = await connection.fetch(_HELD, [number for number, _ in keys], [key for _, key in keys])
    return {(row[0], row[1]): Held(*row[2:]) for row in rows}


async def file(connection: Connection, rows: Sequence[CommandRow]) -> set[Key]:
    """Hold commands; gives the keys of those that are new. Of two with one key the first is held."""
    columns = [list(column) for column in zip(*rows, strict=True)]
    return {(row[0], row[1]) for row in await connection.fetch(_FILE, *columns)}
