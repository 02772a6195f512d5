"""Dossiers whose whole life is known: the facts that lead each from submission to result, as Kafka messages."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import NamedTuple
from uuid import uuid4

from aiokafka import AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from nsw_benchmarks.profile import Profile
from nsw_contracts.envelope import fact_id, headers
from nsw_contracts.events import (
    ACCEPTED,
    DELIVERED,
    RESULT_ISSUED,
    SUBMITTED,
    Accepted,
    Delivered,
    DossierContent,
    Fact,
    ResultIssued,
    Submitted,
)
from nsw_contracts.number import dossier_number

AT = datetime(2026, 3, 2, 9, tzinfo=UTC)
FACTS_A_DOSSIER = 4
PROFILE = Profile(7, 50, "plain")  # one agency each, nothing inspected


class Message(NamedTuple):
    """One Kafka message of a stream, as the relay would send it."""

    position: int
    key: bytes
    value: bytes
    headers: list[tuple[str, bytes]]


def message(position: int, kind: str, fact: Fact) -> Message:
    head = headers(
        fact_type=kind, fact=fact_id(fact.number, kind), writer="test", key=fact.key, position=position,
        recorded_at=AT, traceparent=None,
    )  # fmt: skip
    return Message(position, fact.number.encode(), fact.model_dump_json().encode(), head)


def contents(count: int) -> list[tuple[str, DossierContent]]:
    """So many dossiers of the country's profile: the agency and the content of each."""
    return [(filing.agency, DossierContent.model_validate_json(filing.body)) for filing in PROFILE.dossiers(count)]


def numbers(count: int) -> list[str]:
    return [dossier_number(2026, serial) for serial in range(count)]


def stories(count: int) -> list[tuple[str, Fact]]:
    """The facts of so many dossiers, step by step, all dossiers side by side: (fact type, fact)."""
    steps: list[list[tuple[str, Fact]]] = [[] for _ in range(FACTS_A_DOSSIER)]
    for number, (agency, content) in zip(numbers(count), contents(count), strict=True):
        said = {"number": number, "agency": agency, "message_id": fact_id(number, "message")}
        submitted = Submitted(
            number=number, submitted_at=AT, content_sha256="0" * 64, idempotency_key=number, content=content
        )
        steps[0].append((SUBMITTED, submitted))
        steps[1].append((DELIVERED, Delivered(**said, delivered_at=AT)))
        steps[2].append((ACCEPTED, Accepted(**said, decided_at=AT)))
        steps[3].append((RESULT_ISSUED, ResultIssued(**said, decided_at=AT, outcome="passed")))
    return [fact for step in steps for fact in step]


def stream(count: int) -> list[Message]:
    """`stories` as one stream, from position 1."""
    return [message(position, *each) for position, each in enumerate(stories(count), 1)]


async def make_topic(bootstrap: str) -> str:
    """A topic of one partition, of this test alone."""
    name = f"test.{uuid4().hex[:12]}"
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        await admin.create_topics([NewTopic(name, 1, 1)])
    finally:
        await admin.close()
    return name


async def produce(bootstrap: str, topic: str, messages: Sequence[Message], *, a_batch: int = 50) -> None:
    """Write messages to partition 0 in this order, whatever their positions say."""
    producer = AIOKafkaProducer(bootstrap_servers=bootstrap, acks="all", max_batch_size=1 << 20)
    await producer.start()
    try:
        for start in range(0, len(messages), a_batch):
            batch = producer.create_batch()
            for each in messages[start : start + a_batch]:
                added = batch.append(key=each.key, value=each.value, headers=each.headers, timestamp=None)
                assert added is not None, "the batch is full: write fewer at once"
            batch.close()
            await (await producer.send_batch(batch, topic, partition=0))
    finally:
        await producer.stop()
