"""Documents made here, and all that works on them, over a real Postgres and a real store."""

import random
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from urllib.request import Request, urlopen

from moto.server import ThreadedMotoServer
from nsw_intake.documents import records
from nsw_intake.documents.chunks import ChunkStore, open_store
from nsw_intake.documents.collector import Collector
from nsw_intake.documents.keys import KeyRing
from nsw_intake.documents.ranges import Part
from nsw_intake.documents.reading import Reading
from nsw_intake.documents.records import Bytes
from nsw_intake.documents.uploads import Claim, Received, Uploads
from nsw_runtime.database import Pool
from pydantic import SecretStr

PDF = "application/pdf"
PIECE = 64 * 1024
KEEP = timedelta(days=30)
BUCKET = "documents"
NOW = datetime(2026, 3, 2, 8, tzinfo=UTC)


def pdf(size: int, seed: int = 1) -> bytes:
    """Bytes that begin as a PDF file does; the same seed gives the same."""
    head = b"%PDF-1.7\n"
    return (head + random.Random(seed).randbytes(size - len(head)))[:size]


def digest_of(content: bytes) -> str:
    return sha256(content).hexdigest()


async def pieces(content: bytes, until: int | None = None, error: Exception | None = None) -> AsyncIterator[bytes]:
    """A body as a server hands it over; at `until` it breaks off with `error`."""
    end = len(content) if until is None else until
    for start in range(0, end, PIECE):
        yield content[start : min(start + PIECE, end)]
    if error is not None:
        raise error


@contextmanager
def bucket_server() -> Iterator[str]:
    """An S3-compatible server on loopback with one bucket; its URL."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        host, port = server.get_host_and_port()
        url = f"http://{host}:{port}"
        with urlopen(Request(f"{url}/{BUCKET}", method="PUT")):
            yield url
    finally:
        server.stop()


def bucket(url: str, prefix: str) -> ChunkStore:
    return open_store(f"s3://{BUCKET}/{prefix}?endpoint={url}", SecretStr("key"), SecretStr("secret"))


def folder(path: Path) -> ChunkStore:
    return open_store(path.as_uri(), None, None)


class Archive:
    """Uploads, reading and collecting over one pool and one store, at a time that the test moves."""

    def __init__(
        self, pool: Pool, store: ChunkStore, keys: KeyRing | None = None, *, unfiled: int = 100_000_000
    ) -> None:
        self.pool = pool
        self.unfiled = unfiled
        self.store = store
        self.now = NOW
        self.use(keys or KeyRing({"k1": bytes(range(32))}))

    def use(self, keys: KeyRing) -> None:
        """Have these keys from now on."""
        self.keys = keys
        common = {"pool": self.pool, "store": self.store, "clock": self.clock}
        self.uploads = Uploads(**common, keys=keys, at_once=8, largest=100_000_000, unfiled=self.unfiled)
        self.reading = Reading(store=self.store, keys=keys, at_once=8)
        self.collector = Collector(**common, keep=KEEP)

    def clock(self) -> datetime:
        return self.now

    async def put(
        self,
        declarant: str,
        content: bytes,
        *,
        offset: int = 0,
        media_type: str = PDF,
        body: AsyncIterator[bytes] | None = None,
    ) -> Received:
        """Upload a document from `offset` on."""
        claim = Claim(declarant, digest_of(content), media_type, offset, len(content) - offset)
        return await self.uploads.receive(claim, body or pieces(content[offset:]))

    async def stored(self, content: bytes) -> Bytes:
        async with self.pool.acquire() as connection:
            found = await records.bytes_of(connection, digest_of(content))
        assert found is not None
        return found

    async def read(self, content: bytes, first: int = 0, last: int | None = None) -> bytes:
        """What comes out for a document's range."""
        stored = await self.stored(content)
        part = Part(first, stored.size - 1 if last is None else last, stored.size)
        return b"".join([chunk async for chunk in self.reading.chunks(stored, part)])

    async def blobs(self) -> set[str]:
        """The blobs of which the store has objects."""
        return {name.split("/")[-2] for name in await self.store.names()}
