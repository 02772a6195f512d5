"""The relay over a real journal and a broker that only notes what it is sent: what is handed over, and what is read."""

import asyncio
import random
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import pytest
from nsw_contracts.envelope import fact_id
from nsw_contracts.events import NOTIFIED, Notified
from nsw_contracts.topics import NOTIFICATIONS
from nsw_runtime import relay as module
from nsw_runtime.database import Pool
from nsw_runtime.health import Health
from nsw_runtime.journal import Entry, Stated, append, entry
from nsw_runtime.progress import Stream
from nsw_runtime.relay import Relay
from nsw_runtime.settings import ServiceSettings
from nsw_runtime.telemetry import Telemetry
from support.polling import until
from support.scratch import Database

NOW = datetime(2026, 3, 2, tzinfo=UTC)
SETTINGS = ServiceSettings(database_url="-", kafka_bootstrap_servers="-", http_port=0)


class Noting(Relay):
    """Notes what goes to the broker in place of sending it, and how often it reads."""

    def __init__(self, url: str) -> None:
        telemetry = Telemetry("notifier", SETTINGS)
        super().__init__(service="notifier", database_url=url, bootstrap="-", health=Health(), telemetry=telemetry)
        self.out: list[Stated] = []
        self.looks = 0
        self._producer = object()
        self._next_check = float("inf")

    async def _send(self, rows: Sequence[Stated]) -> None:
        await asyncio.sleep(0)
        self.out += rows
        for row in rows:
            self._sent[row.topic, row.partition] = row.position

    async def _wiped(self, producer: object) -> bool:
        return False

    async def _round(self) -> int:
        self.looks += 1
        return await super()._round()

    def places(self) -> dict[Stream, list[int]]:
        found: dict[Stream, list[int]] = {}
        for row in self.out:
            found.setdefault((row.topic, row.partition), []).append(row.position)
        return found


def facts(*dossiers: int) -> list[Entry]:
    made = []
    for number in dossiers:
        fact = Notified(
            number=f"{number:012d}", declarant="0100109106", subscription="s", channel="webhook", event_id="e",
            revision=1, attempts=1, answer=200, notified_at=NOW,
        )  # fmt: skip
        made.append(entry(NOTIFICATIONS, NOTIFIED, fact, fact_id=fact_id(f"{number}", NOTIFIED), traceparent=None))
    return made


async def state(pool: Pool, *dossiers: int) -> list[Stated]:
    async with pool.acquire() as connection, connection.transaction():
        return await append(connection, facts(*dossiers), NOW)


@asynccontextmanager
async def relaying(database: Database) -> AsyncIterator[tuple[Noting, Pool]]:
    async with database.pool("notifier") as pool:
        relay = Noting(database.service_url("notifier"))
        running = asyncio.create_task(relay.run())
        try:
            await until(lambda: _looked(relay), "the first look")
            yield relay, pool
        finally:
            relay._producer = None
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)


async def _looked(relay: Noting) -> bool:
    return relay.looks > 0 and bool(relay._sent)


async def whole(relay: Noting, pool: Pool, facts: int) -> None:
    """Everything went out once, each stream in order, and that is noted in Postgres."""

    async def published() -> bool:
        return await pool.fetchval("select sum(published) from stream_head") == facts

    await until(published, f"{facts} facts to be published, not {len(relay.out)}", seconds=20)
    assert all(places == list(range(1, len(places) + 1)) for places in relay.places().values())
    assert len(relay.out) == facts


async def test_what_is_handed_over_goes_out_without_being_read(database: Database) -> None:
    async with relaying(database) as (relay, pool):
        relay._next_look, looks = float("inf"), relay.looks  # it will not look
        for start in range(0, 60, 20):
            relay.wake(await state(pool, *range(start, start + 20)))

        async def out() -> bool:
            return len(relay.out) == 60

        await until(out, "sixty facts", seconds=10)
        assert relay.looks == looks, "what was sent is noted in Postgres at the next look, not after each send"
        relay._next_look = 0.0
        relay.wake([])
        await whole(relay, pool, 60)


async def test_what_is_handed_over_late_or_never_goes_out_in_order_all_the_same(database: Database) -> None:
    async with relaying(database) as (relay, pool):
        groups = [await state(pool, *range(start, start + 7)) for start in range(0, 140, 7)]
        random.Random(3).shuffle(groups)
        for place, group in enumerate(groups):
            if place % 5:
                relay.wake(group)
            await asyncio.sleep(0.002)
        relay.wake()
        await whole(relay, pool, 140)


async def test_what_others_stated_is_found_by_looking(database: Database) -> None:
    async with relaying(database) as (relay, pool):
        await state(pool, 1, 2, 3)
        relay.wake(await state(pool, 1, 2, 3))
        await whole(relay, pool, 6)


async def test_too_much_to_hold_is_read_back(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "HANDED_OVER", 10)
    async with relaying(database) as (relay, pool):
        for start in range(0, 50, 5):
            relay.wake(await state(pool, *range(start, start + 5)))
        assert relay._held <= 10
        await whole(relay, pool, 50)
