"""The broker is a cache: killed, wiped, its offsets deleted, its messages repeated, it changes nothing."""

import asyncio

import asyncpg
import pytest
from nsw_contracts.envelope import headers
from nsw_contracts.topics import AGENCIES, SERVICES, SUBMISSIONS, TOPICS, murmur2
from nsw_runtime.database import connect, schema_of
from nsw_runtime.streams import republish
from support import streams
from support.dossiers import dossier, file_one
from support.groups import delete_groups
from support.live import Live, kept
from support.polling import until
from support.stories import Message, produce

DOSSIERS = 150
RATE = 100.0
GROUPS = [
    "nsw-intake",
    "nsw-routing",
    "nsw-notifier",
    "nsw-adapter-registrations",
    *(f"nsw-adapter-{agency.lower()}" for agency in AGENCIES),
]


async def test_a_broker_wiped_in_the_middle_of_a_replay(live: Live) -> None:
    async def wipe() -> None:
        await asyncio.to_thread(live.stack.wipe_kafka)
        await asyncio.to_thread(live.stack.start_kafka)

    kept(await live.replay(DOSSIERS, wipe, rate=RATE), DOSSIERS)
    async with live.owner() as owner:
        assert await streams.copy_troubles(owner, live.stack.kafka_bootstrap) == []


async def test_a_broker_killed_and_restarted_while_intake_keeps_accepting(live: Live) -> None:
    async def kill() -> None:
        await asyncio.to_thread(live.stack.kill_kafka)
        for each in range(20):
            status, receipt = await file_one(live, f"while the broker is away {each}")
            assert (status, receipt["status"]) == (202, "submitted")
        await asyncio.to_thread(live.stack.start_kafka)

    result = await live.replay(DOSSIERS, kill, rate=RATE)
    assert (result.lost, result.repeated, result.out_of_order, result.bad_signatures) == (0, 0, 0, 0)
    assert all("no such dossier was acknowledged" in each for each in result.examples)  # the twenty filed aside


@pytest.mark.faults
async def test_intake_starts_and_accepts_while_the_broker_is_away(live: Live) -> None:
    await live.stop("intake")
    await asyncio.to_thread(live.stack.kill_kafka)
    await live.begin("intake", restart=True)

    async def accepted() -> bool:
        try:
            return (await file_one(live, "no broker"))[0] == 202
        except OSError:
            return False

    await until(accepted, "intake to accept without a broker")
    _, against = await live.readiness("intake")
    assert any("Kafka" in why for why in against.values()), against
    await asyncio.to_thread(live.stack.start_kafka)
    await live.all_ready()
    await live.drained()


async def test_consumer_group_offsets_deleted(live: Live) -> None:
    async def delete() -> None:
        for service in SERVICES:
            await live.kill(service)
        # Static members stay in their groups until their sessions end; the groups are deleted once they are empty.
        await live.empty_groups(GROUPS)
        await delete_groups(live.stack.kafka_bootstrap, GROUPS)
        for service in SERVICES:
            await live.begin(service)

    kept(await live.replay(DOSSIERS, delete, rate=RATE), DOSSIERS)


async def test_every_message_sent_three_times(live: Live) -> None:
    """The relays are asked, twice over, to send everything again from the first position, while more comes."""

    async def rewind() -> None:
        async with live.owner() as owner:
            for _ in range(2):
                for service in SERVICES:
                    await owner.execute(f"update {schema_of(service)}.stream_head set published = 0")
                await live.drained()

    async with live.owner() as owner:
        held = await _records(live)
        stated = sum([await owner.fetchval(f"select count(*) from {schema_of(each)}.journal") for each in SERVICES])
    kept(await live.replay(DOSSIERS, rewind), DOSSIERS)
    assert await _records(live) >= held + 2 * stated
    async with live.owner() as owner:
        assert await streams.copy_troubles(owner, live.stack.kafka_bootstrap) == []


async def test_a_position_missing_on_the_broker_stops_its_stream_until_it_is_republished(live: Live) -> None:
    topic, partition = SUBMISSIONS.name, 0
    assert await live.stop("routing") == 0
    filed: list[str] = []
    while sum(murmur2(number) % SUBMISSIONS.partitions == partition for number in filed) < 2:
        _, receipt = await file_one(live, body=dossier())
        filed.append(receipt["number"])
    async with live.owner() as owner:

        async def known_as_sent() -> bool:
            behind = "select not exists (select from intake.stream_head where published < position)"
            return bool(await owner.fetchval(behind))

        await until(known_as_sent, "intake to note what it has sent, or it would send that again by itself")
    assert await live.stop("intake") == 0
    await asyncio.to_thread(live.stack.wipe_kafka)
    await asyncio.to_thread(live.stack.start_kafka)
    await live.install()
    async with live.owner() as owner:
        rows = await owner.fetch(
            "select position, key, type, id, value, recorded_at from intake.journal "
            "where topic = $1 and partition = $2 order by position", topic, partition,
        )  # fmt: skip
        missing, beyond = rows[-2], rows[-1]
        assert {missing["key"], beyond["key"]} <= set(filed)
        await produce(live.stack.kafka_bootstrap, topic, [_message(row) for row in rows if row != missing])
        await live.begin("intake")
        await live.begin("routing")

        async def stands_still() -> str:
            status, against = await live.readiness("routing")
            return " ".join(against.values()) if status == 503 else ""

        async def says_which() -> bool:
            return f"position {missing['position']} is missing" in await stands_still()

        await until(says_which, "routing to say which position is missing", seconds=90)
        assert f"nsw stream republish {topic} {partition} --from {missing['position']}" in await stands_still()
        applied = "select position from routing.progress where topic = $1 and partition = $2"
        assert await owner.fetchval(applied, topic, partition) == missing["position"] - 1
        case = "select exists (select from routing.dossier_case where number = $1)"
        assert not await owner.fetchval(case, beyond["key"])

    connection = await connect(live.system.service_url("intake"), "intake")
    try:
        assert await republish(connection, topic, partition, missing["position"]) == 2
    finally:
        await connection.close()
    await live.all_ready()
    await live.drained()
    async with live.owner() as owner:
        assert await owner.fetchval(case, beyond["key"])


def _message(row: asyncpg.Record) -> Message:
    head = headers(
        fact_type=row["type"], fact=row["id"], writer="intake", key=row["key"], position=row["position"],
        recorded_at=row["recorded_at"], traceparent=None,
    )  # fmt: skip
    return Message(row["position"], row["key"].encode(), row["value"], head)


async def _records(live: Live) -> int:
    copies = [await streams.read_topic(live.stack.kafka_bootstrap, topic.name) for topic in TOPICS]
    return sum(len(records) for copy in copies for records in copy.values())


@pytest.mark.faults
@pytest.mark.parametrize("seed", range(3))
async def test_a_broker_killed_and_wiped_again_and_again(live: Live, seed: int) -> None:
    async def wreck() -> None:
        for round_ in range(2):
            await asyncio.to_thread(live.stack.kill_kafka if (seed + round_) % 2 else live.stack.wipe_kafka)
            await asyncio.to_thread(live.stack.start_kafka)

    kept(await live.replay(DOSSIERS, wreck, rate=RATE, seed=seed), DOSSIERS)
