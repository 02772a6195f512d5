"""The journal: every fact a service states, in the transaction of the state change it reports.

`append` is the last step of a transaction. It takes the heads of the streams it writes in (topic, partition) order and
gives each fact the next position, so that positions have no gaps and their order is the order of commits: the head's
row lock is held until the commit. A bare sequence has neither property.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import cache, partial
from typing import Any, Final, NamedTuple

from nsw_contracts.content import with_content
from nsw_contracts.events import Fact
from nsw_contracts.topics import BY_NAME, Topic, murmur2
from pydantic import TypeAdapter

from nsw_runtime import metrics
from nsw_runtime.database import Connection

_TAKE_HEADS: Final = """
with wanted as (
    select * from unnest($1::text[], $2::int[], $3::bigint[]) as w(topic, partition, facts)
), taken as (
    select h.topic, h.partition, w.facts from stream_head h join wanted w using (topic, partition)
    order by h.topic, h.partition for update of h
)
update stream_head h set position = h.position + t.facts from taken t
where h.topic = t.topic and h.partition = t.partition
returning h.topic, h.partition, h.position - t.facts as before, exists (select from adopted) as adopted
"""
_RECOGNISE: Final = "delete from adopted where id = any($1) returning id"
COLUMNS: Final = (
    "topic",
    "partition",
    "position",
    "key",
    "type",
    "id",
    "traceparent",
    "value",
    "recorded_at",
)


MONTHS_AHEAD: Final = 3


async def make_months(connection: Connection, at: datetime) -> None:
    """Make the journal's partitions for the month of `at` and the next ones, where they lack."""
    await connection.execute("select ensure_journal_months($1, $2)", at.date(), MONTHS_AHEAD)


class Entry(NamedTuple):
    """A fact about to be stated: its topic, what it is about, its type, id, JSON value and trace."""

    topic: str
    key: str
    type: str
    id: str
    value: bytes
    traceparent: str | None


@cache
def _to_json(kind: type[Fact]) -> Callable[[Fact], bytes]:
    """The model's own serializer, without the look-ups around it: a third of the time.

    Fields at their defaults are left out, as the schema allows: most facts leave most of theirs there, and every
    reader, the broker and the journal carry what is written.
    """
    return partial(TypeAdapter(kind).serializer.to_json, exclude_defaults=True)


def entry(
    topic: Topic, fact_type: str, fact: Fact, *, fact_id: str, traceparent: str | None, content: bytes | None = None
) -> Entry:
    """The journal entry of a fact. With `content`, `fact` is its head and these bytes are its content."""
    value = _to_json(type(fact))(fact)
    if content is not None:
        value = with_content(value, content)
    return Entry(topic.name, fact.key, fact_type, fact_id, value, traceparent)


class Stated(NamedTuple):
    """A fact at its place in the journal: a row of it."""

    topic: str
    partition: int
    position: int
    key: str
    type: str
    id: str
    traceparent: str | None
    value: bytes
    recorded_at: datetime


async def append(connection: Connection, entries: Sequence[Entry], recorded_at: datetime) -> list[Stated]:
    """State facts, as the last step of the caller's transaction; gives those that were new, at their places.

    Handed to the relay after the commit (`Relay.wake`), they need not be read back.

    A fact that was taken back from the broker after a restore (`adopted`) is already in the journal and is left out.
    """
    if not entries:
        return []
    placed = [((e.topic, murmur2(e.key) % BY_NAME[e.topic].partitions), e) for e in entries]
    heads = await _take_heads(connection, Counter(stream for stream, _ in placed))
    if any(head["adopted"] for head in heads):
        known = {row["id"] for row in await connection.fetch(_RECOGNISE, [new.id for _, new in placed])}
        repeated = Counter(stream for stream, new in placed if new.id in known)
        await _take_heads(connection, Counter({stream: -facts for stream, facts in repeated.items()}))
        placed = [(stream, new) for stream, new in placed if new.id not in known]
    last = {(head["topic"], head["partition"]): head["before"] for head in heads}
    rows: list[Stated] = []
    for stream, new in placed:
        last[stream] += 1
        rows.append(Stated(*stream, last[stream], new.key, new.type, new.id, new.traceparent, new.value, recorded_at))
    await connection.copy_records_to_table("journal", records=rows, columns=COLUMNS)
    for topic, facts in Counter(stream[0] for stream, _ in placed).items():
        metrics.FACTS.labels(topic).inc(facts)
    return rows


async def _take_heads(connection: Connection, facts: Counter[tuple[str, int]]) -> Sequence[Any]:
    """Lock these heads, in order, and move each on by so many facts (or, where they were repeats, back)."""
    topics, partitions = [topic for topic, _ in facts], [partition for _, partition in facts]
    heads: Sequence[Any] = await connection.fetch(_TAKE_HEADS, topics, partitions, list(facts.values()))
    return heads
