"""Events kept for live streams: in the transaction that applies them, at positions that follow on one another.

A business's position is taken under its row's lock, which is held until the commit: positions have no gaps, and whoever
has seen one has seen all before it.
"""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Final, NamedTuple

from nsw_contracts.envelope import fact_id
from nsw_contracts.events import NOTIFIED
from nsw_runtime.database import Connection
from nsw_runtime.journal import Entry

from nsw_notifier import signals
from nsw_notifier.facts import notified
from nsw_notifier.subscription import STREAM
from nsw_notifier.webhook import EventReference

PAGE: Final = 500
CLEARED_AT_ONCE: Final = 5_000

_TAKE: Final = """
insert into stream_position (declarant, position)
select * from unnest($1::text[], $2::bigint[]) order by 1
on conflict (declarant) do update set position = stream_position.position + excluded.position
returning declarant, position
"""
# Not COPY: Postgres has none into a table with row-level security.
_KEEP: Final = """
insert into stream_event (declarant, position, subscription, dossier, procedure, type, traceparent, body, kept_at)
select *, $9 from unnest($1::text[], $2::bigint[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[],
    $8::bytea[])
"""
_OPEN: Final = """
insert into subscription (id, declarant, kind, address, delivery, events, secret, created_at)
values ($1, $2, 'stream', $3, 'single', 'all', '', $4) on conflict (declarant, address) do nothing
"""
_OPENED: Final = "select id, state from subscription where declarant = $1 and address = $2"
_BOUNDS: Final = """
select coalesce((select position from stream_position where declarant = $1), 0) as last,
    (select min(position) from stream_event where declarant = $1) as first
"""
_READ: Final = f"""
select declarant, position, dossier, procedure, type, body, told_at is null as untold
from stream_event where declarant = $1 and position > $2 order by position limit {PAGE}
"""  # noqa: S608  # a number of ours
_TELL: Final = """
update stream_event e set told_at = $3 from unnest($1::text[], $2::bigint[]) as t(declarant, position)
where e.declarant = t.declarant and e.position = t.position and e.told_at is null
returning e.declarant, e.subscription, e.dossier, e.traceparent, e.body
"""
_CLEAR: Final = """
delete from stream_event where ctid = any(array(
    select ctid from stream_event where kept_at < $1 order by kept_at limit $2))
"""


class Kept(NamedTuple):
    """An event to be kept for a business's stream. `body` is its JSON, as a webhook would carry it."""

    declarant: str
    subscription: str
    dossier: str
    procedure: str
    type: str
    traceparent: str | None
    body: bytes


class StreamEvent(NamedTuple):
    """An event of a business's stream. `untold`: no client has been sent it yet."""

    declarant: str
    position: int
    dossier: str
    procedure: str
    type: str
    body: bytes
    untold: bool


async def keep(connection: Connection, events: Sequence[Kept], at: datetime) -> None:
    """Keep events, in this order, and have those who stream hear of them after the commit."""
    counts = Counter(event.declarant for event in events)
    last = dict(await connection.fetch(_TAKE, list(counts), list(counts.values())))
    next_position = {declarant: last[declarant] - counts[declarant] for declarant in counts}
    rows = []
    for event in events:
        next_position[event.declarant] += 1
        rows.append((event.declarant, next_position[event.declarant], *event[1:]))
    await connection.execute(_KEEP, *(list(column) for column in zip(*rows, strict=True)), at)
    await signals.tell_kept(connection, counts)


async def opened(connection: Connection, declarant: str, subscription: str, at: datetime) -> tuple[str, str]:
    """A business's stream, made with this id where it has none yet: its subscription's id and state."""
    await connection.execute(_OPEN, subscription, declarant, STREAM, at)
    row = await connection.fetchrow(_OPENED, declarant, STREAM)
    return row["id"], row["state"]


async def bounds(connection: Connection, declarant: str) -> tuple[int, int]:
    """The first position that is kept, and the last that was given."""
    row = await connection.fetchrow(_BOUNDS, declarant)
    return row["first"] or row["last"] + 1, row["last"]


async def read(connection: Connection, declarant: str, after: int) -> list[StreamEvent]:
    """The next events of a business's stream, a page at most."""
    return [StreamEvent(*row) for row in await connection.fetch(_READ, declarant, after)]


async def tell(connection: Connection, places: Sequence[tuple[str, int]], at: datetime) -> list[Entry]:
    """Note that clients were sent these events; the facts of those that had not been told before, to be stated."""
    rows = await connection.fetch(
        _TELL, [declarant for declarant, _ in places], [position for _, position in places], at
    )
    return [_told(row["declarant"], row["subscription"], row["traceparent"], row["body"], at) for row in rows]


def _told(declarant: str, subscription: str, traceparent: str | None, body: bytes, at: datetime) -> Entry:
    event = EventReference.model_validate_json(body)
    return notified(
        event,
        declarant=declarant,
        subscription=subscription,
        channel="stream",
        identity=fact_id(event.id, NOTIFIED, subscription),
        answer=200,
        at=at,
        traceparent=traceparent,
    )


async def clear(connection: Connection, kept_before: datetime) -> int:
    """Remove events that have been kept long enough, some at a time; how many."""
    return int((await connection.execute(_CLEAR, kept_before, CLEARED_AT_ONCE)).split()[-1])
