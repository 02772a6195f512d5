"""Documents on a real Postgres, in a local folder and in a bucket: whole or not there, sealed, stored once."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from nsw_intake.documents.chunks import ChunkStore
from nsw_intake.documents.collector import IN_FLIGHT
from nsw_intake.documents.errors import StoreUnavailable
from nsw_intake.documents.sealing import CHUNK_BYTES
from nsw_intake.documents.uploads import Reached
from nsw_runtime.problems import Problem
from starlette.requests import ClientDisconnect
from support.documents import Archive, bucket, bucket_server, digest_of, folder, pdf, pieces
from support.scratch import Database

A, B = "0100109106", "0100109106-001"
SIZE = 2 * CHUNK_BYTES + 12_345
CONTENT = pdf(SIZE)
DIGEST = digest_of(CONTENT)


@pytest.fixture(scope="module")
def s3() -> Iterator[str]:
    with bucket_server() as url:
        yield url


@pytest.fixture(params=["folder", "bucket"])
def store(request: pytest.FixtureRequest, tmp_path: Path, s3: str) -> ChunkStore:
    return folder(tmp_path / "documents") if request.param == "folder" else bucket(s3, uuid4().hex)


@pytest.fixture
async def archive(database: Database, store: ChunkStore) -> AsyncIterator[Archive]:
    async with database.pool("intake") as pool:
        yield Archive(pool, store)


async def refused(archive: Archive, status: int, kind: str, **options: object) -> None:
    with pytest.raises(Problem) as told:
        await archive.put(A, CONTENT, **options)  # type: ignore[arg-type]
    assert (told.value.status, told.value.kind) == (status, kind)


async def test_a_document_comes_out_as_it_went_in(archive: Archive) -> None:
    received = await archive.put(A, CONTENT)
    assert received.new
    assert (received.held.sha256, received.held.size, received.held.media_type) == (DIGEST, SIZE, "application/pdf")
    assert await archive.read(CONTENT) == CONTENT
    assert await archive.uploads.reached(A, DIGEST) == Reached(SIZE, SIZE)


@pytest.mark.parametrize(
    ("first", "last"),
    [(0, 0), (SIZE - 1, SIZE - 1), (CHUNK_BYTES - 1, CHUNK_BYTES), (CHUNK_BYTES, 2 * CHUNK_BYTES - 1), (5, SIZE - 5)],
)
async def test_any_range_comes_out(database: Database, tmp_path: Path, first: int, last: int) -> None:
    async with database.pool("intake") as pool:
        archive = Archive(pool, folder(tmp_path))
        await archive.put(A, CONTENT)
        assert await archive.read(CONTENT, first, last) == CONTENT[first : last + 1]


async def test_what_is_stored_says_nothing_of_what_it_holds(database: Database, tmp_path: Path) -> None:
    content = pdf(64) + b"Ha Noi " * 5000
    async with database.pool("intake") as pool:
        archive = Archive(pool, folder(tmp_path))
        await archive.put(A, content)
        (name,) = await archive.store.names()
        stored = (tmp_path / name).read_bytes()
        assert b"Ha Noi" not in stored
        assert b"PDF" not in stored
        assert digest_of(content) not in name


async def test_the_business_that_has_it_is_answered_at_once(archive: Archive) -> None:
    await archive.put(A, CONTENT)

    async def unread() -> AsyncIterator[bytes]:
        raise AssertionError("the body is read")
        yield b""

    assert not (await archive.put(A, CONTENT, body=unread())).new


async def test_another_business_must_send_all_of_it_and_it_is_stored_once(archive: Archive) -> None:
    await archive.put(A, CONTENT)
    assert await archive.uploads.reached(B, DIGEST) is None, "whoever has not sent it learns nothing"
    claimed = pdf(SIZE, seed=2)
    with pytest.raises(Problem) as told:  # knowing the digest is not having the document
        await archive.put(B, CONTENT, body=pieces(claimed))
    assert told.value.kind == "document-hash"
    assert await archive.uploads.reached(B, DIGEST) is None
    received = await archive.put(B, CONTENT)
    assert received.new
    assert len(await archive.blobs()) == 3
    archive.now += 2 * IN_FLIGHT
    assert (await archive.collector.collect()).blobs == 2
    assert await archive.blobs() == {(await archive.stored(CONTENT)).blob}
    assert await archive.read(CONTENT) == CONTENT


async def test_bytes_of_another_hash_leave_nothing(archive: Archive) -> None:
    await refused(archive, 422, "document-hash", body=pieces(pdf(SIZE, seed=2)))
    assert await archive.uploads.reached(A, DIGEST) is None
    assert await archive.blobs(), "they were stored, and belong to nothing"
    archive.now += 2 * IN_FLIGHT
    await archive.collector.collect()
    assert not await archive.blobs()


async def test_a_body_that_is_longer_than_declared_leaves_nothing(archive: Archive) -> None:
    await refused(archive, 422, "document-hash", body=pieces(CONTENT + b"x"))
    assert await archive.uploads.reached(A, DIGEST) is None


async def test_content_of_another_type_leaves_nothing(archive: Archive) -> None:
    await refused(archive, 415, "document-type", media_type="image/png")
    assert await archive.uploads.reached(A, DIGEST) is None
    assert not await archive.blobs()


@pytest.mark.parametrize("error", [None, ClientDisconnect()])
async def test_a_body_that_breaks_off_goes_on_behind_the_last_whole_chunk(
    archive: Archive, error: Exception | None
) -> None:
    await refused(archive, 400, "incomplete-body", body=pieces(CONTENT, 2 * CHUNK_BYTES - 5, error))
    assert await archive.uploads.reached(A, DIGEST) == Reached(CHUNK_BYTES, SIZE)
    assert await archive.uploads.reached(B, DIGEST) is None
    await refused(archive, 409, "upload-offset", offset=2 * CHUNK_BYTES)
    assert (await archive.put(A, CONTENT, offset=CHUNK_BYTES)).new
    assert await archive.read(CONTENT) == CONTENT


async def test_going_on_with_other_bytes_is_noticed(archive: Archive) -> None:
    await refused(archive, 400, "incomplete-body", body=pieces(CONTENT, CHUNK_BYTES))
    other = pdf(SIZE, seed=3)[CHUNK_BYTES:]
    await refused(archive, 422, "document-hash", offset=CHUNK_BYTES, body=pieces(other))
    assert await archive.uploads.reached(A, DIGEST) is None


async def test_another_whole_size_is_not_the_same_upload(archive: Archive) -> None:
    await refused(archive, 400, "incomplete-body", body=pieces(CONTENT, CHUNK_BYTES))
    longer = CONTENT + b"x"
    with pytest.raises(Problem) as told:
        await archive.uploads.receive(
            (await claim(longer, CHUNK_BYTES))._replace(sha256=DIGEST), pieces(longer[CHUNK_BYTES:])
        )
    assert told.value.kind == "upload-offset"


async def claim(content: bytes, offset: int):
    from nsw_intake.documents.uploads import Claim

    return Claim(A, digest_of(content), "application/pdf", offset, len(content) - offset)


async def test_two_uploads_of_one_document_at_the_same_time(archive: Archive) -> None:
    received = await asyncio.gather(*(archive.put(who, CONTENT) for who in (A, A, B)))
    assert all(one.held.sha256 == DIGEST for one in received)
    assert await archive.read(CONTENT) == CONTENT
    archive.now += 2 * IN_FLIGHT
    await archive.collector.collect()
    assert await archive.blobs() == {(await archive.stored(CONTENT)).blob}
    assert await archive.read(CONTENT) == CONTENT


async def test_two_that_go_on_with_one_upload_do_not_mix(archive: Archive) -> None:
    await refused(archive, 400, "incomplete-body", body=pieces(CONTENT, CHUNK_BYTES))
    both = await asyncio.gather(
        archive.put(A, CONTENT, offset=CHUNK_BYTES),
        archive.put(A, CONTENT, offset=CHUNK_BYTES, body=pieces(pdf(SIZE, seed=4)[CHUNK_BYTES:])),
        return_exceptions=True,
    )
    problems = [one for one in both if isinstance(one, Problem)]
    assert problems, "the second is told that it is not alone, or that its bytes are wrong"
    assert {one.kind for one in problems} <= {"upload-taken-over", "upload-offset", "document-hash"}
    if not any(one.kind == "document-hash" for one in problems):
        assert await archive.read(CONTENT) == CONTENT
    else:
        assert await archive.uploads.reached(A, DIGEST) in (None, Reached(SIZE, SIZE))


async def test_more_at_once_than_there_is_room_for_are_sent_away(archive: Archive) -> None:
    gate = asyncio.Event()

    async def held_up(content: bytes) -> AsyncIterator[bytes]:
        await gate.wait()
        yield content

    contents = [pdf(100, seed) for seed in range(8)]
    waiting = [asyncio.create_task(archive.put(A, one, body=held_up(one))) for one in contents]
    await asyncio.sleep(0)
    await refused(archive, 503, "unavailable")
    gate.set()
    assert all(one.new for one in await asyncio.gather(*waiting))
    assert (await archive.put(A, CONTENT)).new


async def test_a_store_that_is_away_is_said_and_nothing_is_lost(database: Database) -> None:
    with bucket_server() as url:
        store = bucket(url, "p")
        async with database.pool("intake") as pool:
            archive = Archive(pool, store)
            await archive.put(A, CONTENT)
    async with database.pool("intake") as pool:
        archive = Archive(pool, store)
        with pytest.raises(StoreUnavailable):
            await archive.read(CONTENT)
        with pytest.raises(Problem) as told:
            await archive.put(B, CONTENT)
        assert told.value.status == 503
        assert await archive.uploads.reached(B, DIGEST) == Reached(0, SIZE)
