"""Progress on a real Postgres: it moves once from each value, in the transaction of the effect, or not at all."""

import asyncio

import pytest
from nsw_runtime import progress
from nsw_runtime.database import COMMAND_SECONDS
from nsw_runtime.errors import ProgressMoved
from support.scratch import Database

IDLE = "idle_in_transaction_session_timeout"

A, B = ("nsw.submissions.v1", 0), ("nsw.submissions.v1", 1)


async def test_a_stream_never_read_starts_at_nothing(database: Database) -> None:
    async with database.connection("routing") as connection:
        assert await progress.load(connection, [A, B]) == {A: 0, B: 0}
        await progress.move(connection, {A: 0}, {A: 5})
        assert await progress.load(connection, [B, A]) == {A: 5, B: 0}


async def test_a_batch_read_at_another_value_is_refused_whole(database: Database) -> None:
    async with database.connection("routing") as connection:
        await progress.load(connection, [A, B])
        await progress.move(connection, {A: 0}, {A: 5})
        with pytest.raises(ProgressMoved):
            async with connection.transaction():
                await progress.move(connection, {A: 0, B: 0}, {A: 3, B: 7})
        assert await progress.load(connection, [A, B]) == {A: 5, B: 0}


async def test_of_two_owners_at_once_one_wins(database: Database) -> None:
    async with database.pool("routing") as pool:
        async with pool.acquire() as connection:
            await progress.load(connection, [A, B])

        async def own(reached: int) -> str:
            try:
                async with pool.acquire() as connection, connection.transaction():
                    await progress.move(connection, {A: 0, B: 0}, {A: reached, B: reached})
                    await connection.execute("select pg_sleep(0.05)")
            except ProgressMoved:
                return "refused"
            return "moved"

        outcomes = await asyncio.gather(*(own(reached) for reached in range(1, 6)))
        assert sorted(outcomes) == ["moved", "refused", "refused", "refused", "refused"]
        async with pool.acquire() as connection:
            winner = outcomes.index("moved") + 1
            assert await progress.load(connection, [A, B]) == {A: winner, B: winner}


async def test_a_stream_that_was_never_loaded_cannot_move(database: Database) -> None:
    async with database.connection("routing") as connection:
        with pytest.raises(ProgressMoved):
            await progress.move(connection, {A: 0}, {A: 1})


async def test_a_process_that_stands_still_in_a_transaction_loses_its_locks(database: Database) -> None:
    """Its heir waits for them; a statement of the heir's is given up only later (`COMMAND_SECONDS`)."""
    async with database.connection("routing") as connection:
        seconds = await connection.fetchval("select extract(epoch from current_setting($1)::interval)", IDLE)
    assert 0 < seconds < COMMAND_SECONDS
