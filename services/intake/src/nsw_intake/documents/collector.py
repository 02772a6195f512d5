"""Removes what nobody needs: uploads left unfinished, and documents that no dossier ever referred to.

A document that is being filed at this moment stays: its row is locked by the filing and is passed over, and once marked
it is never looked at again. Objects go some minutes after the last row that named them, when nobody can be writing any.
"""

import asyncio
import logging
from datetime import timedelta
from typing import Final, NamedTuple

import asyncpg
from nsw_runtime import metrics
from nsw_runtime.clock import Clock
from nsw_runtime.database import UNAVAILABLE, Pool

from nsw_intake.documents import records
from nsw_intake.documents.chunks import ChunkStore
from nsw_intake.documents.errors import StoreUnavailable

log = logging.getLogger(__name__)

EVERY_SECONDS: Final = 300.0
UNFINISHED: Final = timedelta(days=1)
IN_FLIGHT: Final = timedelta(minutes=10)
"""Longer than any request to the store lasts, with its tries."""
AT_ONCE: Final = 500

_UNFINISHED: Final = """
with gone as (
    delete from document_upload where blob in (
        select blob from document_upload where touched_at < $1 order by blob limit $3 for update skip locked
    ) returning blob
)
insert into document_discarded (blob, discarded_at) select blob, $2 from gone returning blob
"""
_OLD: Final = """
select distinct sha256 from (
    select sha256 from document where filed_at is null and uploaded_at < $1 order by uploaded_at limit $2
) as old order by sha256
"""
_REMOVE: Final = """
delete from document where (declarant, sha256) in (
    select declarant, sha256 from document
    where sha256 = any($1::text[]) and filed_at is null and uploaded_at < $2
    order by declarant, sha256 for update skip locked
) returning sha256
"""
_DISCARDED: Final = "select blob from document_discarded where discarded_at < $1 order by discarded_at limit $2"
_FORGET: Final = "delete from document_discarded where blob = $1"


class Collected(NamedTuple):
    """How many unfinished uploads and documents were given up, and how many blobs' objects were removed."""

    uploads: int
    documents: int
    blobs: int


class Collector:
    """Removes what nobody needs; several may run at once. `keep`: how long a document may wait for its dossier."""

    def __init__(self, *, pool: Pool, store: ChunkStore, clock: Clock, keep: timedelta) -> None:
        self._pool = pool
        self._store = store
        self._clock = clock
        self._keep = keep

    async def run(self) -> None:
        """Collect now and then, for as long as the service lives."""
        while True:
            try:
                collected = await self.collect()
                if any(collected):
                    log.info("documents collected", extra=collected._asdict())
            except (StoreUnavailable, *UNAVAILABLE, asyncpg.PostgresError) as error:
                log.warning("documents could not be collected; tried again later", extra={"error": str(error)})
            await asyncio.sleep(EVERY_SECONDS)

    async def collect(self) -> Collected:
        """Remove all that may go now.

        Raises:
            StoreUnavailable: objects could not be removed; the next time goes on where this one ended.
        """
        uploads = await self._give_up_uploads()
        documents = await self._give_up_documents()
        blobs = await self._remove_objects()
        for what, count in (("upload", uploads), ("document", documents), ("blob", blobs)):
            metrics.DOCUMENTS_COLLECTED.labels(what).inc(count)
        return Collected(uploads, documents, blobs)

    async def _give_up_uploads(self) -> int:
        now, given_up = self._clock(), 0
        while True:
            rows = await self._pool.fetch(_UNFINISHED, now - UNFINISHED, now, AT_ONCE)
            given_up += len(rows)
            if len(rows) < AT_ONCE:
                return given_up

    async def _give_up_documents(self) -> int:
        now, given_up = self._clock(), 0
        before = now - self._keep
        async with self._pool.acquire() as connection:
            await records.mark_referred(connection, before, now)
        while True:
            removed = await self._remove_documents([row[0] for row in await self._pool.fetch(_OLD, before, AT_ONCE)])
            given_up += removed
            if not removed:
                return given_up

    async def _remove_documents(self, digests: list[str]) -> int:
        now = self._clock()
        async with self._pool.acquire() as connection, connection.transaction():
            await records.lock_bytes(connection, digests)
            removed = [row[0] for row in await connection.fetch(_REMOVE, digests, now - self._keep)]
            if removed:
                await records.remove_bytes(connection, removed, now)
        return len(removed)

    async def _remove_objects(self) -> int:
        removed = 0
        while True:
            rows = await self._pool.fetch(_DISCARDED, self._clock() - IN_FLIGHT, AT_ONCE)
            for row in rows:
                await self._store.delete_all(row["blob"])
                await self._pool.execute(_FORGET, row["blob"])
                removed += 1
            if len(rows) < AT_ONCE:
                return removed
