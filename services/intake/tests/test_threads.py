"""Short calls handed to threads: every caller gets its own, errors too, and the event loop goes on meanwhile."""

import asyncio
import threading
from functools import partial

import pytest
from nsw_intake.signing.threads import MOST_A_HOP, Threads


async def test_every_call_gets_its_own_result_in_order() -> None:
    threads = Threads("test")
    many = range(3 * MOST_A_HOP)
    results = await asyncio.gather(
        threads.run_all([partial(pow, n, 2) for n in many]), *(threads.run(partial(pow, n, 3)) for n in many)
    )
    assert results[0] == [n**2 for n in many]
    assert results[1:] == [n**3 for n in many]
    assert await threads.run_all([]) == []
    threads.close()


async def test_an_error_is_its_callers_alone() -> None:
    threads = Threads("test")
    good, bad = await asyncio.gather(
        threads.run(partial(divmod, 7, 2)), threads.run(partial(divmod, 1, 0)), return_exceptions=True
    )
    assert good == (3, 1)
    assert isinstance(bad, ZeroDivisionError)
    with pytest.raises(ZeroDivisionError):
        await threads.run_all([partial(divmod, 1, 0), partial(divmod, 7, 2)])
    assert await threads.run(partial(divmod, 7, 2)) == (3, 1)
    threads.close()


async def test_the_event_loop_goes_on_meanwhile() -> None:
    threads = Threads("test")
    go = threading.Event()
    waiting = asyncio.create_task(threads.run(partial(go.wait, 30)))
    await asyncio.sleep(0)
    asyncio.get_running_loop().call_soon(go.set)
    assert await waiting, "the loop set what the thread waits for"
    threads.close()


async def test_a_caller_that_has_gone_disturbs_nobody() -> None:
    threads = Threads("test")
    go = threading.Event()
    blocked = [asyncio.create_task(threads.run(partial(go.wait, 30))) for _ in range(8)]
    gone = asyncio.create_task(threads.run(partial(divmod, 7, 2)))
    await asyncio.sleep(0)
    gone.cancel()
    go.set()
    assert all(await asyncio.gather(*blocked))
    assert await threads.run(partial(divmod, 7, 2)) == (3, 1)
    threads.close()
