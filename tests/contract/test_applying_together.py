"""Batches of a service's several consumers: what they bring within a moment shares a transaction."""

import asyncio
from collections.abc import Mapping, Sequence

import pytest
from nsw_contracts.events import SUBMITTED, Fact
from nsw_runtime.applier import Applier
from nsw_runtime.database import Connection
from nsw_runtime.handling import Applied, Event, Outcome
from nsw_runtime.settings import ServiceSettings
from nsw_runtime.telemetry import Telemetry
from support.scratch import Database
from support.stories import AT, message, stories


class Counting:
    """Takes every event, and counts transactions by what they begin with."""

    def __init__(self) -> None:
        self.loads: list[int] = []

    async def load(self, connection: Connection, events: Sequence[Event]) -> dict[str, None]:
        self.loads.append(len(events))
        return {}

    def handle(self, event: Event, state: None) -> Outcome[None]:
        return Applied()

    async def save(self, connection: Connection, changed: Mapping[str, None]) -> None: ...


class Raw:
    """The first record of a topic, as its consumer hands it on."""

    def __init__(self, topic: str, kind: str, fact: Fact) -> None:
        self.topic, self.partition, self.offset = topic, 0, 0
        found = message(1, kind, fact)
        self.key, self.value, self.headers = found.key, found.value, found.headers


@pytest.mark.parametrize(("gather_seconds", "transactions"), [(1.0, [3]), (0.0, [1, 2])])
async def test_what_several_consumers_bring_within_a_moment_is_one_transaction(
    gather_seconds: float, transactions: list[int], database: Database
) -> None:
    settings = ServiceSettings(database_url="unused", kafka_bootstrap_servers="unused", http_port=1)
    submitted = next(fact for kind, fact in stories(1) if kind == SUBMITTED)
    records = [Raw(f"nsw.test-{n}", SUBMITTED, submitted) for n in range(3)]
    async with database.pool("routing") as pool:
        handler, commits = Counting(), 0

        def committed(*_: object) -> None:
            nonlocal commits
            commits += 1

        applier = Applier(
            service="routing", handler=handler, pool=pool, clock=lambda: AT, poison_limit=50,
            telemetry=Telemetry("routing", settings), on_commit=committed, gather_seconds=gather_seconds,
        )  # fmt: skip
        first = asyncio.create_task(applier.apply(records[:1]))
        for _ in range(5):
            await asyncio.sleep(0)
        await asyncio.gather(first, *(applier.apply([record]) for record in records[1:]))
        assert handler.loads == transactions
        assert commits == len(transactions)
