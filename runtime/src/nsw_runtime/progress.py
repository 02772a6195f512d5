"""Progress: the last position of each stream that this service has applied.

It moves in the transaction of the batch's effect, from the value the batch was read at to the new one. When that value
has moved meanwhile, another process owns the stream and this batch must leave no effect. So redelivery, zombies and
deleted Kafka offsets are one case: a position at or below progress is a repeat.
"""

from collections.abc import Iterable, Mapping
from typing import Final

from nsw_runtime.database import Connection
from nsw_runtime.errors import ProgressMoved

Stream = tuple[str, int]
"""A topic and one of its partitions."""

_LOAD: Final = """
select p.topic, p.partition, p.position
from unnest($1::text[], $2::int[]) as s(topic, partition) join progress p using (topic, partition)
"""
_INSTALL: Final = (
    "insert into progress (topic, partition) select * from unnest($1::text[], $2::int[]) on conflict do nothing"
)
_MOVE: Final = """
with wanted as (
    select * from unnest($1::text[], $2::int[], $3::bigint[], $4::bigint[]) as w(topic, partition, expected, reached)
), held as (
    select p.topic, p.partition, w.reached from progress p join wanted w using (topic, partition)
    where p.position = w.expected
    order by p.topic, p.partition for update of p
)
update progress p set position = h.reached from held h where p.topic = h.topic and p.partition = h.partition
returning exists (select from parked) as parked
"""


async def load(connection: Connection, streams: Iterable[Stream]) -> dict[Stream, int]:
    """The positions reached on these streams; a stream never read before starts at 0."""
    wanted = list(streams)
    columns = [topic for topic, _ in wanted], [partition for _, partition in wanted]
    rows = await connection.fetch(_LOAD, *columns)
    reached = {(row["topic"], row["partition"]): row["position"] for row in rows}
    if len(reached) < len(wanted):
        await connection.execute(_INSTALL, *columns)
    return {stream: reached.get(stream, 0) for stream in wanted}


async def move(connection: Connection, expected: Mapping[Stream, int], reached: Mapping[Stream, int]) -> bool:
    """Move these streams' progress from `expected` to `reached`: the first step of the batch's transaction.

    Gives whether anything is parked in this schema: asked here, it costs no round trip of its own.

    Raises:
        ProgressMoved: somewhere it is no longer at `expected`; the caller must roll back.
    """
    streams = sorted(reached)
    moved = await connection.fetch(
        _MOVE,
        [topic for topic, _ in streams],
        [partition for _, partition in streams],
        [expected[stream] for stream in streams],
        [reached[stream] for stream in streams],
    )
    if len(moved) != len(streams):
        raise ProgressMoved(f"progress moved under this batch on one of {streams}: another process owns the stream")
    return any(row["parked"] for row in moved)
