"""The store of intents on a real Postgres: in order within a lane, and none past a parked one of its dossier."""

from datetime import UTC, datetime, timedelta

from nsw_runtime import intents
from nsw_runtime.handling import Intent
from nsw_runtime.intents import Failure
from support.scratch import Database

NOW = datetime(2026, 3, 2, tzinfo=UTC)


def intent(lane: str, each: str, dossier: str = "d") -> Intent:
    return Intent(lane, each, dossier, b"{}", None)


async def ids(connection, most: dict[str, int], at: datetime = NOW) -> dict[str, list[str]]:
    return {lane: [one.id for one in pending] for lane, pending in (await intents.due(connection, most, at)).items()}


async def test_lanes_are_separate_and_each_is_in_order(database: Database) -> None:
    async with database.connection("ministry-adapter") as connection:
        await intents.add(connection, [intent("BCT", "1"), intent("BYTE", "2"), intent("BCT", "3")], NOW)
        await intents.add(connection, [intent("BCT", "0")], NOW)
        assert await intents.lanes(connection) == ["BCT", "BYTE"]
        assert await ids(connection, {"BCT": 2, "BYTE": 9, "BNG": 9}) == {"BCT": ["1", "3"], "BYTE": ["2"]}
        first, _ = (await intents.due(connection, {"BCT": 2}, NOW))["BCT"]
        (other,) = (await intents.due(connection, {"BYTE": 2}, NOW))["BYTE"]
        places = [(first.lane, first.seq), (other.lane, other.seq)]
        assert await intents.done(connection, places) == set(places)
        assert await intents.done(connection, places) == set(), "removed once, whoever tries"
        assert await ids(connection, {"BCT": 9, "BYTE": 9}) == {"BCT": ["3", "0"]}
        assert await intents.lanes(connection) == ["BCT"]


async def test_a_parked_intent_holds_up_its_dossier_and_nothing_else(database: Database) -> None:
    async with database.connection("ministry-adapter") as connection:
        await intents.add(
            connection,
            [intent("BCT", "1", "x"), intent("BCT", "2", "y"), intent("BCT", "3", "x"), intent("BYTE", "4", "x")],
            NOW,
        )
        (first,) = (await intents.due(connection, {"BCT": 1}, NOW))["BCT"]
        await intents.failed(connection, [Failure("BCT", first.seq, "answered 422", parked=True)])
        assert await ids(connection, {"BCT": 9, "BYTE": 9}) == {"BCT": ["2"], "BYTE": ["4"]}
        row = await connection.fetchrow("select attempts, last_error, parked from intent where id = '1'")
        assert tuple(row) == (1, "answered 422", True)
        await connection.execute("update intent set parked = false where id = '1'")
        assert await ids(connection, {"BCT": 9}) == {"BCT": ["1", "2", "3"]}


async def test_a_failed_try_is_counted_and_stays_first(database: Database) -> None:
    async with database.connection("ministry-adapter") as connection:
        await intents.add(connection, [intent("BCT", "1"), intent("BCT", "2")], NOW)
        (first,) = (await intents.due(connection, {"BCT": 1}, NOW))["BCT"]
        await intents.failed(connection, [Failure("BCT", first.seq, "answered 503", parked=False)])
        assert await ids(connection, {"BCT": 1}) == {"BCT": ["1"]}
        assert (await intents.due(connection, {"BCT": 1}, NOW))["BCT"][0].attempts == 1


async def test_an_intent_that_waits_holds_up_its_dossier_until_it_is_due(database: Database) -> None:
    later = NOW + timedelta(seconds=5)
    async with database.connection("ministry-adapter") as connection:
        await intents.add(connection, [intent("BCT", "1", "x"), intent("BCT", "2", "y"), intent("BCT", "3", "x")], NOW)
        (first,) = (await intents.due(connection, {"BCT": 1}, NOW))["BCT"]
        await intents.failed(connection, [Failure("BCT", first.seq, "answered 503", parked=False, due_at=later)])
        assert await ids(connection, {"BCT": 9}) == {"BCT": ["2"]}
        assert await ids(connection, {"BCT": 9}, later) == {"BCT": ["1", "2", "3"]}


async def test_statements_planned_on_an_empty_table_stay_cheap_on_a_full_one(database: Database) -> None:
    """Autovacuum finds the queue empty at one moment; what was planned then must not read it whole for each lane."""
    lanes = {f"sub_{n:04d}": 5 for n in range(400)}
    async with database.connection("notifier") as connection:
        async with database.owner() as owner:
            await intents.add(connection, [intent(lane, lane) for lane in lanes], NOW)
            await connection.execute("delete from intent")
            await owner.execute("vacuum analyze notifier.intent")
        for _ in range(10):  # Postgres keeps a plan for good after the fifth time
            await intents.lanes(connection)
            await intents.due(connection, lanes, NOW)
            await intents.done(connection, [("sub_0000", 1)])
        await intents.add(connection, [intent(lane, f"{lane}-{n}") for n in range(5) for lane in lanes], NOW)
        async with connection.transaction():
            assert await intents.lanes(connection) == sorted(lanes)
            due = await intents.due(connection, lanes, NOW)
            places = [(one.lane, one.seq) for group in due.values() for one in group]
            assert await intents.done(connection, places) == set(places)
            read = await connection.fetchval(
                "select seq_tup_read + coalesce(idx_tup_fetch, 0) from pg_stat_xact_user_tables "
                "where schemaname = 'notifier' and relname = 'intent'"
            )
        assert len(places) == 2000
        assert read < 20_000, f"{read} rows read for 2,000 intents"
