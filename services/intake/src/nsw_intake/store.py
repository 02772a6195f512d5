"""Intake's tables: what was filed, and what was heard of it. All SQL of intake stands here."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple, cast

from nsw_contracts.events import PublicFact, StatusChanged, says
from nsw_contracts.lifecycle import POSSIBLE
from nsw_runtime.database import Connection
from nsw_runtime.handling import Event


class Filing(NamedTuple):
    """One dossier about to be taken in."""

    number: str
    declarant: str
    idempotency_key: str
    content_sha256: str
    procedure: str
    pack_version: str
    submitted_at: datetime
    documents: str | None = None


class Filed(NamedTuple):
    """What the window holds under a business's idempotency key."""

    number: str
    content_sha256: str
    submitted_at: datetime


_FILE: Final = """
insert into dossier (number, declarant, idempotency_key, content_sha256, procedure, pack_version, submitted_at,
    documents)
select * from unnest(
    $1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::timestamptz[], $8::jsonb[]
) as f(n, d, k, s, p, v, t, r)
order by d, k
on conflict do nothing
returning number
"""
_FILED: Final = """
select d.declarant, d.idempotency_key, d.number, d.content_sha256, d.submitted_at
from unnest($1::text[], $2::text[]) as k(declarant, idempotency_key) join dossier d using (declarant, idempotency_key)
"""
_DECLARANT: Final = "select declarant from dossier where number = $1"
_DOSSIER: Final = """
select number, declarant, procedure, pack_version, submitted_at, content_sha256 from dossier where number = $1
"""
_TIMELINE: Final = "select revision, type, status, fact from timeline where number = $1 order by revision"
_ELSEWHERE: Final = frozenset(PublicFact.model_fields)  # of a fact: in the entry under other names, or the dossier's
_HEARD: Final = """
insert into timeline (number, declarant, revision, type, status, fact, document)
select * from unnest($1::text[], $2::text[], $3::int[], $4::text[], $5::text[], $6::text[], $7::text[])
on conflict do nothing
"""


async def file(connection: Connection, filings: Sequence[Filing]) -> set[str]:
    """File dossiers; gives the numbers that were filed. Left out: a key that is held already, a number that was given.

    Of two with one key the first is filed.
    """
    columns = [list(column) for column in zip(*filings, strict=True)]
    return {row["number"] for row in await connection.fetch(_FILE, *columns)}


async def filed(connection: Connection, keys: Sequence[tuple[str, str]]) -> dict[tuple[str, str], Filed]:
    """What is held under these (declarant, idempotency key) pairs."""
    rows = await connection.fetch(_FILED, [declarant for declarant, _ in keys], [key for _, key in keys])
    return {(row[0], row[1]): Filed(*row[2:]) for row in rows}


async def hear(connection: Connection, events: Sequence[Event]) -> None:
    """Note public facts, as they were journaled."""
    facts = [cast("PublicFact", event.fact) for event in events]
    await connection.execute(
        _HEARD,
        [fact.number for fact in facts],
        [fact.declarant for fact in facts],
        [fact.revision for fact in facts],
        [says(event.type) for event in events],
        [fact.status for fact in facts],
        [event.value.decode() for event in events],
        [one.document.sha256 if isinstance(one, StatusChanged) and one.document else None for one in facts],
    )


async def declarant(connection: Connection, number: str) -> str | None:
    """Whose dossier this is; None where there is none."""
    found: str | None = await connection.fetchval(_DECLARANT, number)
    return found


async def dossier(connection: Connection, number: str) -> dict[str, Any] | None:
    """A dossier as a business sees it: its status and its timeline; None where there is none."""
    row = await connection.fetchrow(_DOSSIER, number)
    if row is None:
        return None
    timeline: list[dict[str, Any]] = [
        {"revision": 0, "type": "submitted", "status": "submitted", "at": row["submitted_at"].isoformat()}
    ]
    timeline += [_entry(row) for row in await connection.fetch(_TIMELINE, number)]
    return {
        "number": row["number"],
        "declarant": row["declarant"],
        "procedure": row["procedure"],
        "pack_version": row["pack_version"],
        "status": timeline[-1]["status"],
        "possible": list(POSSIBLE[timeline[-1]["status"]]),
        "submitted_at": row["submitted_at"].isoformat(),
        "content_sha256": row["content_sha256"],
        "timeline": timeline,
    }


def _entry(row: Mapping[str, Any]) -> dict[str, Any]:
    fact = json.loads(row["fact"])
    return {
        "revision": row["revision"],
        "type": row["type"],
        "status": row["status"],
        "at": fact["changed_at"],
        "agency": fact["agency"],
        **{name: value for name, value in fact.items() if name not in _ELSEWHERE},
    }
