"""What is removed and what stays: unfinished uploads, documents of no dossier, and those being filed at that moment."""

import asyncio
import random
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from nsw_contracts.events import STATUS_CHANGED, Document, StatusChanged
from nsw_intake.documents import records
from nsw_intake.documents.collector import IN_FLIGHT, UNFINISHED
from nsw_intake.documents.references import References, Referring
from nsw_intake.documents.sealing import CHUNK_BYTES
from nsw_intake.handlers import StatusHandler
from nsw_runtime.handling import Event
from nsw_runtime.problems import Problem
from support.documents import KEEP, NOW, PDF, Archive, digest_of, folder, pdf, pieces
from support.polling import until
from support.scratch import Database

A, B = "0100109106", "0300588569"
CONTENT = pdf(1000)
DIGEST = digest_of(CONTENT)
REQUIRED, NOT_REQUIRED = Referring(required=True), Referring(required=False)


def document(content: bytes = CONTENT, **changed: object) -> Document:
    fields = {
        "sha256": digest_of(content),
        "name": "Hoá đơn.pdf",
        "media_type": PDF,
        "size": len(content),
        "kind": "invoice",
    }
    return Document.model_validate(fields | changed)


@pytest.fixture
async def archive(database: Database, tmp_path: Path) -> AsyncIterator[Archive]:
    async with database.pool("intake") as pool:
        yield Archive(pool, folder(tmp_path))


async def filed(
    archive: Archive, *documents: Document, declarant: str = A, referring: Referring = REQUIRED
) -> list[str]:
    """File a dossier that refers to these; the pointers that are wrong."""
    async with archive.pool.acquire() as connection, connection.transaction():
        problems = await referring.refer(connection, [References(declarant, documents, "/dossier")], archive.now)
    return [error.pointer for problem in problems.values() for error in problem.errors]


async def collected(archive: Archive, after: timedelta) -> tuple[int, int]:
    archive.now += after
    uploads, documents, _ = await archive.collector.collect()
    archive.now += 2 * IN_FLIGHT
    await archive.collector.collect()
    return uploads, documents


async def has(archive: Archive, declarant: str, content: bytes = CONTENT) -> bool:
    async with archive.pool.acquire() as connection:
        return await records.document(connection, declarant, digest_of(content)) is not None


async def test_an_upload_left_unfinished_goes_after_a_day(archive: Archive) -> None:
    content = pdf(2 * CHUNK_BYTES)
    with pytest.raises(Problem):
        await archive.put(A, content, body=pieces(content, CHUNK_BYTES))
    assert await collected(archive, UNFINISHED - timedelta(minutes=30)) == (0, 0)
    assert await archive.uploads.reached(A, digest_of(content)) is not None
    assert await collected(archive, timedelta(minutes=30)) == (1, 0)
    assert await archive.uploads.reached(A, digest_of(content)) is None
    assert not await archive.blobs()


async def test_an_upload_that_is_given_up_while_it_comes_in_leaves_nothing(archive: Archive) -> None:
    content = pdf(2 * CHUNK_BYTES)

    async def slow() -> AsyncIterator[bytes]:
        yield content[:CHUNK_BYTES]
        await until(archive.blobs, "the first chunk to be stored")
        archive.now += 2 * UNFINISHED
        await archive.collector.collect()
        yield content[CHUNK_BYTES:]

    with pytest.raises(Problem) as told:
        await archive.put(A, content, body=slow())
    assert told.value.kind == "upload-taken-over"
    archive.now += 2 * IN_FLIGHT
    await archive.collector.collect()
    assert not await archive.blobs()


async def test_a_document_of_no_dossier_goes_after_its_days(archive: Archive) -> None:
    await archive.put(A, CONTENT)
    assert await collected(archive, KEEP - timedelta(hours=1)) == (0, 0)
    assert await archive.read(CONTENT) == CONTENT
    assert await collected(archive, timedelta(hours=1)) == (0, 1)
    assert not await has(archive, A)
    assert not await archive.blobs()


async def refused(archive: Archive, declarant: str = A, content: bytes = CONTENT) -> str:
    """By which problem a removal is refused; nothing where it is not."""
    try:
        await archive.uploads.remove(declarant, digest_of(content))
    except Problem as problem:
        return problem.kind
    return ""


async def test_what_its_business_takes_back_is_gone_with_its_bytes(archive: Archive) -> None:
    for declarant in (A, B):
        await archive.put(declarant, CONTENT)
    assert await refused(archive) == ""
    assert (await has(archive, A), await has(archive, B)) == (False, True)
    assert await archive.read(CONTENT) == CONTENT
    assert await refused(archive, B) == ""
    await collected(archive, 2 * IN_FLIGHT)
    assert not await archive.blobs()
    assert await refused(archive) == "unknown-document"


async def test_an_unfinished_upload_is_taken_back(archive: Archive) -> None:
    content = pdf(2 * CHUNK_BYTES)
    with pytest.raises(Problem):
        await archive.put(A, content, body=pieces(content, CHUNK_BYTES))
    assert await refused(archive, B, content) == "unknown-document"
    assert await refused(archive, A, content) == ""
    assert await archive.uploads.reached(A, digest_of(content)) is None
    await collected(archive, 2 * IN_FLIGHT)
    assert not await archive.blobs()


async def test_a_document_being_filed_is_not_taken_back(archive: Archive) -> None:
    await archive.put(A, CONTENT)

    async def waits() -> bool:
        waiting = (
            "select count(*) from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()"
        )
        return bool(await archive.pool.fetch(waiting))

    async with archive.pool.acquire() as connection:
        async with connection.transaction():
            await REQUIRED.refer(connection, [References(A, (document(),), "/dossier")], archive.now)
            removing = asyncio.create_task(refused(archive))
            await until(waits, "the removal to wait for the filing")
        assert await removing == "document-filed"
    assert await archive.read(CONTENT) == CONTENT


async def test_bytes_stay_as_long_as_somebody_has_them(archive: Archive) -> None:
    await archive.put(A, CONTENT)
    archive.now += timedelta(days=20)
    await archive.put(B, CONTENT)
    assert await collected(archive, timedelta(days=11)) == (0, 1)
    assert (await has(archive, A), await has(archive, B)) == (False, True)
    assert await archive.read(CONTENT) == CONTENT
    assert await filed(archive, document(), declarant=A) == ["/dossier/documents/0/sha256"]
    assert await filed(archive, document(), declarant=B) == []


async def test_a_document_of_a_dossier_stays(archive: Archive) -> None:
    await archive.put(A, CONTENT)
    assert await filed(archive, document()) == []
    assert await collected(archive, 10 * KEEP) == (0, 0)
    assert await archive.read(CONTENT) == CONTENT


async def filed_before(archive: Archive) -> None:
    """A dossier of A's that refers to a document which is not there yet."""
    row = References(A, (document(),)).row()
    await archive.pool.execute(
        "insert into dossier (number, declarant, idempotency_key, content_sha256, procedure, pack_version, "
        "submitted_at, documents) values ('1', $1, 'k', '', '', '', $2, $3)", A, NOW, row,
    )  # fmt: skip


async def test_a_document_uploaded_after_its_dossier_was_filed_stays(archive: Archive) -> None:
    """Where documents are not required, and after facts were taken back from the broker."""
    await filed_before(archive)
    await archive.put(A, CONTENT)
    await archive.put(B, CONTENT)
    assert await collected(archive, 2 * KEEP) == (0, 1)
    assert (await has(archive, A), await has(archive, B)) == (True, False)


async def test_nor_is_it_taken_back(archive: Archive) -> None:
    await filed_before(archive)
    for declarant in (A, B):
        await archive.put(declarant, CONTENT)
    assert (await refused(archive), await refused(archive, B)) == ("document-filed", "")
    assert await archive.read(CONTENT) == CONTENT


async def test_what_a_dossier_says_of_a_document_must_be_so(archive: Archive) -> None:
    await archive.put(A, CONTENT)
    other = document(pdf(1000, seed=2))
    assert await filed(archive, document(), other) == ["/dossier/documents/1/sha256"]
    assert await filed(archive, document(size=999)) == ["/dossier/documents/0/size"]
    assert await filed(archive, document(media_type="image/png")) == ["/dossier/documents/0/media_type"]
    assert await filed(archive, document(), declarant=B) == ["/dossier/documents/0/sha256"], "another's is not there"
    assert await collected(archive, 2 * KEEP) == (0, 1), "a dossier that was refused holds nothing"
    assert await filed(archive, document(), other, referring=NOT_REQUIRED) == []


async def test_one_query_judges_a_group(archive: Archive) -> None:
    contents = [pdf(100, seed) for seed in range(20)]
    for content in contents[::2]:
        await archive.put(A, content)
    asked = [References(A, (document(content),)) for content in contents]
    queries: list[str] = []
    async with archive.pool.acquire() as connection, connection.transaction():
        connection.add_query_logger(lambda query: queries.append(query.query))
        problems = await REQUIRED.refer(connection, asked, NOW)
    assert sorted(problems) == list(range(1, 20, 2))
    assert len([query for query in queries if "document" in query]) == 2, "one to judge and lock, one to mark"


async def test_a_document_being_filed_is_passed_over(archive: Archive) -> None:
    await archive.put(A, CONTENT)
    archive.now += 2 * KEEP
    async with archive.pool.acquire() as connection, connection.transaction():
        assert not await REQUIRED.refer(connection, [References(A, (document(),))], archive.now)
        assert (await archive.collector.collect()).documents == 0
    assert await collected(archive, 2 * KEEP) == (0, 0)
    assert await archive.read(CONTENT) == CONTENT


async def test_a_document_being_removed_cannot_be_filed(archive: Archive, database: Database) -> None:
    """The removal is held up before its commit; the filing waits for it, and hears that the document is gone."""
    await archive.put(A, CONTENT)
    async with database.pool("intake") as pool, pool.acquire() as connection:
        transaction = connection.transaction()
        await transaction.start()
        await connection.execute("delete from document where declarant = $1", A)
        filing = asyncio.create_task(filed(archive, document()))
        await until(lambda: waiting(database), "the filing to wait")
        await transaction.commit()
    assert await filing == ["/dossier/documents/0/sha256"]


async def test_bytes_being_removed_are_not_counted_on(archive: Archive, database: Database) -> None:
    """B's upload of bytes whose last holder is being removed keeps its own."""
    await archive.put(A, CONTENT)
    async with database.pool("intake") as pool, pool.acquire() as connection:
        transaction = connection.transaction()
        await transaction.start()
        await connection.execute("select from document_bytes for update")
        await connection.execute("delete from document")
        await connection.execute("delete from document_bytes")
        uploading = asyncio.create_task(archive.put(B, CONTENT))
        await until(lambda: waiting(database), "the upload to wait")
        await transaction.commit()
    assert (await uploading).new
    assert await archive.read(CONTENT) == CONTENT


async def waiting(database: Database) -> bool:
    async with database.owner() as owner:
        return bool(await owner.fetchval("select count(*) from pg_stat_activity where wait_event_type = 'Lock'"))


async def test_filing_and_removing_at_the_same_moment(archive: Archive) -> None:
    """Whoever was told that a dossier was taken in finds its documents; what was removed was told of. Never both."""
    rounds, order = 12, random.Random(7)
    for turn in range(rounds):
        contents = [pdf(200 + turn, seed) for seed in range(8)]
        for content in contents:
            await archive.put(A, content)
            await archive.put(B, content)
        archive.now += 2 * KEEP
        filings = [
            filed(archive, *map(document, order.sample(contents, 3)), declarant=who)
            for who in (A, B, A, B)
            for _ in "12"
        ]
        tasks = [*filings, archive.collector.collect(), archive.collector.collect()]
        order.shuffle(tasks)
        await asyncio.gather(*tasks)
        rows = await archive.pool.fetch(
            "select sha256 from document where filed_at is not null and filed_at = $1", archive.now
        )
        archive.now += 2 * IN_FLIGHT
        await archive.collector.collect()
        for content in contents:
            if digest_of(content) in {row[0] for row in rows}:
                assert await archive.read(content) == content
    assert (
        await archive.pool.fetchval(
            "select count(*) from document d left join document_bytes b using (sha256) where b.blob is null"
        )
        == 0
    )
    assert await archive.blobs() == {row[0] for row in await archive.pool.fetch("select blob from document_bytes")}


async def test_a_business_sees_its_own_rows_only(archive: Archive) -> None:
    await archive.put(A, CONTENT)
    with pytest.raises(Problem):
        await archive.put(A, pdf(2 * CHUNK_BYTES), body=pieces(CONTENT, 100))
    tables = ("document", "document_upload", "document_bytes", "document_discarded")
    seen: dict[str, list[int]] = {}
    for tenant in (A, B, "", "*"):
        async with archive.pool.acquire() as connection, connection.transaction():
            await connection.execute("select set_config('nsw.tenant', $1, true)", tenant)
            seen[tenant] = [await connection.fetchval(f"select count(*) from {table}") for table in tables]
    assert seen == {A: [1, 1, 0, 0], B: [0] * 4, "": [0] * 4, "*": [1, 1, 1, 0]}


async def test_what_no_dossier_refers_to_is_bounded_for_each_business(database: Database, tmp_path: Path) -> None:
    first, second, third = (pdf(CHUNK_BYTES, seed) for seed in (1, 2, 3))
    broken = pdf(2 * CHUNK_BYTES, seed=4)
    async with database.pool("intake") as pool:
        archive = Archive(pool, folder(tmp_path), unfiled=4 * CHUNK_BYTES)
        await archive.put(A, first)
        with pytest.raises(Problem):
            await archive.put(A, broken, body=pieces(broken, CHUNK_BYTES))
        await archive.put(A, second)
        for beyond in (pdf(CHUNK_BYTES + 1, seed=5), broken):  # three are kept; anew it takes two more
            with pytest.raises(Problem) as told:
                await archive.put(A, beyond)
            assert (told.value.status, told.value.kind) == (413, "documents-quota")
            assert f"{3 * CHUNK_BYTES:,} are here" in told.value.detail
        await archive.put(B, third)
        assert not (await archive.put(A, first)).new, "what it has it may send again"
        await archive.put(A, broken, offset=CHUNK_BYTES)
        with pytest.raises(Problem):
            await archive.put(A, third)
        assert await filed(archive, document(second)) == []
        await archive.put(A, third)


async def heard_of_result(archive: Archive, content: bytes = CONTENT, agency: str = "BYTE") -> None:
    """Intake hears that the agency's result came with this document."""
    fact = StatusChanged(
        number="260000000017", revision=1, status="result_issued", procedure="BYTE0600001", pack_version="2026.1",
        declarant=A, agency=agency, changed_at=archive.now, what="result-issued", document=document(content),
    )  # fmt: skip
    raw = fact.model_dump_json(exclude_defaults=True).encode()
    event = Event("nsw.status.v1", 0, 1, STATUS_CHANGED, "e1", None, fact, raw)
    async with archive.pool.acquire() as connection, connection.transaction():
        await StatusHandler().save(connection, {fact.number: (event,)})


async def test_a_result_s_document_stays_and_one_of_no_result_goes(archive: Archive) -> None:
    for holder in ("BYTE", "BCT"):
        await archive.put(holder, CONTENT)
    await heard_of_result(archive)
    assert await collected(archive, 2 * KEEP) == (0, 1)
    assert [await has(archive, holder) for holder in ("BYTE", "BCT")] == [True, False]
    assert await archive.read(CONTENT) == CONTENT


async def test_a_result_s_document_that_came_after_the_result_stays_too(archive: Archive) -> None:
    await heard_of_result(archive)
    await archive.put("BYTE", CONTENT)
    assert await collected(archive, 2 * KEEP) == (0, 0)
    assert await has(archive, "BYTE")
