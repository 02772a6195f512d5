"""Registrations at hand: the callers seen lately, each with its rights, and what changed since told within a second.

A caller is read from the table when it is first seen. Whoever's registrations change is forgotten and read again: the
table's revision is polled, so that a change made by another process, or heard from intake, counts here too. While
Postgres is away what is known stays.
"""

import asyncio
import json
import logging
from collections.abc import Mapping
from typing import Final, NamedTuple

from nsw_runtime.database import UNAVAILABLE, Pool
from nsw_runtime.identity import registration_store as store
from nsw_runtime.identity.caller import Caller
from nsw_runtime.identity.tokens import Key, public_key

log = logging.getLogger(__name__)

POLL_SECONDS: Final = 1.0
CALLERS_MOST: Final = 100_000
KEYS_MOST: Final = 5  # of one system; more than one only while it changes keys


class Known(NamedTuple):
    """A caller, and the keys its registrations name: by the JWK as it is registered."""

    caller: Caller
    keys: Mapping[str, Key]


class Registrations:
    """One service's callers, over its pool."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._known: dict[tuple[str, str], Known] = {}
        self._loading: dict[tuple[str, str], asyncio.Task[Known]] = {}
        self._revision: int | None = None
        self._generation = 0  # how often something was forgotten: what is being read meanwhile may be old

    def known(self, issuer: str, subject: str) -> Known | None:
        """A caller that is at hand."""
        return self._known.get((issuer, subject))

    async def load(self, issuer: str, subject: str) -> Known:
        """A caller, read if it is not at hand; one that is not registered has no rights.

        Raises:
            OSError, asyncpg.PostgresError: it is not at hand, and Postgres is away (`database.UNAVAILABLE`).
        """
        place = issuer, subject
        found = self._known.get(place)
        if found is not None:
            return found
        task = self._loading.get(place)
        if task is None:
            task = self._loading[place] = asyncio.create_task(self._load(issuer, subject))
            task.add_done_callback(lambda _: self._loading.pop(place, None))
        return await asyncio.shield(task)

    async def _load(self, issuer: str, subject: str) -> Known:
        if self._revision is None:
            await self.refresh()
        while True:
            generation = self._generation
            async with self._pool.acquire() as connection:
                roles = await store.of_caller(connection, issuer, subject)
            if generation == self._generation:
                break
        rights = frozenset((one.role, party) for one in roles for party in one.parties)
        named = sorted({key for one in roles for key in one.public_keys})[:KEYS_MOST]
        keys = {jwk: key for jwk in named if (key := public_key(json.loads(jwk))) is not None}
        if len(self._known) >= CALLERS_MOST:
            self._known.clear()
        found = self._known[issuer, subject] = Known(Caller(issuer, subject, rights), keys)
        return found

    async def refresh(self) -> None:
        """Forget whoever's registrations have changed since the last time.

        Raises:
            OSError, asyncpg.PostgresError: Postgres is away.
        """
        async with self._pool.acquire() as connection:
            last = await store.revision(connection)
            if last == self._revision:
                return
            if self._revision is None or last < self._revision:  # the latter: Postgres was restored
                self._known.clear()
            else:
                for place in await store.changed(connection, self._revision):
                    self._known.pop(place, None)
        self._generation += 1
        self._revision = last

    async def follow(self) -> None:
        """Refresh every second until cancelled."""
        while True:
            await asyncio.sleep(POLL_SECONDS)
            try:
                await self.refresh()
            except UNAVAILABLE as error:
                log.info("registrations wait for Postgres", extra={"error": type(error).__name__})
