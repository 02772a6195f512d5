"""The journal on a real Postgres: positions without gaps, in the order of commits, whoever writes at once."""

import asyncio
from datetime import UTC, datetime

from nsw_contracts.events import DELIVERED, Delivered
from nsw_contracts.topics import AGENCY_RESULTS, murmur2
from nsw_runtime import intents
from nsw_runtime.database import Connection
from nsw_runtime.handling import Intent
from nsw_runtime.journal import Entry, append, entry, make_months
from support.polling import until
from support.scratch import Database

NOW = datetime(2026, 3, 2, tzinfo=UTC)
WRITERS, COMMITS = 6, 20


def fact(number: str, fact_id: str) -> Entry:
    delivered = Delivered(number=number, agency="BYTE", message_id="m", delivered_at=NOW)
    return entry(AGENCY_RESULTS, DELIVERED, delivered, fact_id=fact_id, traceparent=None)


def numbers_of(partition: int, count: int) -> list[str]:
    """Dossier numbers whose facts go to one partition."""
    found = (f"{serial:012d}" for serial in range(10_000))
    return [number for number in found if murmur2(number) % AGENCY_RESULTS.partitions == partition][:count]


async def positions(connection: Connection) -> dict[int, list[tuple[int, str]]]:
    """Partition → its (position, id), in order."""
    found: dict[int, list[tuple[int, str]]] = {}
    for row in await connection.fetch("select partition, position, id from journal order by partition, position"):
        found.setdefault(row["partition"], []).append((row["position"], row["id"]))
    return found


async def heads(connection: Connection) -> dict[int, int]:
    return dict(await connection.fetch("select partition, position from stream_head"))


async def test_writers_at_once_leave_no_gap_and_no_repeat(database: Database) -> None:
    async with database.pool("ministry-adapter") as pool:

        async def write(writer: int) -> None:
            for commit in range(COMMITS):
                facts = [fact(f"{writer * 1000 + commit * 7 + n:012d}", f"{writer}-{commit}-{n}") for n in range(5)]
                async with pool.acquire() as connection, connection.transaction():
                    assert len(await append(connection, facts, NOW)) == 5

        await asyncio.gather(*(write(writer) for writer in range(WRITERS)))
        async with pool.acquire() as connection:
            found = await positions(connection)
            assert sum(map(len, found.values())) == WRITERS * COMMITS * 5
            for partition, rows in found.items():
                assert [position for position, _ in rows] == list(range(1, len(rows) + 1))
                assert (await heads(connection))[partition] == len(rows)


async def test_the_order_of_positions_is_the_order_of_commits_and_of_one_writers_facts(database: Database) -> None:
    (number,) = numbers_of(0, 1)
    async with database.pool("ministry-adapter") as pool:
        committed: list[str] = []

        async def write(writer: int) -> None:
            for commit in range(COMMITS):
                async with pool.acquire() as connection, connection.transaction():
                    await append(connection, [fact(number, f"{writer}-{commit}-{n}") for n in range(2)], NOW)
                    # The head is held until the commit, so nobody else can come in between here.
                    committed.extend(f"{writer}-{commit}-{n}" for n in range(2))

        await asyncio.gather(*(write(writer) for writer in range(WRITERS)))
        async with pool.acquire() as connection:
            assert [each for _, each in (await positions(connection))[0]] == committed


async def test_a_writer_that_holds_its_transaction_open_makes_no_stream_skip_a_row(database: Database) -> None:
    one, other = numbers_of(0, 2)
    (elsewhere,) = numbers_of(1, 1)
    async with (
        database.connection("ministry-adapter") as slow,
        database.connection("ministry-adapter") as quick,
        database.connection("ministry-adapter") as reader,
    ):
        holding = slow.transaction()
        await holding.start()
        await append(slow, [fact(one, "slow")], NOW)

        async def write() -> None:
            async with quick.transaction():
                await append(quick, [fact(other, "quick")], NOW)

        writing = asyncio.create_task(write())

        async def waits() -> bool:
            return await reader.fetchval("select cardinality(pg_blocking_pids($1)) > 0", quick.get_server_pid())

        await until(waits, "the quick writer to wait for the slow one")
        async with reader.transaction():  # another stream is not held up
            await append(reader, [fact(elsewhere, "elsewhere")], NOW)
        assert await positions(reader) == {1: [(1, "elsewhere")]}
        await holding.commit()
        await writing
        assert await positions(reader) == {0: [(1, "slow"), (2, "quick")], 1: [(1, "elsewhere")]}


async def test_a_transaction_rolled_back_leaves_no_gap(database: Database) -> None:
    (number,) = numbers_of(0, 1)
    async with database.connection("ministry-adapter") as connection:
        given_up = connection.transaction()
        await given_up.start()
        await append(connection, [fact(number, "lost")], NOW)
        await given_up.rollback()
        async with connection.transaction():
            await append(connection, [fact(number, "kept")], NOW)
        assert await positions(connection) == {0: [(1, "kept")]}


async def test_facts_taken_back_from_the_broker_are_recognised_once(database: Database) -> None:
    (number,) = numbers_of(0, 1)
    async with database.connection("ministry-adapter") as connection:
        await connection.execute("insert into adopted values ('a'), ('b')")
        async with connection.transaction():
            assert len(await append(connection, [fact(number, each) for each in ("a", "new", "b")], NOW)) == 1
        async with connection.transaction():
            assert len(await append(connection, [fact(number, "later")], NOW)) == 1
        assert await positions(connection) == {0: [(1, "new"), (2, "later")]}
        assert await connection.fetchval("select count(*) from adopted") == 0


async def test_one_dossiers_facts_are_in_one_stream_and_in_the_order_stated(database: Database) -> None:
    number = "260000000017"
    async with database.connection("ministry-adapter") as connection:
        async with connection.transaction():
            await append(connection, [fact(number, f"{n}") for n in range(50)], NOW)
        (rows,) = (await positions(connection)).values()
        assert rows == [(n + 1, f"{n}") for n in range(50)]


async def test_a_row_that_fits_a_page_is_neither_compressed_nor_moved_out(database: Database) -> None:
    """A dossier's content is a little wider than what Postgres leaves alone, and it is written three times."""
    wide = Entry(AGENCY_RESULTS.name, "260000000017", DELIVERED, "", b'{"a":"b"}' * 700, None)
    stored = "select pg_column_compression(value) is null, pg_column_toast_chunk_id(value) is null from journal"
    async with database.connection("ministry-adapter") as connection:
        for year in (2026, 2031):  # a month that the installation made, and one that comes later
            at = datetime(year, 11, 2, tzinfo=UTC)
            await make_months(connection, at)
            async with connection.transaction():
                await append(connection, [wide._replace(id=f"{year}")], at)
        assert [tuple(row) for row in await connection.fetch(stored)] == [(True, True)] * 2
        await intents.add(connection, [Intent("BYTE", "wide", "260000000017", wide.value, None)], NOW)
        row = await connection.fetchrow(stored.replace("value", "body").replace("journal", "intent"))
        assert tuple(row) == (True, True)
