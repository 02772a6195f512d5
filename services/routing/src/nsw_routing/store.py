"""Routing's table. All SQL of routing stands here."""

from collections.abc import Sequence
from typing import Final

from nsw_runtime.database import Connection

from nsw_routing.case import Case

_CASES: Final = """
select number, procedure, pack_version, declarant, agency, status, revision, delivered_at, changed_at
from dossier_case where number = any($1) order by number for update
"""
_SAVE: Final = """
insert into dossier_case
    (number, procedure, pack_version, declarant, agency, status, revision, delivered_at, changed_at)
select * from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::int[],
    $8::timestamptz[], $9::timestamptz[]) as c(n, p, v, d, a, s, r, da, ca)
order by n
on conflict (number) do update set
    status = excluded.status, revision = excluded.revision, delivered_at = excluded.delivered_at,
    changed_at = excluded.changed_at
"""


async def cases(connection: Connection, numbers: Sequence[str]) -> dict[str, Case]:
    """The cases of these dossiers, locked in the order of their numbers."""
    return {row["number"]: Case(*row) for row in await connection.fetch(_CASES, numbers)}


async def save(connection: Connection, cases: Sequence[Case]) -> None:
    """Write cases, new ones and changed ones."""
    await connection.execute(_SAVE, *(list(column) for column in zip(*cases, strict=True)))
