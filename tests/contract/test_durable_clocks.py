"""Routing's clocks on a real Postgres: each speaks once, at its hour, through restarts, outages, two processes."""

import asyncio
import json
from collections import Counter
from datetime import UTC, datetime, timedelta

import asyncpg
import pytest
from nsw_contracts.envelope import fact_id
from nsw_contracts.events import ACCEPTED, OVERDUE, SUBMITTED, SUPPLEMENT_REQUESTED, Accepted, Fact, SupplementRequested
from nsw_contracts.topics import STATUS
from nsw_routing.draws import Draws
from nsw_routing.handlers import CaseHandler
from nsw_runtime.applier import TICK_DOSSIERS, Applier
from nsw_runtime.database import Pool
from nsw_runtime.settings import ServiceSettings
from nsw_runtime.telemetry import Telemetry
from support.scratch import Database
from support.stories import AT, message, stories

HANDLER = CaseHandler(Draws(b"x" * 32))
SAID = """
select type, key, convert_from(value, 'utf8')::json as fact, recorded_at from journal where topic = $1
order by partition, position
"""


NEXT = "select min(next_at) from dossier_case"
AGENCIES = "select agencies from dossier_case"


class Raw:
    """A raw record, as the consumer hands it on."""

    def __init__(self, position: int, kind: str, fact: Fact) -> None:
        self.topic, self.partition, self.offset = "nsw.test", 0, position
        found = message(position, kind, fact)
        self.key, self.value, self.headers = found.key, found.value, found.headers


class Routing:
    """Routing's applier, with a clock that the test sets."""

    def __init__(self, pool: Pool, now: datetime) -> None:
        self.pool, self.now = pool, now
        settings = ServiceSettings(database_url="unused", kafka_bootstrap_servers="unused", http_port=1)
        self.applier: Applier = Applier(
            service="routing", handler=HANDLER, pool=pool, clock=lambda: self.now, poison_limit=50,
            telemetry=Telemetry("routing", settings), on_commit=lambda *_: None,
        )  # fmt: skip

    async def hear(self, *facts: tuple[str, Fact], first: int = 1) -> None:
        await self.applier.apply([Raw(first + index, kind, fact) for index, (kind, fact) in enumerate(facts)])

    async def tick(self, now: datetime) -> int:
        """All that is due, as the service's loop states it."""
        self.now, said = now, 0
        while ticked := await self.applier.tick(HANDLER):
            said += ticked
        return said

    async def said(self) -> list[tuple[str, str, str]]:
        """(what, dossier, when it says that it happened) of every public fact."""
        rows = await self.pool.fetch(SAID, STATUS.name)
        found = []
        for row in rows:
            fact = json.loads(row["fact"])
            found.append((row["type"].split(".")[3], row["key"], fact["changed_at"]))
        return found


def submitted(count: int) -> list[tuple[str, Fact]]:
    return [(kind, fact) for kind, fact in stories(count) if kind == SUBMITTED]


async def test_a_warning_and_then_overdue_once_each_and_with_the_hour_that_was_due(database: Database) -> None:
    async with database.pool("routing") as pool:
        routing = Routing(pool, AT)
        (one,) = submitted(1)
        await routing.hear(one)
        warn_at = await pool.fetchval(NEXT)
        assert await routing.tick(warn_at - timedelta(seconds=1)) == 0
        assert await routing.tick(warn_at + timedelta(minutes=5)) == 1, "five minutes late, as after a short stop"
        assert await routing.tick(warn_at + timedelta(minutes=6)) == 0
        due_at = await pool.fetchval(NEXT)
        assert due_at > warn_at
        assert await routing.tick(due_at - timedelta(seconds=1)) == 0
        assert await routing.tick(due_at + timedelta(days=1)) == 1
        assert await routing.tick(due_at + timedelta(days=20)) == 0
        number = one[1].number
        assert await routing.said() == [
            ("deadline-near", number, warn_at.isoformat().replace("+00:00", "Z")),
            ("overdue", number, due_at.isoformat().replace("+00:00", "Z")),
        ]
        stated = await pool.fetchval("select id from journal where type = $1", OVERDUE)
        agency = json.loads(await pool.fetchval(AGENCIES))[0]["agency"]
        assert stated == fact_id(f"{number}/{agency}/{due_at.isoformat()}", OVERDUE)


async def test_what_came_due_during_an_outage_is_said_after_it_once_for_each_dossier(database: Database) -> None:
    many = 2 * TICK_DOSSIERS + 7
    async with database.pool("routing") as pool:
        await Routing(pool, AT).hear(*submitted(many))
    async with database.pool("routing") as pool:  # another process, weeks later
        routing = Routing(pool, AT)
        later = AT + timedelta(days=21)
        assert await routing.tick(later) == many
        assert await routing.tick(later) == 0
        said = await routing.said()
        assert Counter(what for what, _, _ in said) == {"overdue": many}
        assert len({number for _, number, _ in said}) == many
        positions = await pool.fetch(
            "select partition, max(position) as last, count(*) as facts from journal where topic = $1 group by 1",
            STATUS.name,
        )
        assert all(row["last"] == row["facts"] for row in positions), "positions have no gaps"


async def test_two_processes_say_each_thing_once(database: Database) -> None:
    many = 600
    async with database.pool("routing") as pool, database.pool("routing") as other:
        one, two = Routing(pool, AT), Routing(other, AT)
        await one.hear(*submitted(many))
        later = AT + timedelta(days=21)
        await asyncio.gather(one.tick(later), two.tick(later))
        await one.tick(later)  # what each left to the other while it had it locked
        said = await one.said()
        assert len(said) == len({number for _, number, _ in said}) == many


async def test_a_transaction_that_fails_leaves_everything_to_be_said(database: Database) -> None:
    async with database.pool("routing") as pool:
        routing = Routing(pool, AT)
        await routing.hear(*submitted(3))
        beyond = datetime(2031, 1, 1, tzinfo=UTC)  # no journal partition holds this month
        with pytest.raises(asyncpg.CheckViolationError):
            await routing.tick(beyond)
        assert await routing.said() == []
        assert await routing.tick(AT + timedelta(days=21)) == 3


async def test_a_clock_stands_still_while_the_business_must_act(database: Database) -> None:
    async with database.pool("routing") as pool:
        routing = Routing(pool, AT)
        (one,) = submitted(1)
        number = one[1].number
        await routing.hear(one)
        agency = json.loads(await pool.fetchval(AGENCIES))[0]["agency"]
        known = {"number": number, "agency": agency, "message_id": "m", "decided_at": AT + timedelta(minutes=10)}
        await routing.hear(
            (ACCEPTED, Accepted(**known)), (SUPPLEMENT_REQUESTED, SupplementRequested(**known, reason="Thiếu")), first=2
        )
        assert await pool.fetchval(NEXT) is None
        assert await routing.tick(AT + timedelta(days=28)) == 0
        assert [what for what, _, _ in await routing.said()] == ["status-changed", "status-changed"]
