"""Two senders that both believe they own a lane: on the wire twice, under one id; its result is stated once."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime

from nsw_contracts.envelope import fact_id
from nsw_contracts.events import DELIVERED, Delivered
from nsw_contracts.topics import AGENCY_RESULTS
from nsw_runtime import intents
from nsw_runtime.handling import Intent
from nsw_runtime.health import Health
from nsw_runtime.intents import Pending
from nsw_runtime.journal import entry
from nsw_runtime.ownership import Ownership
from nsw_runtime.sender import Attempt, Done, Sender
from support.polling import until
from support.scratch import Database

NOW = datetime(2026, 3, 2, tzinfo=UTC)
INTENTS = 40


class Wire:
    """Carries everything out at once, when both senders have come with the same intents."""

    def __init__(self, together: asyncio.Barrier, sent: list[str]) -> None:
        self._together = together
        self._sent = sent

    def most(self, lane: str) -> int:
        return INTENTS

    def wait(self, lane: str) -> float:
        return 0.0

    async def send(self, lane: str, pending: Sequence[Pending]) -> Sequence[Attempt]:
        self._sent += [one.id for one in pending]
        await self._together.wait()
        return [Done([_delivered(one)]) for one in pending]


def _delivered(one: Pending):
    fact = Delivered(number=one.dossier, agency="BCT", message_id=one.id, delivered_at=NOW)
    return entry(AGENCY_RESULTS, DELIVERED, fact, fact_id=fact_id(one.id, DELIVERED), traceparent=None)


async def test_what_two_senders_carry_out_is_stated_once(database: Database) -> None:
    together, sent = asyncio.Barrier(2), []
    url = database.service_url("ministry-adapter")
    async with database.pool("ministry-adapter") as pool:
        async with pool.acquire() as connection:
            wanted = [Intent("BCT", f"{n:032x}", f"{n:012d}", b"{}", None) for n in range(INTENTS)]
            await intents.add(connection, wanted, NOW)
        senders = []
        for work in ("sender", "rogue"):
            sender = Sender(
                service="ministry-adapter", database_url=url, pool=pool, transport=Wire(together, sent),
                clock=lambda: NOW, health=Health(), on_commit=lambda _: None,
            )  # fmt: skip
            sender._ownership = Ownership(url, "ministry-adapter", work)
            senders.append(asyncio.create_task(sender.run()))
        try:

            async def carried_out() -> bool:
                return await pool.fetchval("select count(*) from intent") == 0

            await until(carried_out, "the intents to be carried out")
        finally:
            for each in senders:
                each.cancel()
            await asyncio.wait(senders)
        assert sorted(sent) == sorted(each.id for each in wanted for _ in range(2)), "each went twice, under its id"
        rows = await pool.fetch("select id from journal")
        assert len(rows) == len({row["id"] for row in rows}) == INTENTS
