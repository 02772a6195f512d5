"""How fast one business, and one caller, may go on: a bucket of tokens each, filled at a rate, in this process alone.

Two processes of intake let through twice as much: these limits keep one client from hindering the others, and are no
quota. A bucket is kept only while it is not full, so that clients who are gone cost nothing.
"""

import math
import time
from collections.abc import Callable
from typing import Final

from nsw_runtime import metrics
from nsw_runtime.identity import Caller
from nsw_runtime.problems import Problem

from nsw_intake.settings import IntakeSettings

TOO_FAST: Final = metrics.DOOR.labels("too fast")
SWEEP_AT: Final = 10_000  # buckets; full ones are dropped when so many are there, and again at twice what was left


class Buckets:
    """A bucket for each key. `a_second`: tokens that come; 0: no limit. `burst`: what a full one holds."""

    def __init__(self, a_second: float, burst: int, monotonic: Callable[[], float] = time.monotonic) -> None:
        self.a_second = a_second
        self.burst = burst
        self._monotonic = monotonic
        self._full_at: dict[str, float] = {}
        self._sweep_at = SWEEP_AT

    def __len__(self) -> int:
        return len(self._full_at)

    def take(self, key: str, tokens: int = 1) -> float:
        """Take tokens; 0.0: they were there. Else none was taken, and so many seconds later they will be.

        More than a bucket holds are had for all that it holds.
        """
        if not self.a_second:
            return 0.0
        now = self._monotonic()
        full_at = max(self._full_at.get(key, now), now) + min(tokens, self.burst) / self.a_second
        wait = full_at - now - self.burst / self.a_second
        if wait > 0:
            return wait
        self._full_at[key] = full_at
        if len(self._full_at) >= self._sweep_at:
            self._full_at = {one: at for one, at in self._full_at.items() if at > now}
            self._sweep_at = max(SWEEP_AT, 2 * len(self._full_at))
        return 0.0


class RateLimits:
    """Intake's limits."""

    def __init__(self, settings: IntakeSettings, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._businesses = Buckets(settings.business_rate, settings.business_burst, monotonic)
        self._callers = Buckets(settings.caller_rate, settings.caller_burst, monotonic)

    def caller(self, caller: Caller, items: int = 1) -> None:
        """This caller asks for something, or sends so many lines.

        Raises:
            Problem: 429, it is to wait; nothing was taken in.
        """
        wait = self._callers.take(f"{caller.issuer}\x1f{caller.subject}", items)
        if wait:
            TOO_FAST.inc(items)
            raise _too_fast("caller", "You send", self._callers, wait)

    def business(self, tax_code: str) -> Problem | None:
        """Something is filed for this business, by a caller who may; 429 where it is to wait."""
        wait = self._businesses.take(tax_code)
        return _too_fast("business", "This business files", self._businesses, wait) if wait else None


def _too_fast(whose: str, does: str, buckets: Buckets, wait: float) -> Problem:
    return Problem(
        429,
        f"too-fast-for-one-{whose}",
        f"{does} more than is taken in at once",
        f"At most {buckets.a_second:g} dossiers and commands a second for one {whose}, and {buckets.burst:,} at once "
        f"after a pause. Send it again, with the same key, in {math.ceil(wait)} s.",
        retry_after=math.ceil(wait),
    )
