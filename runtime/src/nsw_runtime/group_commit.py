"""Group commit: what arrives together shares one transaction.

A commit costs the same for one item as for hundreds. Items are gathered while the commit before them runs, and for a
few milliseconds at most when nothing runs; each caller waits for its own commit and hears of its own result.
"""

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

from nsw_runtime.pace import FULL, rest

Item = TypeVar("Item")
Result = TypeVar("Result")


class GroupCommit(Generic[Item, Result]):
    """Runs `commit(items)` over everything gathered; it gives one result for each item, in order.

    `weigh`: how much one item holds, where that is not one; a group that holds little is followed by little rest.
    `every_seconds`: from the beginning of one commit to that of the next, at least, while little waits.
    `at_once`: how many groups may be under way together; where several may, none is followed by a rest beyond that.

    When `commit` raises, every caller whose items were in that group gets the error: none of them took effect.
    """

    def __init__(
        self,
        commit: Callable[[Sequence[Item]], Awaitable[Sequence[Result]]],
        *,
        gather_seconds: float | Callable[[], float],
        most: int,
        weigh: Callable[[Item], int] | None = None,
        every_seconds: float = 0.0,
        at_once: int = 1,
    ) -> None:
        self._commit = commit
        self._gather_seconds = gather_seconds
        self._most = most
        self._weigh = weigh
        self._every_seconds = every_seconds
        self._waiting: list[tuple[Sequence[Item], asyncio.Future[Sequence[Result]]]] = []
        self._items = 0
        self._at_once = at_once
        self._running: set[asyncio.Task[None] | None] = set()
        self._gathering = False
        self._full = asyncio.Event()  # a whole group waits

    @property
    def waiting(self) -> int:
        """How many items wait for a commit that has not begun."""
        return self._items

    async def submit(self, items: Sequence[Item]) -> Sequence[Result]:
        """Have `items` committed together with whatever else is waiting; returns after the commit."""
        future: asyncio.Future[Sequence[Result]] = asyncio.get_running_loop().create_future()
        self._waiting.append((items, future))
        self._items += len(items)
        if self._items >= FULL:
            self._full.set()
        self._begin()
        return await future

    def _begin(self) -> None:
        beside = not self._every_seconds or self._items >= FULL
        if not self._gathering and len(self._running) < (self._at_once if beside else 1):
            self._gathering = True
            self._running.add(asyncio.create_task(self._run()))

    async def _run(self) -> None:
        try:
            gather = self._gather_seconds
            await asyncio.sleep(gather() if callable(gather) else gather)
            self._gathering = False
            while self._waiting:
                began = time.monotonic()
                group = self._take()
                if self._waiting:
                    self._begin()
                await self._commit_group(group)
                took = time.monotonic() - began
                least = self._every_seconds - took if self._items < FULL else 0.0
                if self._at_once == 1:
                    await rest(took, sum(self._weight(items) for items, _ in group), least_seconds=least)
                elif least > 0:
                    await self._pause(least)
        finally:
            self._running.discard(asyncio.current_task())

    async def _pause(self, seconds: float) -> None:
        """So long, or until a full group waits."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._full.wait()

    def _weight(self, items: Sequence[Item]) -> int:
        return len(items) if self._weigh is None else sum(map(self._weigh, items))

    def _take(self) -> list[tuple[Sequence[Item], "asyncio.Future[Sequence[Result]]"]]:
        taken, items = 0, 0
        while taken < len(self._waiting) and (taken == 0 or items + len(self._waiting[taken][0]) <= self._most):
            items += len(self._waiting[taken][0])
            taken += 1
        group, self._waiting = self._waiting[:taken], self._waiting[taken:]
        self._items -= items
        if self._items < FULL:
            self._full.clear()
        return group

    async def _commit_group(self, group: "list[tuple[Sequence[Item], asyncio.Future[Sequence[Result]]]]") -> None:
        try:
            results = await self._commit([item for items, _ in group for item in items])
        except Exception as error:  # noqa: BLE001  # handed to every caller of this group, who must answer for it
            for _, future in group:
                if not future.done():
                    future.set_exception(error)
            return
        start = 0
        for items, future in group:
            if not future.done():
                future.set_result(results[start : start + len(items)])
            start += len(items)
