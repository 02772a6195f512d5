"""Waiting for a condition, with a deadline: no test sleeps for luck."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any

EVERY_SECONDS = 0.05


async def until(condition: Callable[[], Awaitable[Any]], what: str, *, seconds: float = 60.0) -> Any:
    """The first truthy value of `condition`; fails, naming `what` and the last value, when none came in time."""
    deadline = time.monotonic() + seconds
    while True:
        value = await condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {seconds:.0f} s for {what}; the last answer was {value!r}")
        await asyncio.sleep(EVERY_SECONDS)
