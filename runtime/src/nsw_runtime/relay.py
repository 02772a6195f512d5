"""The relay: copies this service's journal to Kafka, each stream in order, never skipping, never overtaking.

One owner a stream (`ownership`). What this process has just stated is handed over after its commit and sent from memory
(`_forward`), as far as it follows on what was sent. Everything else is read: each round looks across its streams in one
query, sends each stream's facts as record batches, many streams in flight, and moves `published` after the acks. When a
send fails it makes a new producer and goes on from `published`. The tail check runs at the start, whenever the
broker comes back, and every minute.
"""

import asyncio
import contextlib
import logging
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Final

import asyncpg
from aiokafka import AIOKafkaProducer
from nsw_contracts.envelope import headers
from nsw_contracts.topics import Service, written_by
from opentelemetry.trace import Span, SpanKind

from nsw_runtime import metrics
from nsw_runtime.clock import backoff
from nsw_runtime.crash import crash_point
from nsw_runtime.database import UNAVAILABLE
from nsw_runtime.errors import JournalBehindBroker, NswError, StreamUnavailable
from nsw_runtime.health import Health
from nsw_runtime.journal import Stated, make_months
from nsw_runtime.kafka import UNREACHABLE, TailReader, ensure_topics, make_producer
from nsw_runtime.ownership import GROUPS, Ownership
from nsw_runtime.pace import rest
from nsw_runtime.progress import Stream
from nsw_runtime.tail_check import BrokerAhead, BrokerLost, Head, judge, tail_position
from nsw_runtime.telemetry import Telemetry, send_attributes, traceparent_of

log = logging.getLogger(__name__)

FACTS_A_ROUND: Final = 1500  # of one stream; bounds memory and the time between acks
POLL_SECONDS: Final = 0.5  # between looks into Postgres: for what others stated, and to move `published`
HANDED_OVER: Final = 20_000  # facts held in memory; with more, all of them are read back
TAIL_CHECK_SECONDS: Final = 60.0
DIVERGED_CHECK_SECONDS: Final = 3.0  # while an operator is at work

_HEADS: Final = "select topic, partition, position, published from stream_head where partition % $2 = any($1)"
_READ: Final = """
select j.topic, j.partition, j.position, j.key, j.type, j.id, j.traceparent, j.value, j.recorded_at
from unnest($1::text[], $2::int[], $3::bigint[]) as s(topic, partition, sent)
cross join lateral (
    select * from journal j where j.topic = s.topic and j.partition = s.partition and j.position > s.sent
    order by j.position limit $4
) j
"""
# A head that a transaction holds now is left for the next round: nobody waits for anybody.
_PUBLISHED: Final = """
with wanted as (
    select * from unnest($1::text[], $2::int[], $3::bigint[], $4::bigint[]) as w(topic, partition, before, sent)
), free as (
    select h.topic, h.partition, w.sent from stream_head h join wanted w using (topic, partition)
    where h.published = w.before for update of h skip locked
)
update stream_head h set published = f.sent from free f where h.topic = f.topic and h.partition = f.partition
returning h.topic, h.partition, h.published
"""
_REWIND: Final = "update stream_head set published = $3 where topic = $1 and partition = $2 and published > $3"
_ID_AT: Final = "select id from journal where topic = $1 and partition = $2 and position = $3"


class Relay:
    """Publishes one service's streams. `run` until cancelled; `wake` after each commit."""

    def __init__(
        self, *, service: Service, database_url: str, bootstrap: str, health: Health, telemetry: Telemetry
    ) -> None:
        self._service = service
        self._bootstrap = bootstrap
        self._health = health
        self._telemetry = telemetry
        self._topics = written_by(service)
        self._ownership = Ownership(database_url, service, "relay")
        self._producer: AIOKafkaProducer | None = None
        self._tails = TailReader(bootstrap, f"nsw-{service}-tail")
        self._woken = asyncio.Event()
        self._sent: dict[Stream, int] = {}  # acknowledged; `published` in Postgres may lag behind it
        self._published: dict[Stream, int] = {}  # as last seen in Postgres
        self._next_check = 0.0
        self._next_look = 0.0
        self._fresh: dict[Stream, dict[int, Stated]] = {}  # handed over, by position
        self._held = 0
        self.diverged: dict[Stream, str] = {}
        self.checked = asyncio.Event()  # the first tail check is over, or Kafka cannot be reached

    def wake(self, stated: Sequence[Stated] | None = None) -> None:
        """Something was journaled and committed: just this, or (None) nobody says what."""
        self._held += len(stated or ())
        if stated is None or self._held > HANDED_OVER:
            self._forget_fresh()
        else:
            for row in stated:
                self._fresh.setdefault((row.topic, row.partition), {})[row.position] = row
        self._woken.set()

    def _forget_fresh(self) -> None:
        """It is read back."""
        self._fresh.clear()
        self._held = 0
        self._next_look = 0.0

    async def run(self) -> None:
        """Publish until cancelled. Never raises but on cancellation."""
        failures = 0
        try:
            while True:
                began = time.monotonic()
                try:
                    look = began >= min(self._next_look, self._next_check) or self._ownership.lost
                    if not (look or self._fresh):
                        await self._rest()
                        continue
                    sent = await (self._round() if look else self._forward())
                except (NswError, *UNREACHABLE, *UNAVAILABLE, asyncpg.PostgresError) as error:
                    await self._start_over(error)
                    await asyncio.sleep(backoff(failures, longest=3.0))
                    failures += 1
                    continue
                failures = 0
                self._health.good("relay")
                if sent:
                    await rest(time.monotonic() - began, sent)
        finally:
            await self._drop_producer()
            await self._ownership.release()

    async def _rest(self) -> None:
        """Until there is something in memory, or it is time to look into Postgres."""
        # Not `wait_for`: before Python 3.12 it loses a cancellation that comes together with what it waits for.
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(min(self._next_look, self._next_check) - time.monotonic()):
                await self._woken.wait()
        self._woken.clear()

    async def _forward(self) -> int:
        """Send what was handed over, as far as it follows on what was sent; gives how many facts."""
        fresh, self._fresh, self._held = self._fresh, {}, 0
        rows: list[Stated] = []
        for stream, found in fresh.items():
            sent = self._sent.get(stream)
            if sent is None or stream in self.diverged:
                continue  # another process's stream, or one that stands still
            while (row := found.get(sent + 1)) is not None:
                rows.append(row)
                sent += 1
            if max(found) > sent:
                self._next_look = 0.0  # one is missing in between: another process stated it, or hands it over late
        if self._producer is None or await self._wiped(self._producer):
            self._next_look = 0.0
            return 0
        if rows:
            await self._send(rows)
        return len(rows)

    async def _start_over(self, error: BaseException) -> None:
        if self._health.bad("relay", f"{type(error).__name__}: {error}"):
            log.warning("relay starts over", extra={"cause": f"{type(error).__name__}: {error}"})
        await self._drop_producer()
        if self._ownership.lost or isinstance(error, UNAVAILABLE):
            await self._ownership.release()
        self._sent.clear()
        self._published.clear()
        self._forget_fresh()
        self._next_check = 0.0
        self.checked.set()

    async def _drop_producer(self) -> None:
        producer, self._producer = self._producer, None
        if producer is None:
            return
        try:
            async with asyncio.timeout(2):
                await producer.stop()
        except UNREACHABLE:
            log.info("the old producer could not say goodbye")

    async def _round(self) -> int:
        """One look into Postgres and what follows from it; gives how many facts were sent."""
        if self._ownership.lost:
            self._sent.clear()
        self._next_look = time.monotonic() + POLL_SECONDS
        connection = await self._ownership.claim()
        if self._producer is None:
            producer = make_producer(self._bootstrap, f"nsw-{self._service}-relay")
            try:
                await producer.start()
                await producer.client.set_topics([topic.name for topic in self._topics])
            except BaseException:
                await producer.stop()
                raise
            self._producer = producer
        heads = [Head(*row) for row in await connection.fetch(_HEADS, list(self._ownership.groups), GROUPS)]
        if time.monotonic() >= self._next_check or self._restored(heads) or await self._wiped(self._producer):
            heads = await self._check_tails(connection, heads)
        for head in heads:
            stream = (head.topic, head.partition)
            if head.published < self._published.get(stream, head.published):
                log.warning("asked to republish", extra={"topic": head.topic, "from": head.published + 1})
                self._sent[stream] = head.published
            self._published[stream] = head.published
            self._sent[stream] = self._reached(head)
        waiting = [
            head for head in heads
            if head.position > self._reached(head) and (head.topic, head.partition) not in self.diverged
        ]  # fmt: skip
        self._report(heads)
        if not waiting:
            await self._move_published(connection, heads)
            return 0
        rows = await connection.fetch(
            _READ,
            [head.topic for head in waiting],
            [head.partition for head in waiting],
            [self._reached(head) for head in waiting],
            FACTS_A_ROUND,
        )
        await self._send([Stated(*row) for row in rows])
        await self._move_published(connection, heads)
        if len(rows) >= FACTS_A_ROUND:
            self._next_look = 0.0  # there may be more
        return len(rows)

    def _reached(self, head: Head) -> int:
        return max(head.published, self._sent.get((head.topic, head.partition), 0))

    def _restored(self, heads: Sequence[Head]) -> bool:
        return any(self._sent.get((head.topic, head.partition), 0) > head.position for head in heads)

    async def _wiped(self, producer: AIOKafkaProducer) -> bool:
        """Whether the broker knows a topic of ours no longer; a send would notice only when its time is up."""
        cluster, names = producer.client.cluster, [topic.name for topic in self._topics]
        if None not in map(cluster.partitions_for_topic, names):
            return False
        await producer.client.force_metadata_update()
        return None in map(cluster.partitions_for_topic, names)

    # --- sending -----------------------------------------------------------------------------------------------------

    async def _send(self, rows: Sequence[Stated]) -> None:
        crash_point("relay.send.before")
        by_stream: dict[Stream, list[Stated]] = {}
        for row in rows:
            by_stream.setdefault((row.topic, row.partition), []).append(row)
        results = await asyncio.gather(
            *(self._send_stream(stream, part) for stream, part in by_stream.items()), return_exceptions=True
        )
        crash_point("relay.send.after")
        failures = [result for result in results if isinstance(result, BaseException)]
        if failures:
            for stream, result in zip(by_stream, results, strict=True):
                if isinstance(result, BaseException):
                    metrics.SEND_FAILURES.labels(stream[0]).inc()
            raise failures[0]

    async def _send_stream(self, stream: Stream, rows: Sequence[Stated]) -> None:
        """Send one stream's facts in order, a batch at a time; what is acknowledged is noted at once."""
        producer = self._producer
        if producer is None:
            raise StreamUnavailable("the producer was dropped")
        topic, partition = stream
        spans: list[Span] = []
        batch = producer.create_batch()
        last = 0
        for row in rows:
            traceparent = row.traceparent
            span = self._telemetry.span(
                f"send {topic}", traceparent, kind=SpanKind.PRODUCER,
                attributes=send_attributes(topic, partition, row.key), start_ns=int(row.recorded_at.timestamp() * 1e9),
            ) if self._telemetry.enabled else None  # fmt: skip
            if span is not None:
                spans.append(span)
                traceparent = traceparent_of(span)
            head = headers(
                fact_type=row.type, fact=row.id, writer=self._service, key=row.key, position=row.position,
                recorded_at=row.recorded_at, traceparent=traceparent,
            )  # fmt: skip
            timestamp = int(row.recorded_at.timestamp() * 1000)
            if batch.append(key=row.key.encode(), value=row.value, timestamp=timestamp, headers=head) is None:
                await self._send_batch(producer, batch, stream, last)
                batch = producer.create_batch()
                batch.append(key=row.key.encode(), value=row.value, timestamp=timestamp, headers=head)
            last = row.position
        await self._send_batch(producer, batch, stream, last)
        for span in spans:
            span.end()
        metrics.PUBLISHED.labels(topic).inc(len(rows))

    async def _send_batch(self, producer: AIOKafkaProducer, batch: Any, stream: Stream, last: int) -> None:
        batch.close()
        await (await producer.send_batch(batch, stream[0], partition=stream[1]))
        self._sent[stream] = last

    async def _move_published(self, connection: Any, heads: Sequence[Head]) -> None:
        behind = [
            (head.topic, head.partition, head.published, self._reached(head))
            for head in heads
            if self._reached(head) > head.published
        ]
        if not behind:
            return
        moved = await connection.fetch(_PUBLISHED, *(list(column) for column in zip(*behind, strict=True)))
        for topic, partition, published in moved:
            self._published[topic, partition] = published
        crash_point("relay.published.after")

    # --- the tail check ----------------------------------------------------------------------------------------------

    async def _check_tails(self, connection: Any, heads: Sequence[Head]) -> list[Head]:
        """Compare every owned stream with the broker; gives the heads as they are afterwards."""
        made = await ensure_topics(self._bootstrap, self._topics)
        if made:
            log.warning("topics were missing and have been made", extra={"topics": made})
        tails = await self._tails.last_records([(head.topic, head.partition) for head in heads]) if heads else {}
        for head in heads:
            stream = (head.topic, head.partition)
            tail = tails[stream]
            at = tail_position(tail)
            journal_id = await connection.fetchval(_ID_AT, *stream, at) if at else None
            match judge(head, tail, journal_id):
                case BrokerAhead(position):
                    self._diverge(stream, head, position)
                    continue
                case BrokerLost(position):
                    metrics.RESENDS.labels(head.topic).inc()
                    lost = {
                        "topic": head.topic,
                        "partition": head.partition,
                        "has": position,
                        "had": head.published,
                    }
                    log.warning("the broker lost facts; sending again", extra=lost)
                    await connection.execute(_REWIND, *stream, position)
                    self._sent[stream] = self._published[stream] = position
                case _:
                    pass
            if self.diverged.pop(stream, None) is not None:
                metrics.DIVERGED.labels(head.topic, str(head.partition)).set(0)
        if self.diverged:
            self._health.bad("relay.diverged", next(iter(self.diverged.values())))
        else:
            self._health.good("relay.diverged")
        self._next_check = time.monotonic() + (DIVERGED_CHECK_SECONDS if self.diverged else TAIL_CHECK_SECONDS)
        self.checked.set()
        await make_months(connection, datetime.now(UTC))
        return [Head(*row) for row in await connection.fetch(_HEADS, list(self._ownership.groups), GROUPS)]

    def _diverge(self, stream: Stream, head: Head, tail: int) -> None:
        topic, partition = stream
        text = str(
            JournalBehindBroker(
                f"{topic}[{partition}]: the broker holds facts up to {tail}, the journal only up to {head.position}: "
                "Postgres was restored to an older point. Nothing new is taken in. Look with `nsw stream verify`, take "
                "the facts back with `nsw stream adopt`"
            )
        )
        metrics.DIVERGED.labels(topic, str(partition)).set(1)
        if self.diverged.get(stream) != text:
            log.error(text)
        self.diverged[stream] = text

    def _report(self, heads: Sequence[Head]) -> None:
        waiting: dict[str, int] = {}
        for head in heads:
            waiting[head.topic] = waiting.get(head.topic, 0) + head.position - self._reached(head)
        for topic, facts in waiting.items():
            metrics.UNPUBLISHED.labels(topic).set(facts)
