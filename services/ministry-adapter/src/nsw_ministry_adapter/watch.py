"""The host's look around, every second: who is paused, and how deliveries go, which operators see in Postgres."""

import asyncio
import logging
from collections.abc import Callable, Collection, Mapping
from typing import Final

from nsw_runtime import metrics
from nsw_runtime.clock import Clock
from nsw_runtime.database import UNAVAILABLE, Pool

from nsw_ministry_adapter import store
from nsw_ministry_adapter.hosting import Hosted
from nsw_ministry_adapter.store import PauseRow

log = logging.getLogger(__name__)

WATCH_SECONDS: Final = 1.0
"""How soon a pause counts, and the end of one."""


class Watch:
    """Knows the pauses, as durable as Postgres; while that is away, those it knew last count."""

    def __init__(self, pool: Pool, clock: Clock, hosted: Mapping[str, Hosted]) -> None:
        self._pool = pool
        self._clock = clock
        self._hosted = hosted
        self._pauses: list[PauseRow] | None = None
        self._told: dict[str, tuple[str, str]] = {}

    def paused(self, agency: str) -> bool:
        """Whether an agency is left alone now; all are, until the pauses have been read."""
        if self._pauses is None:
            return True
        now = self._clock()
        return any(
            one.agency == agency and one.begins_at <= now and (one.ends_at is None or now < one.ends_at)
            for one in self._pauses
        )

    async def look(self) -> None:
        """Read the pauses, and write what has changed.

        Raises:
            OSError, asyncpg.PostgresError: Postgres is away.
        """
        async with self._pool.acquire() as connection:
            self._pauses = await store.pauses(connection, self._clock())
            for code, one in self._hosted.items():
                state, reason = one.circuit.state, one.circuit.reason
                metrics.RESTING.labels(code).set(one.circuit.open)
                if self._told.get(code) != (state, reason):
                    await store.set_condition(connection, code, state, reason[:500], self._clock())
                    self._told[code] = state, reason

    async def run(self, resumed: Callable[[Collection[str]], None]) -> None:
        """Look until cancelled; `resumed` hears of agencies whose pause has ended."""
        while True:
            before = {code for code in self._hosted if self.paused(code)}
            try:
                await self.look()
            except UNAVAILABLE as error:
                log.info("the agencies' watch waits for Postgres", extra={"error": type(error).__name__})
            ended = [code for code in before if not self.paused(code)]
            if ended:
                resumed(ended)
            await asyncio.sleep(WATCH_SECONDS)
