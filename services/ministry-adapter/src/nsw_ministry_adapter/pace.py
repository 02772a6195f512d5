"""How many messages a second an agency's system is sent: a token bucket that its own lane waits on, and no other."""

import asyncio
import time


class Pace:
    """At most `rate` messages a second over time, and a second's worth at once; None: no limit."""

    def __init__(self, rate: float | None) -> None:
        self._rate = rate
        self._room = 0.0 if rate is None else max(rate, 1.0)
        self._at = time.monotonic()

    async def take(self, messages: int) -> None:
        """Wait until so many may go."""
        if self._rate is None:
            return
        now = time.monotonic()
        self._room = min(max(self._rate, 1.0), self._room + (now - self._at) * self._rate) - messages
        self._at = now
        if self._room < 0:
            await asyncio.sleep(-self._room / self._rate)
