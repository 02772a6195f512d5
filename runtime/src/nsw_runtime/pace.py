"""Pace: rest as long as the last piece of work took, a little while at most, before looking for the next.

Work here costs by the batch, and what comes in meanwhile makes the next batch larger. Resting as long as one works
makes batches fewer and larger under load, and adds no more than a batch's own time where there is little to do.
"""

import asyncio
from typing import Final

LONGEST_SECONDS: Final = 0.05


async def rest(worked_seconds: float) -> None:
    """Rest after a piece of work that took so long."""
    await asyncio.sleep(min(worked_seconds, LONGEST_SECONDS))
