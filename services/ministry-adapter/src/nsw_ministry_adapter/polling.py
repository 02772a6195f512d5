"""Agencies whose answers are fetched: one loop each, at the agency's own pace, in the process that serves its lane."""

import asyncio
import logging
import random
from collections.abc import Callable

import asyncpg
from nsw_runtime.database import UNAVAILABLE

from nsw_ministry_adapter.door import AnswerDoor
from nsw_ministry_adapter.hosting import Hosted

log = logging.getLogger(__name__)


async def poll(hosted: Hosted, door: AnswerDoor, serves: Callable[[str], bool]) -> None:
    """Poll one agency until cancelled. `serves`: whether it is this process's to poll, now."""
    while True:
        if serves(hosted.code):
            while await _once(hosted, door):
                pass
        await asyncio.sleep(hosted.settings.poll_seconds * random.uniform(0.75, 1.25))  # noqa: S311  # jitter


async def _once(hosted: Hosted, door: AnswerDoor) -> bool:
    """Fetch, take and confirm; whether there was something, so that more may be waiting."""
    try:
        async with asyncio.timeout(hosted.seconds):
            messages = await hosted.adapter.poll()
        judged = await door.take(hosted.code, messages)
        if judged:
            async with asyncio.timeout(hosted.seconds):
                await hosted.adapter.confirm(judged)
        return any(one.verdict in ("taken", "early") for one in judged)
    except TimeoutError:
        log.warning("an agency's poll took too long", extra={"agency": hosted.code})
    except (*UNAVAILABLE, asyncpg.PostgresError) as error:
        log.info("an agency's poll waits for Postgres", extra={"agency": hosted.code, "error": type(error).__name__})
    except Exception:
        log.exception("an adapter raised while it polled", extra={"agency": hosted.code})
    return False
