"""The end of a stream is the last record of ours, whatever others have written behind it."""

from nsw_contracts.envelope import POSITION
from nsw_local import Stack
from nsw_runtime.kafka import TailReader
from nsw_runtime.tail_check import tail_position
from support.stories import Message, make_topic, produce


async def test_foreign_records_at_the_end_do_not_hide_our_last_one(stack: Stack) -> None:
    topic = await make_topic(stack.kafka_bootstrap)
    ours = [Message(n, b"k", b"{}", [(POSITION, b"%d" % n)]) for n in range(1, 8)]
    foreign = [Message(0, b"k", b"hello", []) for _ in range(3)]
    await produce(stack.kafka_bootstrap, topic, [*ours, *foreign])
    tails = await TailReader(stack.kafka_bootstrap, "test").last_records([(topic, 0)])
    assert tail_position(tails[topic, 0]) == 7


async def test_an_empty_stream_and_one_of_foreign_records_are_told_apart(stack: Stack) -> None:
    empty, foreign = await make_topic(stack.kafka_bootstrap), await make_topic(stack.kafka_bootstrap)
    await produce(stack.kafka_bootstrap, foreign, [Message(0, b"k", b"hello", [])])
    tails = await TailReader(stack.kafka_bootstrap, "test").last_records([(empty, 0), (foreign, 0)])
    assert tail_position(tails[empty, 0]) == 0
    assert tail_position(tails[foreign, 0]) is None
