"""What an operator does with streams: verify, republish, adopt, archive, over a connection in one service's schema.

Verifying reads. Republishing moves `published` back; the relay does the rest. Adopting takes back from the broker what
Postgres lost in a restore. Archiving moves old months of the journal into files.
"""

import gzip
import json
import os
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, date, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any, Final, Literal, NamedTuple

from aiokafka import ConsumerRecord
from nsw_contracts.envelope import ID, TRACEPARENT, TYPE
from nsw_contracts.events import FACTS, Fact
from nsw_contracts.topics import Service

from nsw_runtime.database import Connection
from nsw_runtime.errors import NswError
from nsw_runtime.journal import COLUMNS
from nsw_runtime.kafka import Tail, TailReader
from nsw_runtime.stream_reader import read_stream
from nsw_runtime.tail_check import Agrees, BrokerAhead, BrokerLost, Head, judge, tail_position

LOOK_BACK_RECORDS: Final = 1000  # first step; doubled until the broker's copy and the journal meet

_HEADS: Final = "select topic, partition, position, published from stream_head order by topic, partition"
_HEAD: Final = "select topic, partition, position, published from stream_head where topic = $1 and partition = $2"
_ID_AT: Final = "select id from journal where topic = $1 and partition = $2 and position = $3"
_GAPS: Final = """
select coalesce(max(position) - min(position) + 1 - count(*), 0) + greatest(0, $3 - coalesce(max(position), $3))
from journal where topic = $1 and partition = $2
"""
_REWIND: Final = "update stream_head set published = $3 where topic = $1 and partition = $2"
_OLDEST: Final = "select min(position) from journal where topic = $1 and partition = $2"
_LOCK_HEAD: Final = "select position from stream_head where topic = $1 and partition = $2 for update"
_LOCAL: Final = """
delete from journal where topic = $1 and partition = $2 and position > $3
returning topic, partition, position, key, type, id, traceparent, value, recorded_at
"""
_SET_HEAD: Final = "update stream_head set position = $3, published = $4 where topic = $1 and partition = $2"
_MONTHS: Final = """
select c.relname from pg_inherits i join pg_class c on c.oid = i.inhrelid
where i.inhparent = 'journal'::regclass order by c.relname
"""
_UNPUBLISHED: Final = """
select count(*) from {month} j join stream_head h using (topic, partition) where j.position > h.published
"""

TakeBack = Callable[[Connection, Sequence[tuple[str, Fact]]], Awaitable[None]]
"""Rebuilds a service's own rows from facts that came from outside and exist nowhere else."""


class StreamReport(NamedTuple):
    """One stream: journal head, last acknowledged, the broker's last position, positions missing in the journal."""

    topic: str
    partition: int
    position: int
    published: int
    broker_tail: int | None
    gaps: int
    verdict: Literal["agrees", "broker lost", "broker ahead", "unknown"]


async def verify(connection: Connection, service: Service, bootstrap: str) -> list[StreamReport]:
    """Compare every stream the service writes with the broker, and look for holes in its journal.

    Raises:
        StreamUnavailable: the broker cannot be reached.
    """
    heads = [Head(*row) for row in await connection.fetch(_HEADS)]
    reader = TailReader(bootstrap, f"nsw-{service}-verify")
    tails = await reader.last_records([(head.topic, head.partition) for head in heads])
    reports = []
    for head in heads:
        tail = tails[head.topic, head.partition]
        at = tail_position(tail)
        verdict: Literal["agrees", "broker lost", "broker ahead", "unknown"] = "unknown"
        match judge(head, tail, await _id_at(connection, head, at)):
            case BrokerAhead():
                verdict = "broker ahead"
            case BrokerLost():
                verdict = "broker lost"
            case Agrees() if at is not None:
                verdict = "agrees"
        gaps = await connection.fetchval(_GAPS, head.topic, head.partition, head.position)
        reports.append(StreamReport(*_columns(head), at, gaps, verdict))
    return reports


async def republish(connection: Connection, topic: str, partition: int, from_position: int) -> int:
    """Have the relay send a stream again from a position; gives how many facts that is.

    Raises:
        NswError: there is no such stream, or the journal does not hold that position.
    """
    row = await connection.fetchrow(_HEAD, topic, partition)
    if row is None:
        raise NswError(f"{topic}[{partition}] is not written here; `nsw stream verify` lists the streams")
    head = Head(*row)
    oldest = await connection.fetchval(_OLDEST, topic, partition) or head.position + 1
    if not oldest <= from_position <= head.position:
        raise NswError(
            f"{topic}[{partition}]: the journal holds positions {oldest} to {head.position}, not {from_position}; "
            "older ones are in the archive"
        )
    await connection.execute(_REWIND, topic, partition, min(head.published, from_position - 1))
    return head.position - min(head.published, from_position - 1)


async def adopt(
    connection: Connection, service: Service, bootstrap: str, at: datetime, take_back: TakeBack | None
) -> dict[tuple[str, int], int]:
    """Take back from the broker the facts this service's journal lost; gives how many of each stream.

    They keep their positions. Facts stated here since the restore have reached nobody: they move behind them. With
    `take_back` the service's own rows are rebuilt; without, the service will derive the same facts again, and they are
    recognised by their ids. One transaction a stream.

    Raises:
        StreamUnavailable: the broker cannot be reached.
        NswError: the broker's copy has holes, so that not everything can be taken back.
    """
    heads = [Head(*row) for row in await connection.fetch(_HEADS)]
    reader = TailReader(bootstrap, f"nsw-{service}-adopt")
    tails = await reader.last_records([(head.topic, head.partition) for head in heads])
    adopted = {}
    for head in heads:
        tail = tails[head.topic, head.partition]
        journal_id = await _id_at(connection, head, tail_position(tail))
        if isinstance(judge(head, tail, journal_id), BrokerAhead):
            adopted[head.topic, head.partition] = await _adopt_stream(connection, head, tail, reader, at, take_back)
    return adopted


async def _adopt_stream(
    connection: Connection, head: Head, tail: Tail, reader: TailReader, at: datetime, take_back: TakeBack | None
) -> int:
    stream = head.topic, head.partition
    async with connection.transaction():
        await connection.fetchval(_LOCK_HEAD, *stream)
        common, lost = await _lost(connection, head, tail, reader)
        ids = {row[5] for row in lost}
        stated = await connection.fetch(_LOCAL, *stream, common)
        known = {row["id"] for row in stated}
        moved = [tuple(row) for row in sorted(stated, key=lambda row: row["position"]) if row["id"] not in ids]
        last = common + len(lost)
        rows = [(*row, at) for row in lost]
        rows += [(*row[:2], last + index, *row[3:]) for index, row in enumerate(moved, 1)]
        await connection.copy_records_to_table("journal", records=rows, columns=COLUMNS)
        await connection.execute(_SET_HEAD, *stream, last + len(moved), last)
        if take_back is not None:
            facts = [(row[5], FACTS[row[4]].model_validate_json(row[7])) for row in lost if row[5] not in known]
            await take_back(connection, facts)
        else:
            await connection.executemany(
                "insert into adopted values ($1) on conflict do nothing", [(each,) for each in sorted(ids - known)]
            )
    return len(lost)


_Row = tuple[str, int, int, str, str, str, str | None, bytes]


async def _lost(connection: Connection, head: Head, tail: Tail, reader: TailReader) -> tuple[int, list[_Row]]:
    """The last position at which journal and broker agree, and the broker's facts beyond it."""
    steps = LOOK_BACK_RECORDS
    while True:
        first = max(tail.first, tail.end - steps)
        records = await reader.read_from(head.topic, head.partition, first, tail.end)
        by_position = {row[2]: row for row in map(_row, records) if row is not None}
        common = max(
            [position for position, row in by_position.items() if await _same(connection, head, position, row[5])],
            default=0,
        )
        if common or first == tail.first:
            break
        steps *= 2
    if not common and min(by_position, default=1) != 1:
        raise NswError(
            f"{head.topic}[{head.partition}]: the broker's records no longer reach back to what the journal holds; "
            "restore a newer backup"
        )
    lost = [by_position[position] for position in sorted(by_position) if position > common]
    if [row[2] for row in lost] != list(range(common + 1, common + 1 + len(lost))):
        raise NswError(
            f"{head.topic}[{head.partition}]: the broker's copy has holes beyond {common}; nothing was adopted"
        )
    return common, lost


async def _same(connection: Connection, head: Head, position: int, fact: str) -> bool:
    return bool(await connection.fetchval(_ID_AT, head.topic, head.partition, position) == fact)


async def _id_at(connection: Connection, head: Head, position: int | None) -> str | None:
    return await connection.fetchval(_ID_AT, head.topic, head.partition, position) if position else None


def _columns(head: Head) -> tuple[str, int, int, int]:
    return head.topic, head.partition, head.position, head.published


def _row(record: "ConsumerRecord[Any, Any]") -> _Row | None:
    """A record as a journal row without its time; None for what the platform did not write."""
    placed = read_stream([record], -1)
    position = placed.beyond or (placed.ready[0].position if placed.ready else 0)
    if not position:
        return None
    headers = {name: (value or b"").decode("utf-8", "replace") for name, value in record.headers}
    number = (record.key or b"").decode()
    place = (record.topic, record.partition, position)
    return (*place, number, headers.get(TYPE, ""), headers.get(ID, ""), headers.get(TRACEPARENT), record.value or b"")


class Archived(NamedTuple):
    """One month of a journal, now in a file (gzip, one JSON object a line) with this SHA-256."""

    name: str
    rows: int
    file: Path
    sha256: str


async def archive(connection: Connection, before: date, folder: Path, at: datetime) -> list[Archived]:
    """Move the journal's months that end before `before` into files in `folder`, which exists, and drop them.

    The month of `at` (now) is never moved.

    The connection is the schema's owner's. A month is dropped in the transaction in which its file was finished.

    Raises:
        NswError: a month holds facts that the broker has not acknowledged.
    """
    archived = []
    for name in [row["relname"] for row in await connection.fetch(_MONTHS)]:
        month = datetime.strptime(name.removeprefix("journal_"), "%Y%m").replace(tzinfo=UTC).date()
        if month >= min(before, at.date()).replace(day=1):
            continue
        async with connection.transaction():
            await connection.execute(f"lock table {name} in access exclusive mode")
            waiting = await connection.fetchval(_UNPUBLISHED.format(month=name))
            if waiting:
                raise NswError(f"{name} holds {waiting} facts that are not published yet; let the relay finish first")
            archived.append(await _write_month(connection, name, folder))
            await connection.execute(f"alter table journal detach partition {name}")
            await connection.execute(f"drop table {name}")
    return archived


async def _write_month(connection: Connection, name: str, folder: Path) -> Archived:
    schema = await connection.fetchval("select current_schema()")
    file = folder / f"{schema}-{name}.ndjson.gz"
    part = file.with_suffix(".part")
    rows = 0
    with gzip.open(part, "wt", encoding="utf-8") as out:
        async for row in connection.cursor(
            f"select {', '.join(COLUMNS)} from {name} order by topic, partition, position"  # noqa: S608  # our own name
        ):
            line = dict(row) | {"value": json.loads(row["value"]), "recorded_at": row["recorded_at"].isoformat()}
            out.write(json.dumps(line, ensure_ascii=False) + "\n")
            rows += 1
    with part.open("rb") as written:
        os.fsync(written.fileno())
    part.replace(file)
    return Archived(name, rows, file, sha256(file.read_bytes()).hexdigest())
