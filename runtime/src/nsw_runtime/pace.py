"""Pace: rest as long as the last piece of work took, a little while at most, before looking for the next.

Work here costs by the batch, and what comes in meanwhile makes the next batch larger. Resting as long as one works
makes batches fewer and larger under load. Where a piece of work held little, there is little to gain, and whoever
waits for the next would wait for nothing: the rest is as much shorter as the piece is smaller.

What travels together shares every transaction, request and wake-up on its way, so gathering pays best where dossiers
come in (`nsw_intake.door`); from there on they are kept together, and nothing else waits for more.
"""

import asyncio
from typing import Final

LONGEST_SECONDS: Final = 0.05
SHORTEST_SECONDS: Final = 0.01  # of a whole rest: what is quickly sent still costs its request at every hop
FULL: Final = 50
"""Items that make a piece of work worth a whole rest. Loops that carry the country's replay hold more at a time, those
of a quiet window one or two."""


async def rest(worked_seconds: float, items: int, *, least_seconds: float = 0.0) -> None:
    """Rest after a piece of work that took so long and held so many items."""
    worth = min(max(worked_seconds, SHORTEST_SECONDS), LONGEST_SECONDS) * min(1.0, items / FULL)
    await asyncio.sleep(max(worth, least_seconds))
