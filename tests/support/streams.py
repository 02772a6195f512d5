"""J6: every stream is gap-free from journal to consumer, seen from outside, in Postgres and on the broker.

`troubles` gives, in words, whatever keeps a stream from being whole; an empty list means that every fact stated stands
in its journal once, at positions 1 to the head without a gap, was acknowledged by the broker, and was applied by
every reader, and that nothing waits to be sent.
"""

from collections.abc import Mapping
from typing import Any

import asyncpg
from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from nsw_contracts.envelope import ID, POSITION
from nsw_contracts.topics import SERVICES, TOPICS
from nsw_runtime.database import schema_of

Stream = tuple[str, int]

_JOURNAL = """
select h.topic, h.partition, h.position, h.published,
    count(j.position) as facts, count(distinct j.position) as positions, count(distinct j.id) as ids,
    coalesce(min(j.position), 1) as first, coalesce(max(j.position), 0) as last
from {schema}.stream_head h left join {schema}.journal j using (topic, partition) group by 1, 2, 3, 4
"""
_WAITING = "select count(*) from {schema}.intent where not parked"


async def troubles(owner: asyncpg.Connection) -> list[str]:
    """What keeps the streams from being whole and drained; `owner` may read every schema."""
    found: list[str] = []
    heads: dict[Stream, int] = {}
    for service in SERVICES:
        schema = schema_of(service)
        for row in await owner.fetch(_JOURNAL.format(schema=schema)):
            stream, head = (row["topic"], row["partition"]), row["position"]
            heads[stream] = head
            if not (row["first"] == 1 and row["facts"] == row["positions"] == row["last"] == head):
                found.append(f"{stream}: the journal has gaps or repeats: {dict(row)}")
            if row["ids"] != row["facts"]:
                found.append(f"{stream}: {row['facts'] - row['ids']} facts are stated twice")
            if row["published"] != head:
                found.append(f"{stream}: published to {row['published']} of {head}")
        if waiting := await owner.fetchval(_WAITING.format(schema=schema)):
            found.append(f"{service}: {waiting} intents wait")
    return found + await _behind(owner, heads)


async def _behind(owner: asyncpg.Connection, heads: Mapping[Stream, int]) -> list[str]:
    """Readers that have not applied a stream to its head."""
    found = []
    for topic, reader in ((each, reader) for each in TOPICS for reader in each.readers):
        rows = await owner.fetch(
            f"select partition, position from {schema_of(reader)}.progress where topic = $1", topic.name
        )
        reached = dict(rows)
        for partition in range(topic.partitions):
            at, head = reached.get(partition, 0), heads[topic.name, partition]
            if at != head:
                found.append(f"{reader} has applied {topic.name}[{partition}] to {at} of {head}")
    return found


async def read_topic(bootstrap: str, topic: str) -> dict[int, list[ConsumerRecord]]:
    """Every record the broker holds of a topic, by partition, in the order of its log."""
    consumer = AIOKafkaConsumer(
        bootstrap_servers=bootstrap, group_id=None, enable_auto_commit=False, auto_offset_reset="earliest"
    )
    await consumer.start()
    try:
        partitions = next(each.partitions for each in TOPICS if each.name == topic)
        places = [TopicPartition(topic, partition) for partition in range(partitions)]
        consumer.assign(places)
        ends = await consumer.end_offsets(places)
        found: dict[int, list[ConsumerRecord]] = {place.partition: [] for place in places}
        for place in places:
            while await consumer.position(place) < ends[place]:
                for at, records in (await consumer.getmany(place, timeout_ms=500)).items():
                    found[at.partition] += records
        return found
    finally:
        await consumer.stop()


async def copy_troubles(owner: asyncpg.Connection, bootstrap: str) -> list[str]:
    """Where the broker's copy of a stream, its repeats left out, is not the journal, fact for fact and in order."""
    found = []
    for topic in TOPICS:
        schema = schema_of(topic.writer)
        copies = await read_topic(bootstrap, topic.name)
        for partition, records in copies.items():
            rows = await owner.fetch(
                f"select position, id from {schema}.journal where topic = $1 and partition = $2 order by position",
                topic.name,
                partition,
            )
            if _first_copies(records) != [(row["position"], row["id"]) for row in rows]:
                found.append(f"the broker's copy of {topic.name}[{partition}] is not its journal")
    return found


def _first_copies(records: list[ConsumerRecord]) -> list[tuple[int, str]]:
    copies: list[tuple[int, str]] = []
    reached = 0
    for record in records:
        headers: Mapping[str, Any] = dict(record.headers)
        if POSITION not in headers:
            continue  # foreign: not the platform's
        position = int(headers[POSITION])
        if position > reached:
            copies.append((position, headers[ID].decode()))
            reached = position
    return copies
