"""The sender over a real Postgres and a transport that answers as it is told: lanes, order, and what is parked."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime

from nsw_contracts.envelope import fact_id
from nsw_contracts.events import DELIVERED, Delivered
from nsw_contracts.topics import AGENCY_RESULTS
from nsw_runtime import intents
from nsw_runtime.database import Connection, Pool
from nsw_runtime.handling import Intent
from nsw_runtime.health import Health
from nsw_runtime.intents import Pending
from nsw_runtime.journal import Entry, entry
from nsw_runtime.sender import Attempt, Dead, Done, Held, Keep, Retry, Sender
from support.polling import until
from support.scratch import Database

NOW = datetime(2026, 3, 2, tzinfo=UTC)


def done(one: Pending) -> Done:
    fact = Delivered(number=one.dossier, agency="BCT", message_id=one.id, delivered_at=NOW)
    return Done([entry(AGENCY_RESULTS, DELIVERED, fact, fact_id=fact_id(one.id, DELIVERED), traceparent=None)])


@dataclass
class Wire:
    """Says of each intent what `told` holds for its id, once each, then Done. `held` lanes wait for their event."""

    told: dict[str, list[Attempt]] = field(default_factory=dict)
    held: dict[str, asyncio.Event] = field(default_factory=dict)
    broken: dict[str, int] = field(default_factory=dict)
    unserved: frozenset[str] = frozenset()
    a_group: int = 10
    together: asyncio.Barrier | None = None
    sent: list[tuple[str, list[str], list[int]]] = field(default_factory=list)

    def most(self, lane: str) -> int:
        return 0 if lane in self.unserved else self.a_group

    def wait(self, lane: str) -> float:
        return 0.0

    async def send(self, lane: str, pending: Sequence[Pending]) -> Sequence[Attempt]:
        self.sent.append((lane, [one.id for one in pending], [one.attempts for one in pending]))
        if lane in self.held:
            await self.held[lane].wait()
        if self.together is not None:
            await self.together.wait()
        if self.broken.get(lane, 0):
            self.broken[lane] -= 1
            raise RuntimeError("a fault of the transport")
        return [self.told[one.id].pop(0) if self.told.get(one.id) else done(one) for one in pending]

    def ids(self, lane: str) -> list[str]:
        return [each for name, group, _ in self.sent if name == lane for each in group]


@dataclass
class Sending:
    """A sender at work on a fresh database."""

    pool: Pool
    sender: Sender
    commits: list[None]

    async def intend(self, *wanted: tuple[str, str, str]) -> None:
        """Add intents (lane, id, dossier), in this order."""
        async with self.pool.acquire() as connection, connection.transaction():
            rows = [Intent(lane, each, dossier.zfill(12), b"{}", None) for lane, each, dossier in wanted]
            await intents.add(connection, rows, NOW)
        self.sender.tell({lane for lane, _, _ in wanted})

    async def left(self, *expected: str) -> None:
        """Wait until just these intents are left."""

        async def condition() -> bool:
            rows = await self.pool.fetch("select id from intent")
            return {row["id"] for row in rows} == set(expected)

        await until(condition, f"only {expected} to be left", seconds=20)

    async def stated(self) -> list[str]:
        """The message ids whose results are facts, in the journal's order by stream."""
        rows = await self.pool.fetch(
            "select convert_from(value, 'utf8')::json ->> 'message_id' as id from journal "
            "order by topic, partition, position"
        )
        return [row["id"] for row in rows]


@asynccontextmanager
async def sending(database: Database, wire: Wire, keep: Keep | None = None) -> AsyncIterator[Sending]:
    commits: list[None] = []
    async with database.pool("ministry-adapter") as pool:
        sender = Sender(
            service="ministry-adapter", database_url=database.service_url("ministry-adapter"), pool=pool,
            transport=wire, clock=lambda: NOW, health=Health(), on_commit=lambda _: commits.append(None), keep=keep,
        )  # fmt: skip
        running = asyncio.create_task(sender.run())
        try:
            yield Sending(pool, sender, commits)
        finally:
            for event in wire.held.values():
                event.set()
            running.cancel()
            await asyncio.wait([running])


async def test_a_lane_that_hangs_holds_up_no_other(database: Database) -> None:
    wire = Wire(held={"BCT": asyncio.Event()})
    async with sending(database, wire) as at:
        await at.intend(("BCT", "1", "1"), *((lane, f"{lane}{n}", "2") for lane in ("BYTE", "BNG") for n in range(25)))
        await at.left("1")
        await at.intend(("BCT", "2", "1"), ("BYTE", "later", "1"))
        await at.left("1", "2")
        assert wire.ids("BCT") == ["1"], "a lane has one group on its way"
        wire.held["BCT"].set()
        await at.left()
        assert wire.ids("BCT") == ["1", "2"]


async def test_a_lane_is_in_order_whatever_its_groups(database: Database) -> None:
    wire = Wire(a_group=7)
    wanted = [f"{n:03d}" for n in range(60)]
    async with sending(database, wire) as at:
        for start in range(0, 60, 20):
            await at.intend(*(("BCT", each, "5") for each in wanted[start : start + 20]))
        await at.left()
        assert wire.ids("BCT") == wanted
        assert max(len(group) for _, group, _ in wire.sent) <= 7
        assert await at.stated() == wanted


async def test_what_is_tried_again_keeps_its_id_and_its_place(database: Database) -> None:
    wire = Wire(told={"2": [Retry("answered 503"), Retry("answered 503")]}, a_group=3)
    async with sending(database, wire) as at:
        await at.intend(*(("BCT", each, each) for each in "12345"))
        await at.left()
        assert [(group, attempts) for _, group, attempts in wire.sent] == [
            (["1", "2", "3"], [0, 0, 0]), (["2", "4", "5"], [1, 0, 0]), (["2"], [2]),
        ]  # fmt: skip
        assert sorted(await at.stated()) == list("12345"), "each result is stated once"


async def test_what_is_dead_is_parked_and_holds_up_its_dossier_in_its_lane_only(database: Database) -> None:
    wire = Wire(told={"1": [Dead("answered 422")]})
    async with sending(database, wire) as at:
        await at.intend(("BCT", "1", "7"), ("BCT", "3", "8"), ("BYTE", "4", "7"))
        await at.left("1")
        await at.intend(("BCT", "2", "7"), ("BCT", "5", "8"), ("BYTE", "6", "7"))
        await at.left("1", "2")
        row = await at.pool.fetchrow("select parked, attempts, last_error from intent where id = '1'")
        assert tuple(row) == (True, 1, "answered 422")
        assert wire.ids("BCT") == ["1", "3", "5"], "2 waits behind 1"
        await at.pool.execute("update intent set parked = false where id = '1'")
        at.sender.tell(["BCT"])
        await at.left()
        assert wire.ids("BCT") == ["1", "3", "5", "1", "2"]


async def test_a_dossier_that_waits_alone_holds_up_neither_its_lane_nor_others(database: Database) -> None:
    wire = Wire(told={"1": [Retry("locked", after=3600.0, alone=True)], "2": [Held()]})
    async with sending(database, wire) as at:
        await at.intend(("BCT", "1", "7"), ("BCT", "2", "7"), ("BCT", "3", "8"))
        await at.left("1", "2")
        await at.intend(("BCT", "4", "7"), ("BCT", "5", "8"))
        await at.left("1", "2", "4")
        assert wire.ids("BCT") == ["1", "2", "3", "5"], "2 was in the same group; 4 waits behind 1"
        await at.pool.execute("update intent set due_at = $1", NOW)
        at.sender.tell(["BCT"])
        await at.left()


async def test_what_is_kept_beside_results_is_of_their_transaction_and_may_state_more(database: Database) -> None:
    kept: list[list[str]] = []

    async def keep(connection: Connection, settled: Sequence[tuple[Pending, Attempt]]) -> Sequence[Entry]:
        kept.append([one.id for one, _ in settled])
        assert await connection.fetchval("select count(*) from intent where lane = 'BCT'") == 0
        return [fact for one, attempt in settled if one.lane == "BCT" and isinstance(attempt, Done) for fact in
                done(one._replace(id=f"{one.id}-more")).facts]  # fmt: skip

    async with sending(database, Wire(), keep) as at:
        await at.intend(("BCT", "1", "1"))
        await at.left()
        assert (kept, await at.stated()) == ([["1"]], ["1", "1-more"])


async def test_the_results_of_many_lanes_share_a_commit(database: Database) -> None:
    lanes = [f"sub_{n}" for n in range(20)]
    async with sending(database, Wire(together=asyncio.Barrier(len(lanes)))) as at:
        await at.intend(*((lane, lane, "1") for lane in lanes))
        await at.left()
        assert len(at.commits) <= 2
        assert sorted(await at.stated()) == sorted(lanes)


async def test_a_fault_of_the_transport_loses_nothing_and_ends_nothing(database: Database) -> None:
    wire = Wire(broken={"BCT": 2})
    async with sending(database, wire) as at:
        await at.intend(("BCT", "1", "1"), ("BYTE", "2", "2"))
        await at.left()
        assert wire.ids("BCT") == ["1", "1", "1"]
        assert sorted(await at.stated()) == ["1", "2"]


async def test_a_lane_that_is_not_served_here_is_left_alone(database: Database) -> None:
    wire = Wire(unserved=frozenset({"BCT"}))
    async with sending(database, wire) as at:
        await at.intend(("BCT", "1", "1"), ("BYTE", "2", "2"))
        await at.left("1")
        assert wire.ids("BCT") == []
