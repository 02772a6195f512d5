"""One Kafka consumer's side of consuming: hand batches to the applier, and see to it that nothing is skipped.

Whatever fails is read again from the first of its records. Gaps are looked after (`gaps`). Kafka's own offsets are
committed now and then for lag monitors and a quick start; nothing rests on them.
"""

import asyncio
import logging
import time
from collections.abc import Iterable, Sequence
from typing import Any, Final, Protocol

from aiokafka import TopicPartition
from aiokafka.errors import KafkaError

from nsw_runtime import metrics
from nsw_runtime.applier import Applier
from nsw_runtime.clock import backoff
from nsw_runtime.crash import crash_point
from nsw_runtime.database import UNAVAILABLE
from nsw_runtime.errors import ProgressMoved
from nsw_runtime.gaps import Gaps
from nsw_runtime.health import Health
from nsw_runtime.progress import Stream
from nsw_runtime.stream_reader import RawRecord

log = logging.getLogger(__name__)

OFFSETS_EVERY_SECONDS: Final = 1.0


class KafkaConsumer(Protocol):
    """The part of `aiokafka.AIOKafkaConsumer` that is used here."""

    def assignment(self) -> set[TopicPartition]: ...
    def seek(self, partition: TopicPartition, offset: int) -> None: ...
    async def seek_to_beginning(self, *partitions: TopicPartition) -> bool: ...
    async def position(self, partition: TopicPartition) -> int: ...
    def highwater(self, partition: TopicPartition) -> int | None: ...
    async def commit(self) -> None: ...


class BatchConsumer:
    """The batches of one consumer group's topics, on their way to the service's applier."""

    def __init__(self, *, group: str, topics: Sequence[str], applier: Applier[Any], health: Health) -> None:
        self.group = group
        self.topics = tuple(topics)
        self._applier = applier
        self._health = health
        self._gaps = Gaps(group, health)
        self._failures = 0
        self._offsets_committed = 0.0

    async def on_batch(self, records: Sequence[RawRecord], consumer: KafkaConsumer) -> None:
        """Apply a batch. Returns when it is committed, or when it was rolled back and will be read again."""
        try:
            readings = await self._applier.apply(records)
            await self._gaps.follow(readings, self._applier.progress, consumer)
        except Exception as error:  # noqa: BLE001  # whatever it is: nothing took effect, and it must not be skipped
            await self._read_again(records, consumer, error)
            return
        self._failures = 0
        self._health.good(f"{self.group}.batch")
        await self._commit_offsets(consumer)

    def forget(self, streams: Iterable[Stream]) -> None:
        """Streams that were taken away: their progress is looked up again if they come back."""
        for stream in streams:
            self._applier.forget([stream])
            self._gaps.forget(stream)

    async def _read_again(self, records: Sequence[RawRecord], consumer: KafkaConsumer, error: Exception) -> None:
        """Nothing took effect: go back to the first of these records, after a delay that grows."""
        cause = "moved" if isinstance(error, ProgressMoved) else "away" if isinstance(error, UNAVAILABLE) else "fault"
        metrics.ROLLED_BACK.labels(cause).inc()
        text = f"{self.group}: {type(error).__name__}: {error}"
        if self._health.bad(f"{self.group}.batch", text) or cause == "moved":
            log.warning("batch rolled back", extra={"cause": text}, exc_info=error if cause == "fault" else None)
        streams = {(record.topic, record.partition) for record in records}
        self.forget(streams)
        if cause != "moved":
            await asyncio.sleep(backoff(self._failures))
            self._failures += 1
        first: dict[TopicPartition, int] = {}
        for record in records:
            place = TopicPartition(record.topic, record.partition)
            first[place] = min(record.offset, first.get(place, record.offset))
        for place, offset in first.items():
            if place in consumer.assignment():
                consumer.seek(place, offset)

    async def _commit_offsets(self, consumer: KafkaConsumer) -> None:
        if time.monotonic() - self._offsets_committed < OFFSETS_EVERY_SECONDS:
            return
        self._offsets_committed = time.monotonic()
        crash_point("consumer.offsets.before")
        try:
            await consumer.commit()
        except KafkaError as error:
            log.info("offsets not committed, which costs nothing", extra={"error": str(error)})
        crash_point("consumer.offsets.after")
