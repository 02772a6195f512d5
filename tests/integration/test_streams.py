"""Streams over a real Postgres and clients that read as they are told: order, place, and what is bounded."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from nsw_contracts.events import STATUS_CHANGED
from nsw_notifier import stream_store, streams
from nsw_notifier.stream_store import Kept, StreamEvent
from nsw_notifier.streams import ON_THE_WAY, Client, Streams
from nsw_notifier.webhook import event_json
from nsw_runtime.database import Pool
from support.polling import until
from support.scratch import Database

NOW = datetime(2026, 3, 2, tzinfo=UTC)


@dataclass
class Reader:
    """What one client was written; it takes nothing while `stands` is clear."""

    stands: asyncio.Event = field(default_factory=asyncio.Event)
    got: list[bytes] = field(default_factory=list)
    client: Client | None = None

    async def send(self, message: Mapping[str, Any]) -> None:
        await self.stands.wait()
        self.got.append(message["body"])

    def ids(self) -> list[int]:
        text = b"".join(self.got).decode()
        return [int(line[4:]) for line in text.splitlines() if line.startswith("id: ")]


@dataclass
class Streaming:
    pool: Pool
    streams: Streams

    async def keep(self, declarant: str, *dossiers: int) -> None:
        """Keep one event of each of these dossiers."""
        rows = []
        for dossier in dossiers:
            data = b'{"number":"%012d","declarant":"%s","revision":1,"status":"accepted","procedure":"BYTE0600001"}'
            body = event_json(f"e{declarant}{dossier}", STATUS_CHANGED, NOW, data % (dossier, declarant.encode()))
            rows.append(Kept(declarant, "sub", f"{dossier:012d}", "BYTE0600001", STATUS_CHANGED, None, body))
        async with self.pool.acquire() as connection, connection.transaction():
            await stream_store.keep(connection, rows, NOW)
        self.streams.wake(declarant)

    def join(
        self, declarant: str, after: int = 0, *, reads: bool = True, wants: Callable[[StreamEvent], bool] | None = None
    ) -> Reader:
        reader = Reader()
        if reads:
            reader.stands.set()
        reader.client = Client(self.streams, declarant, after, reader.send, wants or (lambda _: True))
        self.streams.join(reader.client)
        return reader


@asynccontextmanager
async def streaming(database: Database) -> AsyncIterator[Streaming]:
    async with database.pool("notifier") as pool:
        found = Streams(pool=pool, clock=lambda: NOW, on_commit=lambda _: None)
        running = [asyncio.create_task(loop()) for loop in (found.run, found.beat, found.note)]
        try:
            yield Streaming(pool, found)
        finally:
            for task in running:
                task.cancel()
            await asyncio.gather(*running, return_exceptions=True)


async def has(reader: Reader, expected: list[int]) -> None:
    async def condition() -> bool:
        return len(reader.ids()) >= len(expected)

    await until(condition, f"{expected} to come, not {reader.ids()}", seconds=20)
    assert reader.ids() == expected


async def test_each_client_goes_on_from_its_own_place(database: Database) -> None:
    async with streaming(database) as at:
        await at.keep("0100109106", *range(1, 6))
        begin, later = at.join("0100109106"), at.join("0100109106", 3)
        await has(begin, [1, 2, 3, 4, 5])
        await has(later, [4, 5])
        await at.keep("0100109106", 6)
        await has(begin, [1, 2, 3, 4, 5, 6])
        await has(later, [4, 5, 6])


async def test_more_than_a_page_comes_whole_and_in_order(database: Database) -> None:
    async with streaming(database) as at:
        everything = list(range(1, 2 * stream_store.PAGE + 8))
        await at.keep("0100109106", *everything)
        await has(at.join("0100109106"), everything)


async def test_a_client_that_does_not_read_is_bounded_holds_up_nobody_and_loses_nothing(database: Database) -> None:
    async with streaming(database) as at:
        slow, quick = at.join("0100109106", reads=False), at.join("0100109106")
        everything = list(range(1, 5 * ON_THE_WAY))
        for start in range(0, len(everything), 2 * ON_THE_WAY):
            await at.keep("0100109106", *everything[start : start + 2 * ON_THE_WAY])
        await has(quick, everything)
        assert slow.client is not None
        assert slow.client.position < len(everything), "it keeps its place"
        assert len(slow.client._waiting) <= ON_THE_WAY
        slow.stands.set()
        await has(slow, everything)


async def test_what_a_client_does_not_want_is_passed_over_and_it_is_not_stuck(database: Database) -> None:
    async with streaming(database) as at:
        await at.keep("0100109106", *range(1, 1_200))
        last = at.join("0100109106", wants=lambda event: event.position > 1_190)
        await has(last, list(range(1_191, 1_200)))


async def test_positions_of_several_writers_have_no_gap(database: Database) -> None:
    async with streaming(database) as at:
        await asyncio.gather(*(at.keep("0100109106", *range(n * 10, n * 10 + 7)) for n in range(1, 6)))
        rows = await at.pool.fetch("select position from stream_event where declarant = '0100109106' order by 1")
        assert [row["position"] for row in rows] == list(range(1, 36))
        await has(at.join("0100109106"), list(range(1, 36)))


async def test_what_was_sent_is_noted_once(database: Database) -> None:
    async with streaming(database) as at:
        await at.keep("0100109106", 1, 2)
        await has(at.join("0100109106"), [1, 2])

        async def told() -> bool:
            return await at.pool.fetchval("select count(*) from journal") == 2

        await until(told, "two facts", seconds=20)
        await has(at.join("0100109106"), [1, 2])
        await at.keep("0100109106", 3)

        async def more() -> bool:
            return await at.pool.fetchval("select count(*) from stream_event where told_at is null") == 0

        await until(more, "the third to be noted", seconds=20)
        assert await at.pool.fetchval("select count(*) from journal") == 3


async def test_an_idle_client_is_told_that_its_connection_stands_and_an_old_one_is_let_go(database: Database) -> None:
    async with streaming(database) as at:
        served = asyncio.Event()

        async def request() -> None:
            reader = at.join("0100109106")
            assert reader.client is not None
            reader.client.beats_at = 0.0

            async def beaten() -> bool:
                return any(b": still here" in one for one in reader.got)

            await until(beaten, "a beat", seconds=20)
            reader.client.ends_at = 0.0
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                assert reader.client.over
                served.set()

        task = asyncio.create_task(request())
        await asyncio.wait_for(served.wait(), 20)
        await task


async def test_a_business_sees_only_its_own_rows(database: Database) -> None:
    async with streaming(database) as at:
        await at.keep("0100109106", 1)
        await at.keep("0100109107", 1)
        async with at.pool.acquire() as connection, connection.transaction():
            await connection.execute("select set_config('nsw.tenant', '0100109107', true)")
            assert await stream_store.read(connection, "0100109106", 0) == []
            assert len(await stream_store.read(connection, "0100109107", 0)) == 1
        assert streams.BEAT_SECONDS < 60
