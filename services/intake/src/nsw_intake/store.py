"""Intake's tables: what was filed, and what was heard of it. All SQL of intake stands here."""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple

from nsw_contracts.events import StatusChanged
from nsw_runtime.database import Connection


class Filing(NamedTuple):
    """One dossier about to be taken in."""

    number: str
    declarant: str
    idempotency_key: str
    content_sha256: str
    procedure: str
    submitted_at: datetime


class Filed(NamedTuple):
    """What the window holds under a business's idempotency key."""

    number: str
    content_sha256: str
    submitted_at: datetime


_FILE: Final = """
insert into dossier (number, declarant, idempotency_key, content_sha256, procedure, submitted_at)
select * from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::timestamptz[])
    as f(n, d, k, s, p, t)
order by d, k
on conflict do nothing
returning number
"""
_FILED: Final = """
select d.declarant, d.idempotency_key, d.number, d.content_sha256, d.submitted_at
from unnest($1::text[], $2::text[]) as k(declarant, idempotency_key) join dossier d using (declarant, idempotency_key)
"""
_DOSSIER: Final = "select number, procedure, submitted_at, content_sha256 from dossier where number = $1"
_TIMELINE: Final = (
    "select revision, status, agency, changed_at, detail from timeline where number = $1 order by revision"
)
_HEARD: Final = """
insert into timeline (number, revision, status, agency, changed_at, detail)
select * from unnest($1::text[], $2::int[], $3::text[], $4::text[], $5::timestamptz[], $6::jsonb[])
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


async def hear(connection: Connection, changes: Sequence[StatusChanged]) -> None:
    """Note status changes."""
    await connection.execute(
        _HEARD,
        [change.number for change in changes],
        [change.revision for change in changes],
        [change.status for change in changes],
        [change.agency for change in changes],
        [change.changed_at for change in changes],
        [_detail(change) for change in changes],
    )


def _detail(change: StatusChanged) -> str:
    found: dict[str, Any] = {
        "reason": change.reason,
        "items": change.items,
        "outcome": change.outcome,
        "certificate_number": change.certificate_number,
    }
    return json.dumps({name: value for name, value in found.items() if value}, ensure_ascii=False)


async def dossier(connection: Connection, number: str) -> dict[str, Any] | None:
    """A dossier as a business sees it: its status and its timeline; None where there is none."""
    row = await connection.fetchrow(_DOSSIER, number)
    if row is None:
        return None
    timeline = [{"revision": 0, "status": "submitted", "at": row["submitted_at"].isoformat()}]
    timeline += [
        {
            "revision": change["revision"],
            "status": change["status"],
            "at": change["changed_at"].isoformat(),
            "agency": change["agency"],
            **json.loads(change["detail"]),
        }
        for change in await connection.fetch(_TIMELINE, number)
    ]
    return {
        "number": row["number"],
        "procedure": row["procedure"],
        "status": timeline[-1]["status"],
        "submitted_at": row["submitted_at"].isoformat(),
        "content_sha256": row["content_sha256"],
        "timeline": timeline,
    }
