"""The FastStream side of consuming: one batch subscriber for each consumer, raw records, nothing acknowledged for us.

FastStream's own parser and decoder raise on a null header or a bad value, and the commit that follows would skip the
whole batch; here the parser hands the records on untouched. The acknowledgement policy is MANUAL on every subscriber:
the others commit what was not applied.
"""

from collections.abc import Iterable, Sequence
from itertools import chain
from typing import Any, Final

from aiokafka import ConsumerRecord, TopicPartition
from aiokafka.abc import ConsumerRebalanceListener
from faststream import AckPolicy
from faststream.kafka import KafkaBroker, KafkaMessage

from nsw_runtime.consumer import BatchConsumer
from nsw_runtime.kafka import METADATA_MS
from nsw_runtime.settings import ServiceSettings

POLL_MS: Final = 500  # how long a poll waits for records; it ends as soon as there are some
SESSION_MS: Final = 30_000
FETCH_BYTES: Final = 1024 * 1024  # of one partition; bounds memory whatever the backlog


class _Forget(ConsumerRebalanceListener):  # type: ignore[misc]  # aiokafka is untyped
    """Partitions that go away take their remembered progress along."""

    def __init__(self, consumer: BatchConsumer) -> None:
        self._consumer = consumer

    async def on_partitions_revoked(self, revoked: Iterable[TopicPartition]) -> None:
        self._consumer.forget([(place.topic, place.partition) for place in revoked])

    async def on_partitions_assigned(self, assigned: Iterable[TopicPartition]) -> None:
        self._consumer.forget([(place.topic, place.partition) for place in assigned])


async def _raw(records: Sequence["ConsumerRecord[bytes, bytes]"]) -> KafkaMessage:
    """A parser that cannot raise: no header is decoded, no value read."""
    return KafkaMessage(raw_message=tuple(records), body=[], headers={}, reply_to="", consumer=_NoConsumer())


async def _records(message: KafkaMessage) -> Any:
    """A decoder that cannot raise: the handler gets the records as they came.

    Not the message: it remembers what it was decoded to, and one that holds itself, and with it every record of its
    batch, stays until the garbage collector comes round: a tenth of all CPU time, and pauses of 200 ms.
    """
    return message.raw_message


class _NoConsumer:
    """FastStream's acknowledgements go nowhere: progress in Postgres is what counts."""

    async def commit(self) -> None: ...

    def seek(self, partition: TopicPartition, offset: int) -> None: ...


def subscribe(consumers: Sequence[BatchConsumer], service: str, settings: ServiceSettings) -> KafkaBroker:
    """A broker with one subscriber for each consumer; not started."""
    broker = KafkaBroker(
        settings.kafka_bootstrap_servers,
        client_id=f"nsw-{service}",
        consumer_only=True,
        apply_types=False,  # with it the handler's one argument is looked up in a thread, for each batch anew
        allow_auto_create_topics=False,
        metadata_max_age_ms=METADATA_MS,
        graceful_timeout=20.0,
        logger=None,
    )
    for consumer in consumers:
        _register(broker, consumer, settings)
    return broker


def _register(broker: KafkaBroker, consumer: BatchConsumer, settings: ServiceSettings) -> None:
    subscriber = broker.subscriber(
        *consumer.topics,
        batch=True,
        group_id=consumer.group,
        group_instance_id=f"{consumer.group}-{settings.instance}",
        ack_policy=AckPolicy.MANUAL,
        auto_offset_reset="earliest",
        max_records=settings.batch_records,
        batch_timeout_ms=POLL_MS,
        max_partition_fetch_bytes=FETCH_BYTES,
        session_timeout_ms=SESSION_MS,
        heartbeat_interval_ms=SESSION_MS // 10,
        parser=_raw,
        decoder=_records,
        listener=_Forget(consumer),
        no_reply=True,
    )

    async def get_msg(kafka: Any) -> tuple[Any, ...]:
        """The next records, as soon as there are any.

        FastStream's own polls again and again, and sleeps after each empty poll: late, and with a consumer for each
        agency a tenth of a core for nothing.
        """
        while subscriber.running:
            records = await kafka.getmany(timeout_ms=POLL_MS, max_records=settings.batch_records)
            if records:
                return tuple(chain.from_iterable(records.values()))
        return ()

    subscriber.get_msg = get_msg  # type: ignore[method-assign,assignment]

    @subscriber
    async def apply(records: Sequence["ConsumerRecord[bytes, bytes]"]) -> None:
        """Hand the batch on; returns when it is committed or will be read again."""
        await consumer.on_batch(records, subscriber.consumer)  # type: ignore[arg-type]
