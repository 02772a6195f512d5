"""The store of intents: effects on the outside, in order within a lane, kept until their result is a fact."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final, NamedTuple

from nsw_runtime.database import Connection
from nsw_runtime.handling import Intent


class Pending(NamedTuple):
    """An intent that waits. `attempts` counts tries that are over."""

    lane: str
    seq: int
    id: str
    dossier: str
    body: bytes
    traceparent: str | None
    attempts: int
    created_at: datetime


COLUMNS: Final = ("lane", "id", "dossier", "body", "traceparent", "created_at")
_LANES: Final = "select distinct lane from intent where not parked order by lane"
_DUE: Final = """
select i.lane, i.seq, i.id, i.dossier, i.body, i.traceparent, i.attempts, i.created_at
from unnest($1::text[], $2::int[]) as l(lane, most)
cross join lateral (
    select * from intent i where i.lane = l.lane and not i.parked and (i.due_at is null or i.due_at <= $3)
    and not exists (
        select from intent p where p.lane = i.lane and p.dossier = i.dossier and p.seq < i.seq
        and (p.parked or p.due_at is not null) and (p.parked or p.due_at > $3)
    )
    order by i.seq limit l.most
) i
order by i.lane, i.seq
"""
_DONE: Final = """
delete from intent where ctid = any(array(
    select i.ctid from unnest($1::text[], $2::bigint[]) as d(lane, seq)
    cross join lateral (select ctid from intent i where i.lane = d.lane and i.seq = d.seq limit 1) i
))
returning lane, seq
"""  # one index probe for each, whatever the planner believes of the table's size
_FAILED: Final = """
update intent i set attempts = attempts + 1, last_error = f.error, parked = f.parked, due_at = f.due_at
from unnest($1::text[], $2::bigint[], $3::text[], $4::boolean[], $5::timestamptz[])
    as f(lane, seq, error, parked, due_at)
where i.lane = f.lane and i.seq = f.seq
"""


async def add(connection: Connection, intents: Sequence[Intent], at: datetime) -> None:
    """Add intents, in this order, in the caller's transaction."""
    await connection.copy_records_to_table("intent", records=[(*intent, at) for intent in intents], columns=COLUMNS)


async def lanes(connection: Connection) -> list[str]:
    """The lanes in which something waits.

    Reads the whole table, which costs the same whatever the planner believes of it. A walk from lane to lane by the
    index is faster when the planner takes the index, and quadratic when it does not.
    """
    return [row["lane"] for row in await connection.fetch(_LANES)]


class Failure(NamedTuple):
    """A try that failed. `parked`: for an operator. `due_at`: its dossier waits till then, whatever its lane does."""

    lane: str
    seq: int
    error: str
    parked: bool
    due_at: datetime | None = None


async def due(connection: Connection, most: dict[str, int], now: datetime) -> dict[str, list[Pending]]:
    """The first intents of each lane, at most so many; none behind one of its dossier that is parked or waits."""
    found: dict[str, list[Pending]] = {}
    for row in await connection.fetch(_DUE, list(most), list(most.values()), now):
        found.setdefault(row["lane"], []).append(Pending(*row))
    return found


async def done(connection: Connection, places: Sequence[tuple[str, int]]) -> set[tuple[str, int]]:
    """Remove intents by (lane, seq), in this order; gives those that were still there.

    Only their results may be stated, in the same transaction: the others' were, by somebody else.
    """
    rows = await connection.fetch(_DONE, [lane for lane, _ in places], [seq for _, seq in places])
    return {(row["lane"], row["seq"]) for row in rows}


async def failed(connection: Connection, failures: Sequence[Failure]) -> None:
    """Note failed tries."""
    await connection.execute(_FAILED, *(list(column) for column in zip(*failures, strict=True)))
