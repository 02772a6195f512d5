"""The Kafka clients the platform makes, with the settings that keep its promises (the libraries' defaults do not)."""

import asyncio
import logging
import struct
from collections.abc import Sequence
from typing import Any, Final

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, ConsumerRecord, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import KafkaError, TopicAlreadyExistsError, for_code
from nsw_contracts.envelope import POSITION
from nsw_contracts.topics import Topic

from nsw_runtime.errors import StreamUnavailable, TopicMismatch

log = logging.getLogger(__name__)

MAX_MESSAGE_BYTES: Final = 4 * 1024 * 1024  # the largest dossier (form, 200 goods lines) is well below
BATCH_BYTES: Final = 256 * 1024
REQUEST_MS: Final = 10_000
TAIL_RECORDS: Final = 50  # how far back from its end the last record of ours is looked for
REPLICAS: Final = 3  # of each topic, where there are so many brokers
METADATA_MS: Final = 5_000  # how soon a client notices a topic that was made anew

UNREACHABLE: Final[tuple[type[BaseException], ...]] = (
    KafkaError,
    OSError,
    asyncio.TimeoutError,
    struct.error,
)
"""What a Kafka client may raise when its broker is away, was replaced or closes the line in the middle of a frame."""


def make_producer(bootstrap: str, client: str) -> AIOKafkaProducer:
    """An idempotent producer that waits for all replicas; batches are built by the caller."""
    return AIOKafkaProducer(
        bootstrap_servers=bootstrap,
        client_id=client,
        acks="all",
        enable_idempotence=True,
        linger_ms=0,
        max_batch_size=BATCH_BYTES,
        max_request_size=MAX_MESSAGE_BYTES,
        compression_type="zstd",  # aiokafka runs lz4 at its slowest level: twice the time, a third more bytes
        request_timeout_ms=REQUEST_MS,
        metadata_max_age_ms=METADATA_MS,
    )


async def ensure_topics(bootstrap: str, topics: Sequence[Topic]) -> list[str]:
    """Make the topics that lack, explicitly, as the contract says; gives their names.

    Raises:
        TopicMismatch: a topic exists with another number of partitions.
        StreamUnavailable: the broker cannot be reached.
    """
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap, request_timeout_ms=REQUEST_MS)
    try:
        await admin.start()
        found = {
            t["topic"]: t for t in await admin.describe_topics([topic.name for topic in topics]) if not t["error_code"]
        }
        for topic in topics:
            existing = len(found[topic.name]["partitions"]) if topic.name in found else topic.partitions
            if existing != topic.partitions:
                raise TopicMismatch(
                    f"{topic.name} has {existing} partitions on the broker, the contract says {topic.partitions}"
                )
        lacking = [topic for topic in topics if topic.name not in found]
        if lacking:
            replicas = min(REPLICAS, len((await admin.describe_cluster())["brokers"]))
            answer = await admin.create_topics(
                [
                    NewTopic(
                        topic.name,
                        topic.partitions,
                        replicas,
                        topic_configs={"max.message.bytes": str(MAX_MESSAGE_BYTES)},
                    )
                    for topic in lacking
                ]
            )
            for name, code, *_ in answer.topic_errors:
                if code and for_code(code) is not TopicAlreadyExistsError:
                    raise StreamUnavailable(f"topic {name} could not be made: {for_code(code).__name__}")
        return [topic.name for topic in lacking]
    except UNREACHABLE as error:
        raise StreamUnavailable(f"Kafka at {bootstrap} cannot be reached: {error}") from error
    finally:
        await admin.close()


class TailReader:
    """Reads single records of named partitions, outside any consumer group."""

    def __init__(self, bootstrap: str, client: str) -> None:
        self._bootstrap = bootstrap
        self._client = client

    async def last_records(self, streams: Sequence[tuple[str, int]]) -> dict[tuple[str, int], "Tail"]:
        """The last record of ours in each stream, and where its log begins and ends.

        Records without a position are not ours; behind more than a few of them ours is not found.

        Raises:
            StreamUnavailable: the broker cannot be reached or a topic is missing.
        """
        places = [TopicPartition(*stream) for stream in streams]
        consumer = self._consumer()
        try:
            await consumer.start()
            consumer.assign(places)
            first = await consumer.beginning_offsets(places)
            end = await consumer.end_offsets(places)
            wanted = {place for place in places if end[place] > first[place]}
            for place in places:
                consumer.seek(place, max(end[place] - TAIL_RECORDS, first[place]))
            last: dict[TopicPartition, ConsumerRecord[bytes, bytes]] = {}
            deadline = asyncio.get_running_loop().time() + REQUEST_MS / 1000
            while wanted:
                for place, records in (await consumer.getmany(timeout_ms=200)).items():
                    ours = [record for record in records if any(name == POSITION for name, _ in record.headers)]
                    if ours:
                        last[place] = ours[-1]
                    if records[-1].offset + 1 >= end[place]:
                        wanted.discard(place)
                if asyncio.get_running_loop().time() > deadline:
                    raise StreamUnavailable("the last records of the topics did not come in time")
            return {(p.topic, p.partition): Tail(first[p], end[p], last.get(p)) for p in places}
        except UNREACHABLE as error:
            raise StreamUnavailable(f"the topics' ends cannot be read: {type(error).__name__} {error}") from error
        finally:
            await consumer.stop()

    async def read_from(
        self, topic: str, partition: int, offset: int, end: int
    ) -> list["ConsumerRecord[bytes, bytes]"]:
        """The records of a stream from `offset` (inclusive) to `end` (exclusive)."""
        place = TopicPartition(topic, partition)
        consumer = self._consumer()
        found: list[ConsumerRecord[bytes, bytes]] = []
        try:
            await consumer.start()
            consumer.assign([place])
            consumer.seek(place, offset)
            while await consumer.position(place) < end:
                found += (await consumer.getmany(place, timeout_ms=500)).get(place, [])
            return [record for record in found if record.offset < end]
        except UNREACHABLE as error:
            raise StreamUnavailable(f"{topic}[{partition}] cannot be read: {error}") from error
        finally:
            await consumer.stop()

    def _consumer(self) -> AIOKafkaConsumer:
        return AIOKafkaConsumer(
            bootstrap_servers=self._bootstrap,
            client_id=self._client,
            group_id=None,
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            request_timeout_ms=REQUEST_MS,
            metadata_max_age_ms=METADATA_MS,
        )


class Tail:
    """Where a stream's log begins and ends, and its last record (None: it holds none)."""

    def __init__(self, first: int, end: int, last: "ConsumerRecord[Any, Any] | None") -> None:
        self.first = first
        self.end = end
        self.last = last
