"""Work handed to threads: each caller gets its own result or error, and what comes together goes together."""

import asyncio
import threading
from collections.abc import Iterator

import pytest
from nsw_intake.signing.threads import ENOUGH, MOST_A_HOP, Threads


@pytest.fixture
def threads() -> Iterator[Threads]:
    made = Threads("test")
    yield made
    made.close()


def hops(threads: Threads, monkeypatch) -> list[int]:
    """How many calls went with each hop."""
    found: list[int] = []
    submit = threads._pool.submit

    def counted(work, loop, chunk, done):
        found.append(len(chunk))
        return submit(work, loop, chunk, done)

    monkeypatch.setattr(threads._pool, "submit", counted)
    return found


async def test_each_caller_gets_its_own(threads: Threads) -> None:
    def fail() -> None:
        raise ValueError("mine")

    results = await asyncio.gather(
        *(threads.run(lambda number=number: number) for number in range(200)), threads.run(fail), return_exceptions=True
    )
    assert results[:200] == list(range(200))
    assert isinstance(results[200], ValueError)
    assert await threads.run_all([]) == []
    assert await threads.run(threading.get_ident) != threading.get_ident()


async def test_what_comes_together_goes_together(threads: Threads, monkeypatch) -> None:
    found = hops(threads, monkeypatch)
    assert await asyncio.gather(*(threads.run(lambda: 1) for _ in range(4))) == [1] * 4
    assert len(found) <= threads._size
    found.clear()
    await threads.run_all([lambda: 1] * (ENOUGH * 20))
    assert sum(found) == ENOUGH * 20
    assert max(found) <= MOST_A_HOP


async def test_enough_wait_for_nobody(threads: Threads, monkeypatch) -> None:
    monkeypatch.setattr("nsw_intake.signing.threads.GATHER_SECONDS", 3600)
    first = asyncio.create_task(threads.run(lambda: 1))
    await asyncio.sleep(0)
    assert not first.done()
    await threads.run_all([lambda: 2] * ENOUGH)
    assert await first == 1
