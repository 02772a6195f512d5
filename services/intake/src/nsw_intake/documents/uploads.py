"""Takes documents in. A document exists only when all of its bytes are stored, and are those of its SHA-256.

The body is never held: chunk after chunk is hashed, sealed and stored while the next one comes in. A chunk counts when
its nonce stands in Postgres, so an upload that broke off goes on behind the last whole chunk, whatever broke it.
"""

import asyncio
import hashlib
import secrets
from collections.abc import AsyncIterator
from typing import Final, NamedTuple

import asyncpg
from nsw_runtime import metrics
from nsw_runtime.clock import Clock
from nsw_runtime.crash import crash_point
from nsw_runtime.database import UNAVAILABLE, Pool
from nsw_runtime.problems import Problem
from starlette.requests import ClientDisconnect

from nsw_intake.documents import records
from nsw_intake.documents.chunks import ChunkStore
from nsw_intake.documents.errors import (
    StoreUnavailable,
    UnreadableDocument,
    document_too_large,
    documents_quota,
    filed_document,
    incomplete_body,
    stalled,
    store_away,
    too_many,
    unknown_document,
    upload_taken_over,
    wrong_hash,
    wrong_offset,
    wrong_type,
)
from nsw_intake.documents.keys import KEY_BYTES, NONCE_BYTES, KeyRing
from nsw_intake.documents.media_types import is_of_type
from nsw_intake.documents.records import Held, Upload
from nsw_intake.documents.sealing import CHUNK_BYTES, Sealed, Sealer, chunks_of, nonce_of

STALL_SECONDS: Final = 60.0
"""As long as a body may send nothing."""


class Claim(NamedTuple):
    """What is said to be uploaded: whose document, its SHA-256 and type, from where on and how many bytes more.

    `holder` is a business's tax code or an agency's code.
    """

    holder: str
    sha256: str
    media_type: str
    offset: int
    length: int

    @property
    def size(self) -> int:
        """The whole document's."""
        return self.offset + self.length


class Received(NamedTuple):
    """A document that is held; `new`: since this upload."""

    held: Held
    new: bool


class Reached(NamedTuple):
    """How far an upload has come: the bytes that need not be sent again, and all there will be.

    The two are equal only when the document is whole and held.
    """

    offset: int
    size: int


class Uploads:
    """Takes uploads in, at most `at_once` at the same time.

    `largest`: bytes of one document. `unfiled`: bytes that a business may keep here before a dossier refers to them.
    """

    def __init__(
        self, *, pool: Pool, store: ChunkStore, keys: KeyRing, clock: Clock, at_once: int, largest: int, unfiled: int
    ) -> None:
        self._pool = pool
        self._store = store
        self._keys = keys
        self._clock = clock
        self._free = at_once
        self._largest = largest
        self._unfiled = unfiled

    async def reached(self, declarant: str, sha256: str) -> Reached | None:
        """How far a business's upload of a document has come; None where it has begun none.

        Raises:
            Problem: 503.
        """
        try:
            async with self._pool.acquire() as connection, connection.transaction():
                await records.as_business(connection, declarant)
                held = await records.document(connection, declarant, sha256)
                begun = [] if held is not None else await records.uploads(connection, declarant, sha256)
        except UNAVAILABLE as error:
            raise store_away() from error
        if held is not None:
            return Reached(held.size, held.size)
        return Reached(_offset(begun[0]), begun[0].size) if begun else None

    async def remove(self, declarant: str, sha256: str) -> None:
        """Remove what a business has brought of a document, whole or in part, while no dossier refers to it.

        Raises:
            Problem: 404, there is nothing; 409, a dossier refers to it; 503.
        """
        try:
            async with self._pool.acquire() as connection, connection.transaction():
                if await records.remove(connection, declarant, sha256, self._clock()):
                    return
                held = await records.document(connection, declarant, sha256)
        except (*UNAVAILABLE, asyncpg.PostgresError) as error:
            raise store_away() from error
        raise unknown_document() if held is None else filed_document()

    async def receive(self, claim: Claim, body: AsyncIterator[bytes]) -> Received:
        """Take a document in, or what is left of it. What this business has already is answered at once, body unread.

        Raises:
            Problem: says whether to begin anew or to go on, and from where.
        """
        if claim.size > self._largest:
            raise document_too_large(self._largest)
        if not self._free:
            raise too_many()
        self._free -= 1
        try:
            received = await self._receive(claim, body)
        except Problem as problem:
            metrics.DOCUMENTS.labels(problem.kind).inc()
            raise
        except (StoreUnavailable, *UNAVAILABLE, asyncpg.PostgresError) as error:
            metrics.DOCUMENTS.labels("unavailable").inc()
            raise store_away() from error
        finally:
            self._free += 1
        metrics.DOCUMENTS.labels("taken" if received.new else "held").inc()
        return received

    async def _receive(self, claim: Claim, body: AsyncIterator[bytes]) -> Received:
        async with self._pool.acquire() as connection:
            held = await records.document(connection, claim.holder, claim.sha256)
            if held is not None:
                return Received(held, new=False)
            kept = await records.unfiled_bytes(connection, claim.holder)
        if kept + claim.length > self._unfiled:  # what an upload has stored already is among what is kept
            raise documents_quota(kept, self._unfiled)
        receiving = await (self._resume(claim) if claim.offset else self._begin(claim))
        try:
            await receiving.take(body)
            await receiving.verify()
        except _Refused as refused:
            async with self._pool.acquire() as connection, connection.transaction():
                await records.discard(connection, receiving.upload, self._clock())
            raise refused.problem from None
        crash_point("document.manifest.before")
        async with self._pool.acquire() as connection, connection.transaction():
            held = await records.finish(connection, receiving.upload, self._clock())
        crash_point("document.manifest.after")
        if held is None:
            raise upload_taken_over()
        return Received(held, new=True)

    async def _begin(self, claim: Claim) -> "_Receiving":
        blob, data_key = secrets.token_hex(16), secrets.token_bytes(KEY_BYTES)
        key = self._keys.wrap(data_key, blob)
        upload = Upload(blob, claim.holder, claim.sha256, claim.size, claim.media_type, *key, nonces=b"")
        async with self._pool.acquire() as connection:
            await records.begin(connection, upload, self._clock())
        return _Receiving(self._pool, self._store, self._clock, upload, Sealer(data_key, blob, claim.size))

    async def _resume(self, claim: Claim) -> "_Receiving":
        async with self._pool.acquire() as connection:
            begun = await records.uploads(connection, claim.holder, claim.sha256)
            fits = [one for one in begun if (_offset(one), one.size) == (claim.offset, claim.size)]
            if not fits:
                raise wrong_offset([_offset(one) for one in begun])
            upload = await records.cut(connection, fits[0], _nonces(claim.offset), self._clock())
        if upload is None:
            raise upload_taken_over()
        try:
            data_key = self._keys.unwrap(records.key_of(upload), upload.blob)
            receiving = _Receiving(
                self._pool, self._store, self._clock, upload, Sealer(data_key, upload.blob, upload.size)
            )
            await receiving.hash_again()
        except UnreadableDocument as error:  # nothing can be made of what is stored: the business begins anew
            async with self._pool.acquire() as connection, connection.transaction():
                await records.discard(connection, upload, self._clock())
            metrics.DOCUMENTS_UNREADABLE.inc()
            raise wrong_offset([]) from error
        return receiving


class _Refused(Exception):
    """What has come in is not the document; nothing of it is kept."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.kind)
        self.problem = problem


class _Receiving:
    """One body on its way in. While a chunk is hashed, sealed and stored, the next one gathers."""

    def __init__(self, pool: Pool, store: ChunkStore, clock: Clock, upload: Upload, sealer: Sealer) -> None:
        self.upload = upload
        self._pool = pool
        self._store = store
        self._clock = clock
        self._sealer = sealer
        self._hash = hashlib.sha256()
        self._storing: asyncio.Task[None] | None = None

    async def hash_again(self) -> None:
        """Hash what is stored, as it was when the upload broke off.

        Raises:
            UnreadableDocument: a stored chunk is missing or was changed.
        """
        for index in range(len(self.upload.nonces) // NONCE_BYTES):
            nonce = nonce_of(self.upload.nonces, index)
            ciphertext = await self._store.get(self.upload.blob, index, nonce)
            await asyncio.to_thread(self._hash_sealed, index, Sealed(nonce, ciphertext))

    async def take(self, body: AsyncIterator[bytes]) -> None:
        """Store what is left of the document, to its declared size.

        Raises:
            _Refused: it is of another type.
            Problem: the body stopped or ended early; what was stored stays.
        """
        left = self.upload.size - _offset(self.upload)
        gathered = bytearray()
        try:
            async with asyncio.timeout(STALL_SECONDS) as stall:
                async for part in body:
                    gathered += part
                    left -= len(part)
                    if left < 0:
                        raise _Refused(wrong_hash())
                    while len(gathered) >= CHUNK_BYTES:
                        stall.reschedule(None)  # the time the store takes is not the business's
                        await self._store_next(gathered)
                    stall.reschedule(asyncio.get_running_loop().time() + STALL_SECONDS)
            if left:
                raise incomplete_body()
            if gathered:
                await self._store_next(gathered)
        except TimeoutError:
            if not stall.expired():  # Postgres or the store, not the business
                raise
            raise stalled() from None
        except ClientDisconnect:
            raise incomplete_body() from None
        finally:
            if self._storing is not None:
                await self._storing

    async def verify(self) -> None:
        """All is stored, and is what the path names.

        Raises:
            _Refused: it is something else.
        """
        if self._hash.hexdigest() != self.upload.sha256:
            raise _Refused(wrong_hash())

    async def _store_next(self, gathered: bytearray) -> None:
        with memoryview(gathered) as view:
            chunk = bytes(view[:CHUNK_BYTES])
        del gathered[:CHUNK_BYTES]
        if self._storing is not None:
            await self._storing
        self._storing = asyncio.create_task(self._store_chunk(chunk))

    async def _store_chunk(self, chunk: bytes) -> None:
        index = len(self.upload.nonces) // NONCE_BYTES
        sealed = await asyncio.to_thread(self._hash_and_seal, index, chunk)
        await self._store.put(self.upload.blob, index, *sealed)
        crash_point("document.chunk.before")
        async with self._pool.acquire() as connection:
            added = await records.add_chunk(connection, self.upload, sealed.nonce, self._clock())
        if not added:
            await self._store.delete(self.upload.blob, index, sealed.nonce)
            raise upload_taken_over()
        crash_point("document.chunk.after")
        self.upload = self.upload._replace(nonces=self.upload.nonces + sealed.nonce)
        metrics.DOCUMENT_BYTES.labels("in").inc(len(chunk))

    def _hash_and_seal(self, index: int, chunk: bytes) -> Sealed:
        if index == 0 and not is_of_type(chunk, self.upload.media_type):
            raise _Refused(wrong_type(self.upload.media_type))
        self._hash.update(chunk)
        return self._sealer.seal(index, chunk)

    def _hash_sealed(self, index: int, sealed: Sealed) -> None:
        self._hash.update(self._sealer.open(index, sealed))


def _offset(upload: Upload) -> int:
    """Where an upload goes on. Its last chunk is sent again when that was stored and the rest came to nothing."""
    stored = len(upload.nonces) // NONCE_BYTES
    return min(stored, chunks_of(upload.size) - 1) * CHUNK_BYTES


def _nonces(offset: int) -> int:
    """How many bytes of nonces the chunks before an offset have."""
    return offset // CHUNK_BYTES * NONCE_BYTES
