"""What a broker may do to a stream: say it three times, shuffle it, lose a part of it. Real Kafka and Postgres."""

import random

import pytest
from nsw_local import Stack
from support.consuming import Consuming, consuming
from support.polling import until
from support.scratch import Database
from support.stories import numbers, stream

DOSSIERS = 30


async def whole(at: Consuming, dossiers: int = DOSSIERS) -> None:
    """Every fact took effect once and in order, and nothing was put aside."""

    async def applied() -> bool:
        return await at.reached() == dossiers * 4

    await until(applied, "the whole stream to be applied")
    assert await at.statuses() == dict.fromkeys(numbers(dossiers), ("result_issued", 2))
    facts = await at.facts()
    for number in numbers(dossiers):
        told = [fact for fact in facts if number in fact]
        assert told == [f"routed {number}", f"status-changed {number} 1", f"status-changed {number} 2"]
    assert await at.quarantined() == []
    assert await at.pool.fetchval("select count(*) from parked") == 0
    assert at.health.ready


@pytest.mark.parametrize("seed", range(3))
async def test_every_message_three_times_and_shuffled(stack: Stack, database: Database, seed: int) -> None:
    messages = stream(DOSSIERS) * 3
    # Shuffled within windows wider than a batch of the consumer, inside one key too.
    rng = random.Random(seed)
    shuffled = [
        each
        for start in range(0, len(messages), 60)
        for each in rng.sample(messages[start : start + 60], k=len(messages[start : start + 60]))
    ]
    async with consuming(database, stack.kafka_bootstrap, batch_records=25) as at:
        await at.produce(shuffled, a_batch=10)
        await whole(at)


async def test_the_whole_stream_backwards(stack: Stack, database: Database) -> None:
    async with consuming(database, stack.kafka_bootstrap, batch_records=40) as at:
        await at.produce(stream(10)[::-1], a_batch=10)
        await whole(at, 10)


async def test_nothing_beyond_a_missing_position_is_applied_until_it_comes(stack: Stack, database: Database) -> None:
    messages, missing = stream(DOSSIERS), 47
    async with consuming(database, stack.kafka_bootstrap) as at:
        await at.produce([each for each in messages if each.position != missing])

        async def stands_still() -> str:
            return " ".join(at.health.against.values())

        said = await until(stands_still, "the consumer to say that it stands still")
        assert f"position {missing} is missing" in said
        assert f"nsw stream republish {at.topics[0]} 0 --from {missing}" in said
        assert await at.reached() == missing - 1
        assert len(await at.facts()) == DOSSIERS  # each was routed; what stands beyond 47 has not happened
        await at.produce([messages[missing - 1]])
        await whole(at)


async def test_a_resend_from_the_missing_position_heals_too(stack: Stack, database: Database) -> None:
    messages, missing = stream(DOSSIERS), 3
    async with consuming(database, stack.kafka_bootstrap) as at:
        await at.produce(messages[: missing - 1] + messages[missing : missing + 5])

        async def stands_still() -> bool:
            return not at.health.ready

        await until(stands_still, "the consumer to stand still")
        await at.produce(messages[missing - 1 :])
        await whole(at)


async def test_a_stream_sent_again_from_its_beginning_repeats_nothing(stack: Stack, database: Database) -> None:
    async with consuming(database, stack.kafka_bootstrap) as at:
        await at.produce(stream(DOSSIERS)[:50])

        async def half() -> bool:
            return await at.reached() == 50

        await until(half, "the first part")
        await at.produce(stream(DOSSIERS))
        await whole(at)
