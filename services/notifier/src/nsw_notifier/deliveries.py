"""The delivery log: one row for each request or message, with its answer; what was taken may be sent again from it."""

import json
import secrets
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple

from nsw_contracts.envelope import fact_id
from nsw_contracts.events import NOTIFIED
from nsw_runtime import intents
from nsw_runtime.database import Connection
from nsw_runtime.handling import Intent

from nsw_notifier.webhook import EventReference, events_of

REPLAYED_AT_ONCE: Final = 5_000  # events, in one request of a business
CLEARED_AT_ONCE: Final = 5_000
# Not COPY: Postgres has none into a table with row-level security.
_ADD: Final = """
insert into delivery (subscription, declarant, message_id, at, took_ms, attempt, answer, error, events, body)
select * from unnest($1::text[], $2::text[], $3::text[], $4::timestamptz[], $5::int[], $6::int[], $7::int[], $8::text[],
    $9::int[], $10::bytea[])
"""
_LIST: Final = """
select seq, message_id, at, took_ms, attempt, answer, error, events, body from delivery
where subscription = $1 and seq < $2 and ($4::boolean is null or (body is not null) = $4)
order by seq desc limit $3
"""
_ONE: Final = "select seq, body from delivery where subscription = $1 and seq = $2"
_RANGE: Final = """
select seq, body from delivery where subscription = $1 and body is not null and at >= $2 and at < $3 order by seq
"""
_CLEAR: Final = """
delete from delivery where ctid = any(array(select ctid from delivery where at < $1 order by at limit $2))
"""
_CLEAR_WAITING: Final = """
delete from intent i using subscription s
where i.lane = s.id and s.state in ('paused', 'disabled') and i.created_at < $1
"""
_CLEAR_UNVERIFIED: Final = "delete from subscription where state = 'unverified' and created_at < $1"


class Delivery(NamedTuple):
    """One request or message. `answer`: the HTTP or SMTP status, 0 where there was none. `body`: what was taken."""

    subscription: str
    declarant: str
    message_id: str
    at: datetime
    took_ms: int
    attempt: int
    answer: int
    error: str
    events: int
    body: bytes | None


async def add(connection: Connection, deliveries: Sequence[Delivery]) -> None:
    """Write rows, in the transaction that states what came of them."""
    if deliveries:
        await connection.execute(_ADD, *(list(column) for column in zip(*deliveries, strict=True)))


async def recent(
    connection: Connection, subscription: str, *, before: int, most: int, taken: bool | None
) -> list[dict[str, Any]]:
    """A subscription's deliveries, the latest first, with what was in those that were taken."""
    rows = await connection.fetch(_LIST, subscription, before, most, taken)
    return [
        {
            "id": str(row["seq"]),
            "message_id": row["message_id"],
            "at": row["at"].isoformat(),
            "took_ms": row["took_ms"],
            "attempt": row["attempt"],
            "status": "failed" if row["body"] is None else "delivered",
            "answer": row["answer"] or None,
            "error": row["error"],
            "events": row["events"],
            "contents": _contents(row["body"]),
        }
        for row in rows
    ]


def _contents(body: bytes | None) -> list[dict[str, Any]]:
    found = []
    for line in events_of(body) if body else ():
        event = json.loads(line)
        data = event["data"]
        found.append(
            {"id": event["id"], "type": event["type"], "dossier": data["number"], "revision": data["revision"]}
        )
    return found


async def replay_one(connection: Connection, subscription: str, seq: int, at: datetime) -> int | None:
    """Queue what one delivery held once more; how many events, None where there is no such delivery to replay."""
    row = await connection.fetchrow(_ONE, subscription, seq)
    if row is None or row["body"] is None:
        return None
    return await _queue(connection, subscription, [row["body"]], at)


async def replay_range(
    connection: Connection, subscription: str, since: datetime, until: datetime, at: datetime
) -> int:
    """Queue what was delivered in [since, until) once more, in the same order; how many events.

    Raises:
        ValueError: there are more than may be replayed at once; nothing is queued.
    """
    rows = await connection.fetch(_RANGE, subscription, since, until)
    return await _queue(connection, subscription, [row["body"] for row in rows], at)


async def _queue(connection: Connection, subscription: str, bodies: Sequence[bytes], at: datetime) -> int:
    """Each event keeps its id, by which the receiver knows it; what is stated of it is a fact of its own."""
    lines = [line for body in bodies for line in events_of(body)]
    if len(lines) > REPLAYED_AT_ONCE:
        raise ValueError(len(lines))
    again = f"{subscription}/again/{secrets.token_hex(8)}"
    queued = []
    for place, line in enumerate(lines):
        event = EventReference.model_validate_json(line)
        identity = fact_id(event.id, NOTIFIED, f"{again}/{place}")
        queued.append(Intent(subscription, identity, event.data.number, line, None))
    if queued:
        await intents.add(connection, queued, at)
    return len(queued)


async def clear(
    connection: Connection, *, delivered_before: datetime, waiting_before: datetime, unverified_before: datetime
) -> int:
    """Remove rows that have been kept long enough, some at a time, and what has waited too long; how many rows."""
    await connection.execute(_CLEAR_WAITING, waiting_before)
    await connection.execute(_CLEAR_UNVERIFIED, unverified_before)
    done = await connection.execute(_CLEAR, delivered_before, CLEARED_AT_ONCE)
    return int(done.split()[-1])
