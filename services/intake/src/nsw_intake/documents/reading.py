"""Gives documents out, a chunk at a time: what leaves has passed its check, and no more than a chunk is ever held."""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from typing import Final, NamedTuple

from nsw_runtime import metrics
from nsw_runtime.database import Connection, Pool

from nsw_intake.documents import records
from nsw_intake.documents.chunks import ChunkStore
from nsw_intake.documents.errors import UnreadableDocument, too_many
from nsw_intake.documents.keys import KeyRing
from nsw_intake.documents.ranges import Part
from nsw_intake.documents.records import Bytes
from nsw_intake.documents.sealing import CHUNK_BYTES, Sealed, Sealer, nonce_of

_OF_DOSSIER: Final = """
select f.declarant, f.procedure, f.pack_version, coalesce(g.holder, ''), coalesce(g.name, '')
from dossier f left join lateral (
    select given.at, f.declarant as holder, one ->> 'name' as name from (
        select f.submitted_at as at, f.documents
        union all
        select c.filed_at, c.documents from command c where c.number = f.number
    ) as given, jsonb_array_elements(given.documents) as one
    where one ->> 'sha256' = $2
    union all
    select (told.fact ->> 'changed_at')::timestamptz, told.fact ->> 'agency', told.fact #>> '{document,name}'
    from (select t.fact::jsonb from timeline t where t.number = f.number and t.document = $2) as told
    order by 1 desc limit 1
) as g on true
where f.number = $1
"""


PIECE_BYTES: Final = 256 * 1024
"""What is handed on at once: the connection keeps what its client has not taken yet."""


class Given(NamedTuple):
    """A document as a dossier gives it: who filed the dossier, by which rules, who holds the document, and its name.

    The holder is the declarant, or the agency whose result came with the document. `holder` and `name` are empty where
    the dossier does not refer to the document.
    """

    declarant: str
    procedure: str
    pack_version: str
    holder: str
    name: str


async def of_dossier(connection: Connection, number: str, sha256: str) -> Given | None:
    """A document in a dossier, or in what came after it; None: there is no such dossier."""
    row = await connection.fetchrow(_OF_DOSSIER, number, sha256)
    return None if row is None else Given(*row)


class Reading:
    """Reads documents from the store, at most `at_once` at the same time."""

    def __init__(self, *, store: ChunkStore, keys: KeyRing, at_once: int) -> None:
        self._store = store
        self._keys = keys
        self._free = at_once

    def sealer(self, stored: Bytes) -> Sealer:
        """What opens a document's chunks.

        Raises:
            UnreadableDocument: its key does not open.
        """
        return Sealer(self._keys.unwrap(records.key_of(stored), stored.blob), stored.blob, stored.size)

    async def chunks(self, stored: Bytes, part: Part) -> AsyncIterator[bytes]:
        """The bytes of a part, in order.

        Raises:
            Problem: 503, as many are being read as can be.
            UnreadableDocument: a chunk is missing or was changed; what came before it was right.
            StoreUnavailable: a chunk cannot be read now.
        """
        if not self._free:
            raise too_many()
        self._free -= 1
        try:
            async for chunk in self._chunks(stored, part):
                yield chunk
        finally:
            self._free += 1

    async def wrong(self, pool: Pool, sha256: str) -> str | None:
        """What is wrong with a document's bytes, all of them read; None: nothing.

        Raises:
            StoreUnavailable: that cannot be said now.
        """
        async with pool.acquire() as connection:
            stored = await records.bytes_of(connection, sha256)
        if stored is None:
            return "there is no such document"
        digest = hashlib.sha256()
        try:
            async for chunk in self.chunks(stored, Part(0, stored.size - 1, stored.size)):
                await asyncio.to_thread(digest.update, chunk)
        except UnreadableDocument as error:
            return str(error)
        return None if digest.hexdigest() == sha256 else "its bytes have another SHA-256"

    async def _chunks(self, stored: Bytes, part: Part) -> AsyncIterator[bytes]:
        sealer = self.sealer(stored)
        for index in range(part.first // CHUNK_BYTES, part.last // CHUNK_BYTES + 1):
            nonce = nonce_of(stored.nonces, index)
            ciphertext = await self._store.get(stored.blob, index, nonce)
            plaintext = await asyncio.to_thread(sealer.open, index, Sealed(nonce, ciphertext))
            del ciphertext  # or two of them are held while the next one comes
            start = index * CHUNK_BYTES
            begin, end = max(0, part.first - start), min(len(plaintext), part.last + 1 - start)
            for at in range(begin, end, PIECE_BYTES):
                yield plaintext[at : min(at + PIECE_BYTES, end)]
            metrics.DOCUMENT_BYTES.labels("out").inc(end - begin)
            del plaintext
