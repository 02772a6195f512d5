"""The applier: a batch of raw records in, one transaction out, each event's effect exactly once.

A batch is sorted out stream by stream (`stream_reader`), each record is validated by itself, and everything that
follows from the batch — progress, quarantine, parking, the service's state, intents, the journal — is one transaction,
in that lock order. A service has one applier, and it has one transaction on its way, or two of them would deadlock;
batches that several consumers bring meanwhile share the next one.
"""

import asyncio
import logging
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final, Generic, TypeVar

from nsw_contracts.events import READ_AS
from opentelemetry.trace import Span, SpanKind

from nsw_runtime import intents as intent_store
from nsw_runtime import metrics, progress, quarantine
from nsw_runtime.clock import Clock
from nsw_runtime.crash import crash_point
from nsw_runtime.database import UNAVAILABLE, Connection, Pool
from nsw_runtime.errors import ProgressMoved, TooMuchPoison
from nsw_runtime.group_commit import GroupCommit
from nsw_runtime.handling import Applied, ClockedHandler, Event, Handler, Intent, Park, Quarantine
from nsw_runtime.journal import Entry, Stated, append
from nsw_runtime.progress import Stream
from nsw_runtime.quarantine import ParkedEvent, Unreadable
from nsw_runtime.record_reader import contradiction, read_event, trace_of
from nsw_runtime.stream_reader import RawRecord, Reading, read_stream
from nsw_runtime.telemetry import Telemetry, fail, process_attributes, traceparent_of

log = logging.getLogger(__name__)

S = TypeVar("S")
BATCHES_TOGETHER: Final = 8  # of several consumers, in one transaction
RELEASE_DOSSIERS: Final = 100  # released dossiers tried again in one transaction
TICK_DOSSIERS: Final = 500  # whose clocks speak in one transaction

Readings = dict[Stream, Reading]


class _Batch(Generic[S]):
    """What one batch comes to, gathered before and during its transaction."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.unreadable: list[Unreadable] = []
        self.expected: dict[Stream, int] = {}
        self.reached: dict[Stream, int] = {}
        self.parked: list[ParkedEvent] = []
        self.moved: set[str] = set()  # dossiers that went on while events of theirs from another stream are parked
        self.applied: list[Event] = []
        self.states: dict[str, S] = {}
        self.changed: dict[str, S] = {}
        self.facts: list[Entry] = []
        self.stated: list[Stated] = []
        self.intents: list[Intent] = []
        self.spans: list[Span] = []
        self.poison_run: Counter[Stream] = Counter()


class Applier(Generic[S]):
    """Applies batches through one handler. `on_commit` hears of every commit, for relay and sender.

    `gather_seconds`: how long the first batch waits for those of other consumers.
    """

    def __init__(
        self,
        *,
        service: str,
        handler: Handler[S],
        pool: Pool,
        clock: Clock,
        telemetry: Telemetry,
        poison_limit: int,
        on_commit: Callable[[Sequence[Intent], Sequence[Stated]], None],
        gather_seconds: float = 0.0,
    ) -> None:
        self._service = service
        self._handler = handler
        self._pool = pool
        self._clock = clock
        self._telemetry = telemetry
        self._poison_limit = poison_limit
        self._on_commit = on_commit
        self._poison_run: Counter[Stream] = Counter()
        self._turn = asyncio.Lock()
        self._batches = GroupCommit(
            self._apply_together, gather_seconds=gather_seconds, most=BATCHES_TOGETHER, weigh=len
        )
        self.progress: dict[Stream, int] = {}

    async def apply(self, records: Sequence[RawRecord]) -> Readings:
        """Apply a batch; gives what it meant for each of its streams, once it is committed.

        Raises:
            Exception: whatever went wrong; nothing of this batch took effect.
        """
        (result,) = await self._batches.submit([records])
        if isinstance(result, Exception):
            raise result
        return result

    async def retry_released(self) -> None:
        """Try the parked events that an operator (or a new release) has released."""
        async with self._turn:
            batch: _Batch[S] = _Batch()
            async with self._pool.acquire() as connection, connection.transaction():
                rows = await quarantine.released(connection, RELEASE_DOSSIERS)
                if not rows:
                    return
                for row in rows:
                    fact = READ_AS[row.type].model_validate_json(row.value)
                    place = (row.topic, row.partition, row.position)
                    batch.events.append(Event(*place, row.type, row.id, row.traceparent, fact, row.value))
                self._trace(batch)
                await self._decide(connection, batch, waiting=set())
                await self._save(connection, batch)
                still = {item.event[:3] for item in batch.parked}
                await quarantine.keep_parked(connection, batch.parked)
                await quarantine.unpark(connection, [e for e in batch.events if e[:3] not in still])
                if batch.moved:
                    await quarantine.release(connection, sorted(batch.moved))
            self._finish(batch)
        log.info("parked events tried again", extra={"applied": len(batch.applied)})

    async def tick(self, handler: ClockedHandler[S]) -> int:
        """State what follows from time alone, in one transaction; gives how many dossiers had something to say."""
        async with self._turn:
            batch: _Batch[S] = _Batch()
            now = self._clock()
            async with self._pool.acquire() as connection, connection.transaction():
                for number, state in (await handler.due(connection, now, TICK_DOSSIERS)).items():
                    outcome = handler.tick(state, now)
                    batch.facts += outcome.facts
                    batch.intents += outcome.intents
                    batch.changed[number] = state if outcome.state is None else outcome.state
                await self._save(connection, batch)
            if batch.changed:
                self._finish(batch)
        return len(batch.changed)

    def forget(self, streams: Iterable[Stream]) -> None:
        """Streams that were taken away or are read anew: their progress is looked up again."""
        for stream in streams:
            self.progress.pop(stream, None)

    async def _apply_together(self, batches: Sequence[Sequence[RawRecord]]) -> Sequence[Readings | Exception]:
        """One transaction for all of them; when it fails for what is in one of them, one for each."""
        try:
            readings = await self._apply_batch([record for records in batches for record in records])
        except Exception as error:
            if len(batches) == 1 or isinstance(error, (ProgressMoved, *UNAVAILABLE)):
                raise
            return [await self._alone(records) for records in batches]
        return [
            {stream: readings[stream] for stream in {(record.topic, record.partition) for record in records}}
            for records in batches
        ]

    async def _alone(self, records: Sequence[RawRecord]) -> Readings | Exception:
        try:
            return await self._apply_batch(records)
        except Exception as error:  # noqa: BLE001  # given to this batch's consumer, which reads it again
            return error

    async def _apply_batch(self, records: Sequence[RawRecord]) -> Readings:
        began = time.monotonic()
        async with self._turn:
            readings = await self._read(records)
            batch = self._validate(readings)
            if batch.reached or batch.unreadable:
                await self._apply(batch)
        metrics.BATCH_RECORDS.observe(len(records))
        metrics.BATCH_SECONDS.observe(time.monotonic() - began)
        return readings

    # --- before the transaction ------------------------------------------------------------------------------------

    async def _read(self, records: Sequence[RawRecord]) -> dict[Stream, Reading]:
        by_stream: dict[Stream, list[RawRecord]] = {}
        for record in records:
            by_stream.setdefault((record.topic, record.partition), []).append(record)
        unknown = [stream for stream in by_stream if stream not in self.progress]
        if unknown:
            async with self._pool.acquire() as connection:
                self.progress |= await progress.load(connection, unknown)
        return {stream: read_stream(part, self.progress[stream]) for stream, part in by_stream.items()}

    def _validate(self, readings: Mapping[Stream, Reading]) -> _Batch[S]:
        batch: _Batch[S] = _Batch()
        run = batch.poison_run = self._poison_run.copy()  # counts once committed: a batch may be read many times
        for stream, reading in readings.items():
            if reading.repeats:
                metrics.REPEATS.labels(stream[0]).inc(reading.repeats)
            batch.unreadable += [
                Unreadable(record, None, "position: the nsw_position header is missing or no positive integer")
                for record in reading.unplaced
            ]
            for placed in reading.ready:
                event = read_event(placed)
                if isinstance(event, Unreadable):
                    batch.unreadable.append(event)
                    run[stream] += 1
                else:
                    batch.events.append(event)
                    run[stream] = 0
                if run[stream] >= self._poison_limit:
                    raise TooMuchPoison(
                        f"{run[stream]} unreadable records in a row on {stream[0]}: it stands still. "
                        "Look with `nsw quarantine list`, deploy a release that reads them, and restart"
                    )
            if reading.ready:
                batch.expected[stream] = self.progress[stream]
                batch.reached[stream] = reading.ready[-1].position
        self._trace(batch)
        return batch

    def _trace(self, batch: _Batch[S]) -> None:
        if not self._telemetry.enabled:
            return
        for index, event in enumerate(batch.events):
            attributes = process_attributes(event.topic, self._service, event.partition, event.key, len(batch.events))
            span = self._telemetry.span(
                f"process {event.topic}", event.traceparent, kind=SpanKind.CONSUMER, attributes=attributes
            )
            if span is not None:
                batch.spans.append(span)
                batch.events[index] = event._replace(traceparent=traceparent_of(span))

    # --- the transaction -------------------------------------------------------------------------------------------

    async def _apply(self, batch: _Batch[S]) -> None:
        crash_point("consumer.transaction.before")
        try:
            async with self._pool.acquire() as connection, connection.transaction():
                waiting: set[tuple[str, str, int]] = set()
                if batch.reached and await progress.move(connection, batch.expected, batch.reached):
                    waiting = await quarantine.waiting(connection, list({event.key for event in batch.events}))
                await self._decide(connection, batch, waiting)
                if batch.parked:
                    await quarantine.park(connection, batch.parked, self._clock())
                if batch.moved:
                    await quarantine.release(connection, sorted(batch.moved))
                await self._save(connection, batch)
        except BaseException as error:
            for span in batch.spans:
                fail(span, type(error).__name__)
            raise
        crash_point("consumer.transaction.after")
        self.progress |= batch.reached
        self._poison_run = batch.poison_run
        self._finish(batch)

    async def _decide(self, connection: Connection, batch: _Batch[S], waiting: set[tuple[str, str, int]]) -> None:
        batch.states = await self._handler.load(connection, batch.events)
        for event in batch.events:
            stream = event.topic, event.partition
            if (event.key, *stream) in waiting:
                batch.parked.append(ParkedEvent(event, "queued behind an earlier parked event of this dossier"))
                continue
            outcome = self._handler.handle(event, batch.states.get(event.key))
            if isinstance(outcome, Applied):
                batch.applied.append(event)
                batch.facts += outcome.facts
                batch.intents += outcome.intents
                if outcome.state is not None:
                    batch.states[event.key] = batch.changed[event.key] = outcome.state
                if waiting and any(number == event.key for number, *_ in waiting):
                    batch.moved.add(event.key)
            elif isinstance(outcome, Park):
                waiting.add((event.key, *stream))
                batch.parked.append(ParkedEvent(event, outcome.reason))
            elif isinstance(outcome, Quarantine):
                batch.unreadable.append(contradiction(event, outcome.reason))

    async def _save(self, connection: Connection, batch: _Batch[S]) -> None:
        if batch.unreadable:
            await quarantine.put_aside(connection, batch.unreadable, self._clock())
        if batch.changed:
            await self._handler.save(connection, batch.changed)
        if batch.intents:
            await intent_store.add(connection, batch.intents, self._clock())
        batch.stated = await append(connection, batch.facts, self._clock())

    # --- after it --------------------------------------------------------------------------------------------------

    def _finish(self, batch: _Batch[S]) -> None:
        for span in batch.spans:
            span.end()
        for topic, events in Counter(event.topic for event in batch.applied).items():
            metrics.APPLIED.labels(topic).inc(events)
        for item in batch.parked:
            metrics.PARKED.labels(item.event.topic).inc()
            log.warning("dossier parked", extra={"dossier": item.event.key, "reason": item.reason})
        for unreadable in batch.unreadable:
            record, reason = unreadable.record, unreadable.reason
            metrics.QUARANTINED.labels(record.topic, reason.partition(":")[0]).inc()
            where = {"topic": record.topic, "partition": record.partition, "offset": record.offset}
            log.error("record quarantined; see `nsw quarantine list`", extra=where | {"reason": reason})
            self._telemetry.error(f"quarantine {record.topic}", trace_of(record), reason.partition(":")[0], {})
        self._on_commit(batch.intents, batch.stated)
