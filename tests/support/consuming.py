"""Routing's real consumer on a stream of the test's own: real Kafka, real Postgres, FastStream between them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from uuid import uuid4

from nsw_routing.draws import Draws
from nsw_routing.handlers import CaseHandler
from nsw_runtime.applier import Applier
from nsw_runtime.consumer import BatchConsumer
from nsw_runtime.database import Pool
from nsw_runtime.health import Health
from nsw_runtime.settings import ServiceSettings
from nsw_runtime.subscriber import subscribe
from nsw_runtime.telemetry import Telemetry

from support.scratch import Database
from support.stories import AT, Message, make_topic, produce


@dataclass
class Consuming:
    """A consumer at work on `topics`; `pool` is in routing's schema."""

    bootstrap: str
    topics: list[str]
    pool: Pool
    health: Health
    consumer: BatchConsumer

    async def produce(self, messages: list[Message], *, topic: int = 0, a_batch: int = 50) -> None:
        await produce(self.bootstrap, self.topics[topic], messages, a_batch=a_batch)

    async def reached(self, topic: int = 0) -> int:
        """The position applied."""
        found = await self.pool.fetchval("select position from progress where topic = $1", self.topics[topic])
        return found or 0

    async def statuses(self) -> dict[str, tuple[str, int]]:
        """Number → status and revision of each case."""
        rows = await self.pool.fetch("select number, status, revision from dossier_case")
        return {row["number"]: (row["status"], row["revision"]) for row in rows}

    async def facts(self) -> list[str]:
        """What routing has stated: `type number revision`, stream by stream in order."""
        rows = await self.pool.fetch(
            "select type, key, convert_from(value, 'utf8')::json ->> 'revision' as revision from journal "
            "order by topic, partition, position"
        )
        return [f"{row['type'].split('.')[3]} {row['key']} {row['revision'] or ''}".strip() for row in rows]

    async def quarantined(self) -> list[tuple[int | None, str]]:
        rows = await self.pool.fetch("select position, reason from quarantine order by record_offset")
        return [(row["position"], row["reason"]) for row in rows]


def make_consumer(
    pool: Pool, topics: list[str], *, group: str = "", health: Health | None = None, poison_limit: int = 50
) -> BatchConsumer:
    """Routing's consumer, as `ServiceBase` makes it, on other topics."""
    settings = ServiceSettings(database_url="unused", kafka_bootstrap_servers="unused", http_port=1)
    applier = Applier(
        service="routing",
        handler=CaseHandler(Draws(b"x" * 32)),
        pool=pool,
        clock=lambda: AT,
        telemetry=Telemetry("routing", settings),
        poison_limit=poison_limit,
        on_commit=lambda *_: None,
    )
    return BatchConsumer(
        group=group or f"test-{uuid4().hex[:8]}", topics=topics, applier=applier, health=health or Health()
    )


@asynccontextmanager
async def consuming(
    database: Database, bootstrap: str, *, topics: int = 1, poison_limit: int = 50, batch_records: int = 1000
) -> AsyncIterator[Consuming]:
    """Routing's consumer at work on so many topics of its own; it starts with nothing in them."""
    names = [await make_topic(bootstrap) for _ in range(topics)]
    settings = ServiceSettings(
        database_url=database.service_url("routing"),
        kafka_bootstrap_servers=bootstrap,
        http_port=1,
        instance=uuid4().hex[:8],
        batch_records=batch_records,
    )
    async with database.pool("routing") as pool:
        health = Health()
        consumer = make_consumer(pool, names, health=health, poison_limit=poison_limit)
        broker = subscribe([consumer], "routing", settings)
        await broker.start()
        try:
            yield Consuming(bootstrap, names, pool, health, consumer)
        finally:
            await broker.stop()
