"""Two where there should be one: zombies, two relays for one stream, two processes of one service."""

import asyncio
import signal

import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition
from nsw_local import Stack
from nsw_runtime import progress
from nsw_runtime.health import Health
from nsw_runtime.ownership import Ownership
from nsw_runtime.relay import Relay
from nsw_runtime.settings import ServiceSettings
from nsw_runtime.telemetry import Telemetry
from support.consuming import make_consumer
from support.groups import send_away
from support.live import Live, kept
from support.polling import until
from support.scratch import Database
from support.stories import make_topic, numbers, produce, stream

DOSSIERS = 150
RATE = 100.0


async def test_a_zombies_batch_is_refused(stack: Stack, database: Database) -> None:
    """It read its batch, stood still, and another process took the stream over: its write leaves no effect."""
    topic = await make_topic(stack.kafka_bootstrap)
    place = TopicPartition(topic, 0)
    await produce(stack.kafka_bootstrap, topic, stream(10))
    client = AIOKafkaConsumer(
        bootstrap_servers=stack.kafka_bootstrap,
        group_id=topic,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
    )
    await client.start()
    try:
        client.assign([place])
        records = (await client.getmany(place, timeout_ms=10_000, max_records=40))[place]
        assert len(records) == 40
        async with database.pool("routing") as one, database.pool("routing") as other:
            zombie, heir = make_consumer(one, [topic]), make_consumer(other, [topic])
            await zombie.on_batch(records[:5], client)
            await heir.on_batch(records[:20], client)  # five repeats, fifteen new
            await zombie.on_batch(records[5:12], client)
            assert await client.position(place) == 5, "the zombie goes back to read what it could not apply"
            await heir.on_batch(records[20:], client)
            await zombie.on_batch(records[12:], client)
            facts = await other.fetch("select id, count(*) from journal group by 1 having count(*) > 1")
            assert facts == []
            statuses = await other.fetch("select number, status, revision from dossier_case order by number")
            assert [tuple(row) for row in statuses] == [(each, "result_issued", 2) for each in sorted(numbers(10))]
            assert await progress.load(other, [(topic, 0)]) == {(topic, 0): 40}
    finally:
        await client.stop()


async def test_a_stopped_process_whose_place_was_taken_writes_nothing_when_it_wakes(live: Live) -> None:
    """SIGSTOP, a second process with the same static membership takes over, SIGCONT in the middle of its work."""

    async def usurp() -> None:
        await asyncio.to_thread(live.stack.signal, "routing", signal.SIGSTOP)
        await live.begin("routing", name="heir", NSW_HTTP_PORT=str(live.stack.ports.zipkin))
        await until(lambda: live.answers(live.stack.ports.zipkin), "the heir to be ready")
        await asyncio.to_thread(live.stack.signal, "routing", signal.SIGCONT)

    try:
        kept(await live.replay(DOSSIERS, usurp, rate=RATE), DOSSIERS)
    finally:
        await live.kill("heir")
        await live.kill("routing")
        await live.begin("routing")


@pytest.mark.faults
async def test_two_processes_of_one_service_on_the_same_dossiers_do_not_deadlock(live: Live) -> None:
    async def join() -> None:
        await live.begin("routing", name="second", NSW_INSTANCE="1", NSW_HTTP_PORT=str(live.stack.ports.zipkin))
        await until(lambda: live.answers(live.stack.ports.zipkin), "the second routing to be ready")

    async with live.owner() as owner:
        before = await owner.fetchval("select sum(deadlocks) from pg_stat_database")
        try:
            kept(await live.replay(DOSSIERS * 2, join, rate=RATE), DOSSIERS * 2)
            kept(await live.replay(DOSSIERS * 2, seed=2), DOSSIERS * 2)
        finally:
            await live.stop("second")
            assert await send_away(live.stack.kafka_bootstrap, "nsw-routing", "1") == 0
        assert await owner.fetchval("select sum(deadlocks) from pg_stat_database") == before


@pytest.mark.faults
async def test_members_that_join_and_leave_all_the_time_do_not_stop_the_work(live: Live) -> None:
    async def come_and_go() -> None:
        for _ in range(3):
            await live.begin("routing", name="guest", NSW_INSTANCE="guest", NSW_HTTP_PORT=str(live.stack.ports.zipkin))
            await until(lambda: live.answers(live.stack.ports.zipkin), "the guest to be ready")
            await live.kill("guest")
            assert await send_away(live.stack.kafka_bootstrap, "nsw-routing", "guest") == 0

    kept(await live.replay(DOSSIERS * 2, come_and_go, rate=RATE), DOSSIERS * 2)


@pytest.mark.parametrize("service", ["intake", pytest.param("routing", marks=pytest.mark.faults)])
async def test_a_second_relay_that_ignores_ownership_reorders_nothing(live: Live, service) -> None:
    url = live.system.service_url(service)
    settings = ServiceSettings(database_url=url, kafka_bootstrap_servers=live.stack.kafka_bootstrap, http_port=1)
    rogue = Relay(
        service=service,
        database_url=url,
        bootstrap=live.stack.kafka_bootstrap,
        health=Health(),
        telemetry=Telemetry(service, settings),
    )
    rogue._ownership = Ownership(url, service, "rogue")  # locks of its own: it owns every stream, like the real one
    running = asyncio.create_task(rogue.run())
    try:
        await asyncio.wait_for(rogue.checked.wait(), 60)
        kept(await live.replay(DOSSIERS, rate=RATE), DOSSIERS)
        kept(await live.replay(DOSSIERS, seed=2), DOSSIERS)
    finally:
        running.cancel()
        await asyncio.wait([running])


async def test_a_relay_that_loses_its_lock_again_and_again_loses_and_reorders_nothing(live: Live) -> None:
    async def cut() -> None:
        async with live.owner() as owner:
            for _ in range(10):
                await owner.execute(
                    "select pg_terminate_backend(pid) from pg_stat_activity "
                    "where application_name like 'nsw-%-relay' or application_name like 'nsw-%-sender'"
                )
                await live.drained()

    kept(await live.replay(DOSSIERS, cut, rate=RATE), DOSSIERS)
