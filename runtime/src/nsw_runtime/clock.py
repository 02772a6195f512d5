"""Time and delays come in from outside, so that no test depends on the day it runs."""

import random
from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], datetime]
"""Gives the present moment in UTC."""


def system_clock() -> datetime:
    """The machine's clock, in UTC."""
    return datetime.now(UTC)


def backoff(attempt: int, *, first: float = 0.2, longest: float = 30.0) -> float:
    """Seconds to wait before try number `attempt` + 1: doubled each time, capped, spread over its upper half."""
    delay: float = min(longest, first * 2 ** min(attempt, 20))
    return delay * random.uniform(0.5, 1.0)  # noqa: S311  # jitter, not a secret
