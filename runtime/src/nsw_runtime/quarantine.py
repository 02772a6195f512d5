"""Quarantine and parking: what could not be applied, kept in Postgres where an operator can see it.

Quarantine holds raw records that can never be applied; parking holds, in order, the events of dossiers that cannot go
on now. Both are written in the transaction that moves progress past them, so nothing is ever only skipped.
"""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Final, NamedTuple

from nsw_runtime.database import Connection
from nsw_runtime.handling import Event
from nsw_runtime.stream_reader import RawRecord


class Unreadable(NamedTuple):
    """A record put aside, where it stood in its stream if that could be read, and why."""

    record: RawRecord
    position: int | None
    reason: str


class ParkedEvent(NamedTuple):
    """An event and why its dossier waits."""

    event: Event
    reason: str


_QUARANTINE: Final = """
insert into quarantine (topic, partition, record_offset, position, key, headers, value, reason, quarantined_at)
select * from unnest($1::text[], $2::int[], $3::bigint[], $4::bigint[], $5::bytea[], $6::jsonb[], $7::bytea[],
    $8::text[]), (select $9::timestamptz) as at
on conflict do nothing
"""
_PARK: Final = """
insert into parked (topic, partition, position, dossier, type, id, traceparent, value, reason, parked_at)
select * from unnest($1::text[], $2::int[], $3::bigint[], $4::text[], $5::text[], $6::text[], $7::text[], $8::bytea[],
    $9::text[]), (select $10::timestamptz) as at
"""
_WAITING: Final = "select distinct dossier, topic, partition from parked where dossier = any($1)"
_RELEASE: Final = "update parked set released = true where dossier = any($1)"
_RELEASED: Final = """
select topic, partition, position, dossier, type, id, traceparent, value from parked
where dossier in (select dossier from parked where released order by dossier limit $1)
order by dossier, parked_at, topic, partition, position
for update
"""
_UNPARK: Final = """
delete from parked p using unnest($1::text[], $2::int[], $3::bigint[]) as d(topic, partition, position)
where p.topic = d.topic and p.partition = d.partition and p.position = d.position
"""
_STILL: Final = """
update parked p set released = false, reason = d.reason
from unnest($1::text[], $2::int[], $3::bigint[], $4::text[]) as d(topic, partition, position, reason)
where p.topic = d.topic and p.partition = d.partition and p.position = d.position
"""


async def put_aside(connection: Connection, unreadable: Sequence[Unreadable], at: datetime) -> None:
    """Quarantine records, raw. A record met again at the same offset is kept once."""
    records = [item.record for item in unreadable]
    await connection.execute(
        _QUARANTINE,
        [record.topic for record in records],
        [record.partition for record in records],
        [record.offset for record in records],
        [item.position for item in unreadable],
        [record.key for record in records],
        [_printable(record) for record in records],
        [record.value for record in records],
        [item.reason for item in unreadable],
        at,
    )


def _printable(record: RawRecord) -> str:
    pairs = [
        [name, None if value is None else value.decode("utf-8", "backslashreplace")] for name, value in record.headers
    ]
    # jsonb holds no NUL. It is replaced before the JSON is made: afterwards an honest backslash looks like its escape.
    return json.dumps([[text and text.replace("\x00", "\\0") for text in pair] for pair in pairs])


async def park(connection: Connection, parked: Sequence[ParkedEvent], at: datetime) -> None:
    """Park events, in this order."""
    events = [item.event for item in parked]
    await connection.execute(
        _PARK,
        [event.topic for event in events],
        [event.partition for event in events],
        [event.position for event in events],
        [event.key for event in events],
        [event.type for event in events],
        [event.id for event in events],
        [event.traceparent for event in events],
        [event.value for event in events],
        [item.reason for item in parked],
        at,
    )


async def waiting(connection: Connection, dossiers: Sequence[str]) -> set[tuple[str, str, int]]:
    """Which of these dossiers have parked events, and of which streams: (dossier, topic, partition).

    Anything later of the same stream queues behind. What another stream says of the dossier may be what it waits for.
    """
    return {tuple(row) for row in await connection.fetch(_WAITING, dossiers)}


async def release(connection: Connection, dossiers: Sequence[str]) -> None:
    """Have the parked events of these dossiers tried again."""
    await connection.execute(_RELEASE, dossiers)


class ReleasedRow(NamedTuple):
    """A parked event to be tried again, as stored."""

    topic: str
    partition: int
    position: int
    dossier: str
    type: str
    id: str
    traceparent: str | None
    value: bytes


async def released(connection: Connection, dossiers: int) -> list[ReleasedRow]:
    """All parked events of up to so many released dossiers, locked, in each dossier's order."""
    return [ReleasedRow(*row) for row in await connection.fetch(_RELEASED, dossiers)]


async def unpark(connection: Connection, events: Sequence[Event]) -> None:
    """Remove events that have now been applied or quarantined."""
    await connection.execute(_UNPARK, *_keys(events))


async def keep_parked(connection: Connection, parked: Sequence[ParkedEvent]) -> None:
    """Events that still cannot be applied: they wait on, with today's reason."""
    await connection.execute(_STILL, *_keys([item.event for item in parked]), [item.reason for item in parked])


def _keys(events: Sequence[Event]) -> tuple[list[str], list[int], list[int]]:
    return [e.topic for e in events], [e.partition for e in events], [e.position for e in events]
