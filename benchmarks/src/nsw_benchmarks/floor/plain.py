"""What the floor's processes share: a journal that goes to Kafka, a reader, an HTTP door. Nothing is checked.

Each process is the only writer of its streams, so positions are counted in memory and written with the facts.
"""

import asyncio
import os
import time
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from itertools import count
from typing import Any, NamedTuple

import asyncpg
import uvicorn
import uvloop
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from nsw_contracts import envelope
from nsw_contracts.topics import BY_NAME, Service, Topic, murmur2
from nsw_runtime.kafka import make_producer
from nsw_runtime.pace import rest

RECORDS = 1000  # a consumer takes at once, as the services do
FETCH_BYTES = 1024 * 1024
SESSION_MS = 30_000
ID_HEADER, TYPE_HEADER = 2, 4  # where `_headers` puts them
JOURNAL = ("topic", "partition", "position", "key", "type", "id", "traceparent", "value", "recorded_at")

HEADS = "select topic, partition, position from stream_head"
MOVE_HEADS = """
update stream_head h set position = w.position
from unnest($1::text[], $2::int[], $3::bigint[]) as w(topic, partition, position)
where h.topic = w.topic and h.partition = w.partition
"""
DELETE_INTENTS = """
delete from intent i using unnest($1::text[], $2::bigint[]) as d(lane, seq) where i.lane = d.lane and i.seq = d.seq
"""
BEGIN_PROGRESS = "insert into progress (topic, partition) select * from unnest($1::text[], $2::int[])"
MOVE_PROGRESS = """
update progress p set position = w.position
from unnest($1::text[], $2::int[], $3::bigint[]) as w(topic, partition, position)
where p.topic = w.topic and p.partition = w.partition
"""

Connection = Any  # asyncpg's, which is untyped
Stream = tuple[str, int]
Batch = Mapping[TopicPartition, Sequence[Any]]
Door = Callable[[bytes], Awaitable[bytes]]


class Fact(NamedTuple):
    """A fact on its way into the journal."""

    topic: str
    key: str
    type: str
    id: str
    value: bytes


def ids(process: int) -> "count[int]":
    """Numbers no other process of the floor counts; `f"{next(ids):032x}"` is an id as long as the services'."""
    return count(process << 64)


def between(value: bytes, before: bytes, after: bytes = b'"') -> bytes:
    """What stands between two marks; nothing where the first is missing."""
    start = value.find(before)
    if start < 0:
        return b""
    start += len(before)
    return value[start : value.index(after, start)]


async def connect(service: Service) -> Connection:
    """A connection in this service's schema."""
    session = {"search_path": service.replace("-", "_"), "jit": "off"}
    return await asyncpg.connect(os.environ["DATABASE_URL"], server_settings=session)


class Journal:
    """The facts of one process: COPY into the journal, and record batches to Kafka after the commit."""

    def __init__(self, service: Service, positions: dict[Stream, int], producer: AIOKafkaProducer) -> None:
        self._source = f"/nsw/{service}".encode()
        self._positions = positions
        self._producer = producer
        self._committed: list[tuple[Any, ...]] = []
        self._woken = asyncio.Event()
        self.facts = 0

    @classmethod
    async def of(cls, service: Service) -> "Journal":
        """The journal of a service, with a producer of its own."""
        connection = await connect(service)
        positions = {(row[0], row[1]): row[2] for row in await connection.fetch(HEADS)}
        await connection.close()
        producer = make_producer(os.environ["KAFKA_BOOTSTRAP_SERVERS"], f"floor-{service}")
        await producer.start()
        return cls(service, positions, producer)

    async def append(self, connection: Connection, facts: Sequence[Fact]) -> list[tuple[Any, ...]]:
        """Write facts as the last step of a transaction; `publish` what it gives after the commit."""
        now = datetime.now(UTC)
        rows = []
        moved: dict[Stream, int] = {}
        for topic, key, fact_type, fact_id, value in facts:
            stream = (topic, murmur2(key) % BY_NAME[topic].partitions)
            position = moved[stream] = self._positions[stream] = self._positions[stream] + 1
            rows.append((*stream, position, key, fact_type, fact_id, None, value, now))
        columns = [topic for topic, _ in moved], [partition for _, partition in moved], list(moved.values())
        await connection.execute(MOVE_HEADS, *columns)
        await connection.copy_records_to_table("journal", records=rows, columns=JOURNAL)
        return rows

    def publish(self, rows: list[tuple[Any, ...]]) -> None:
        """Have committed facts sent."""
        self.facts += len(rows)
        self._committed += rows
        self._woken.set()

    async def send(self) -> None:
        """Send what is committed, in order, for ever."""
        while True:
            await self._woken.wait()
            self._woken.clear()
            rows, self._committed = self._committed, []
            streams: dict[Stream, list[tuple[Any, ...]]] = {}
            for row in rows:
                streams.setdefault((row[0], row[1]), []).append(row)
            began = time.monotonic()
            await asyncio.gather(*(self._send(stream, part) for stream, part in streams.items()))
            await rest(time.monotonic() - began, len(rows))

    async def _send(self, stream: Stream, rows: Sequence[tuple[Any, ...]]) -> None:
        batch = self._producer.create_batch()
        for _, _, position, key, fact_type, fact_id, _, value, now in rows:
            one = {
                "key": key.encode(),
                "value": value,
                "timestamp": int(now.timestamp() * 1000),
                "headers": self._headers(position, key, fact_type, fact_id, now),
            }
            if batch.append(**one) is None:
                await self._send_batch(batch, stream)
                batch = self._producer.create_batch()
                batch.append(**one)
        await self._send_batch(batch, stream)

    async def _send_batch(self, batch: Any, stream: Stream) -> None:
        batch.close()
        await (await self._producer.send_batch(batch, stream[0], partition=stream[1]))

    def _headers(self, position: int, key: str, fact_type: str, fact_id: str, now: datetime) -> envelope.Headers:
        return [
            (envelope.POSITION, b"%d" % position),
            (envelope.SPECVERSION, b"1.0"),
            (envelope.ID, fact_id.encode()),
            (envelope.SOURCE, self._source),
            (envelope.TYPE, fact_type.encode()),
            (envelope.SUBJECT, key.encode()),
            (envelope.TIME, now.isoformat().encode()),
            (envelope.DATASCHEMA, b"urn:nsw:schema:" + fact_type.encode()),
            (envelope.CONTENT_TYPE, b"application/json"),
        ]


class Reader:
    """One consumer group of one process."""

    def __init__(self, consumer: AIOKafkaConsumer, connection: Connection) -> None:
        self._consumer = consumer
        self.connection = connection

    @classmethod
    async def of(cls, service: Service, topics: Sequence[Topic]) -> "Reader":
        """A reader of these topics with a connection of its own, its partitions assigned."""
        connection = await connect(service)
        streams = [(topic.name, partition) for topic in topics for partition in range(topic.partitions)]
        await connection.execute(BEGIN_PROGRESS, [topic for topic, _ in streams], [part for _, part in streams])
        consumer = AIOKafkaConsumer(
            *(topic.name for topic in topics),
            bootstrap_servers=os.environ["KAFKA_BOOTSTRAP_SERVERS"],
            group_id=f"floor-{service}",
            auto_offset_reset="earliest",
            auto_commit_interval_ms=1000,
            max_partition_fetch_bytes=FETCH_BYTES,
            session_timeout_ms=SESSION_MS,
            heartbeat_interval_ms=SESSION_MS // 10,
        )
        await consumer.start()
        return cls(consumer, connection)

    async def read(self, apply: Callable[[Connection, Batch], Awaitable[None]]) -> None:
        """Hand on batch after batch, for ever."""
        while True:
            batch = await self._consumer.getmany(timeout_ms=1000, max_records=RECORDS)
            if batch:
                began = time.monotonic()
                await apply(self.connection, batch)
                await rest(time.monotonic() - began, sum(map(len, batch.values())))


async def move_progress(connection: Connection, batch: Batch) -> None:
    """Note in the transaction how far a batch reaches."""
    await connection.execute(
        MOVE_PROGRESS,
        [place.topic for place in batch],
        [place.partition for place in batch],
        [int(records[-1].headers[0][1]) for records in batch.values()],
    )


class Results:
    """Intents carried out: deleted, and their facts journaled, many to a commit."""

    def __init__(self, journal: Journal, connection: Connection) -> None:
        self._journal = journal
        self._connection = connection
        self._done: list[tuple[str, int]] = []
        self._facts: list[Fact] = []
        self._woken = asyncio.Event()

    def add(self, intents: Sequence[tuple[str, int]], facts: Sequence[Fact]) -> None:
        """These intents (lane, seq) are carried out, and this is what came of them."""
        self._done += intents
        self._facts += facts
        self._woken.set()

    async def commit(self) -> None:
        """Commit what has come, for ever."""
        while True:
            await self._woken.wait()
            self._woken.clear()
            began = time.monotonic()
            done, self._done = self._done, []
            facts, self._facts = self._facts, []
            async with self._connection.transaction():
                columns = [lane for lane, _ in done], [seq for _, seq in done]
                await self._connection.execute(DELETE_INTENTS, *columns)
                rows = await self._journal.append(self._connection, facts)
            self._journal.publish(rows)
            await rest(time.monotonic() - began, len(rows))


def run(main: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Run a process until SIGTERM."""
    with suppress(KeyboardInterrupt):
        uvloop.run(main())


async def serve(journal: Journal, doors: Mapping[str, Door], *loops: Coroutine[Any, Any, None]) -> None:
    """Run the loops and answer HTTP until SIGTERM: the given doors, `/readyz` and the count of facts at `/metrics`."""

    async def ready(_: bytes) -> bytes:
        return b"{}"

    async def metrics(_: bytes) -> bytes:
        return b"nsw_journal_facts_total %d\n" % journal.facts

    paths = {"/readyz": ready, "/metrics": metrics, **doors}

    async def application(scope: Any, receive: Any, send: Any) -> None:
        parts, more = [], True
        while more:
            message = await receive()
            parts.append(message.get("body", b""))
            more = message.get("more_body", False)
        body = await paths[scope["path"]](b"".join(parts))
        length = (b"content-length", b"%d" % len(body))
        await send({"type": "http.response.start", "status": 200, "headers": [length]})
        await send({"type": "http.response.body", "body": body})

    config = uvicorn.Config(
        application, port=int(os.environ["NSW_HTTP_PORT"]), http="httptools", ws="none", lifespan="off",
        log_level="warning", access_log=False, timeout_graceful_shutdown=2,
    )  # fmt: skip
    server = asyncio.create_task(uvicorn.Server(config).serve())
    tasks = [server, *(asyncio.create_task(loop) for loop in (journal.send(), *loops))]
    done, rest = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    for task in rest:
        task.cancel()
    for task in done:
        task.result()  # a loop ends only by failing, and then loudly
