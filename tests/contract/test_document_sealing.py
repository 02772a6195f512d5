"""What an intruder in the store, a lost key or a changed row can do to a document: make it unreadable, nothing else."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from nsw_intake.documents import records
from nsw_intake.documents.errors import UnknownKey, UnreadableDocument
from nsw_intake.documents.keys import KeyRing, key_line, read_keys
from nsw_intake.documents.rewrap import rewrap
from nsw_intake.documents.sealing import CHUNK_BYTES, Sealed, Sealer
from nsw_runtime.errors import BadSettings
from nsw_runtime.problems import Problem
from support.documents import Archive, digest_of, folder, pdf, pieces
from support.scratch import Database

A = "0100109106"
CONTENT, OTHER = pdf(2 * CHUNK_BYTES + 100), pdf(2 * CHUNK_BYTES + 100, seed=2)
OLD, NEW = bytes(range(32)), bytes(range(32, 64))


@pytest.fixture
async def archive(database: Database, tmp_path: Path) -> AsyncIterator[Archive]:
    async with database.pool("intake") as pool:
        archive = Archive(pool, folder(tmp_path), KeyRing({"old": OLD}))
        await archive.put(A, CONTENT)
        yield archive


async def objects(archive: Archive, root: Path, content: bytes = CONTENT) -> list[Path]:
    blob = (await archive.stored(content)).blob
    return [root / name for name in sorted(await archive.store.names(blob))]


async def unreadable(archive: Archive, first: int = 0) -> None:
    with pytest.raises(UnreadableDocument):
        await archive.read(CONTENT, first)


@pytest.mark.parametrize("where", [0, 1000, -1])
async def test_a_changed_byte_is_noticed(archive: Archive, tmp_path: Path, where: int) -> None:
    chunk = (await objects(archive, tmp_path))[1]
    changed = bytearray(chunk.read_bytes())
    changed[where] ^= 1
    chunk.write_bytes(changed)
    await unreadable(archive)
    assert await archive.read(CONTENT, 0, CHUNK_BYTES - 1) == CONTENT[:CHUNK_BYTES], "what is whole is still given"


async def test_chunks_that_changed_places_are_noticed(archive: Archive, tmp_path: Path) -> None:
    first, second, _ = await objects(archive, tmp_path)
    one, two = first.read_bytes(), second.read_bytes()
    first.write_bytes(two)
    second.write_bytes(one)
    await unreadable(archive)


async def test_a_chunk_of_another_document_is_noticed(archive: Archive, tmp_path: Path) -> None:
    await archive.put(A, OTHER)
    (await objects(archive, tmp_path))[0].write_bytes((await objects(archive, tmp_path, OTHER))[0].read_bytes())
    await unreadable(archive)


async def test_a_chunk_cut_short_or_gone_is_noticed(archive: Archive, tmp_path: Path) -> None:
    *_, last = await objects(archive, tmp_path)
    last.write_bytes(last.read_bytes()[:-1])
    await unreadable(archive)
    last.unlink()
    await unreadable(archive, 2 * CHUNK_BYTES)


async def test_a_chunk_put_back_as_it_once_was_is_noticed(archive: Archive, tmp_path: Path) -> None:
    """The same place of the same document, sealed with the same key, from a try that came to nothing."""
    stored = await archive.stored(CONTENT)
    data_key = archive.keys.unwrap(records.key_of(stored), stored.blob)
    earlier: Sealed = Sealer(data_key, stored.blob, stored.size).seal(0, OTHER[:CHUNK_BYTES])
    (await objects(archive, tmp_path))[0].write_bytes(earlier.ciphertext)
    await unreadable(archive)


@pytest.mark.parametrize("change", ["size = size - 1", "nonces = substr(nonces, 13) || substr(nonces, 1, 12)"])
async def test_a_changed_row_is_noticed(archive: Archive, database: Database, change: str) -> None:
    async with database.owner() as owner:
        await owner.execute(f"update intake.document_bytes set {change}")
    await unreadable(archive)


async def test_a_key_moved_to_another_document_opens_nothing(archive: Archive, database: Database) -> None:
    await archive.put(A, OTHER)
    other = await archive.stored(OTHER)
    async with database.owner() as owner:
        await owner.execute("update intake.document_bytes set wrapped_key = $1", other.wrapped_key)
    await unreadable(archive)


async def test_another_key_under_the_same_id_opens_nothing(archive: Archive) -> None:
    archive.use(KeyRing({"old": NEW}))
    await unreadable(archive)


async def test_keys_are_rotated(archive: Archive, tmp_path: Path) -> None:
    """A new key is added, the documents' keys are wrapped anew, the old key goes; no chunk is written again."""
    chunks = {path: path.stat().st_mtime_ns for path in await objects(archive, tmp_path)}
    unfinished = pdf(3 * CHUNK_BYTES, seed=9)
    with pytest.raises(Problem):
        await archive.put(A, unfinished, body=pieces(unfinished, CHUNK_BYTES))
    archive.use(KeyRing({"old": OLD, "new": NEW}))
    await archive.put(A, OTHER)
    assert (await archive.stored(OTHER)).key_id == "new"
    assert await archive.read(CONTENT) == CONTENT, "what the old key wrapped is read"
    assert await rewrap(archive.pool, archive.keys) == 2
    assert await rewrap(archive.pool, archive.keys) == 0
    archive.use(KeyRing({"new": NEW}))
    assert await archive.read(CONTENT) == CONTENT
    assert (await archive.put(A, unfinished, offset=CHUNK_BYTES)).new
    assert await archive.read(unfinished) == unfinished
    assert {path: path.stat().st_mtime_ns for path in await objects(archive, tmp_path)} == chunks


async def test_a_key_taken_away_too_early_is_named(archive: Archive) -> None:
    archive.use(KeyRing({"new": NEW}))
    with pytest.raises(UnknownKey, match="'old'"):
        await archive.read(CONTENT)
    with pytest.raises(UnknownKey, match="'old'"):
        await rewrap(archive.pool, archive.keys)
    archive.use(KeyRing({"old": OLD, "new": NEW}))
    assert await archive.read(CONTENT) == CONTENT


async def test_an_upload_whose_chunk_was_changed_begins_anew(archive: Archive, tmp_path: Path) -> None:
    content = pdf(2 * CHUNK_BYTES, seed=5)
    with pytest.raises(Problem):
        await archive.put(A, content, body=pieces(content, CHUNK_BYTES))
    known = (await archive.stored(CONTENT)).blob
    (name,) = [name for name in await archive.store.names() if known not in name]
    (tmp_path / name).write_bytes(b"x" * 100)
    with pytest.raises(Problem) as told:
        await archive.put(A, content, offset=CHUNK_BYTES)
    assert told.value.kind == "upload-offset"
    assert await archive.uploads.reached(A, digest_of(content)) is None
    assert (await archive.put(A, content)).new


def test_the_last_key_of_a_file_wraps(tmp_path: Path) -> None:
    file = tmp_path / "keys"
    file.write_text("# keys\n" + key_line("2026-01") + "\n" + key_line("2026-02"))
    keys = read_keys(file)
    assert keys.newest == "2026-02"
    wrapped = keys.wrap(OLD, "blob")
    assert read_keys(file).unwrap(wrapped, "blob") == OLD
    with pytest.raises(UnreadableDocument):
        keys.unwrap(wrapped, "another blob")


SECRET = "c2VjcmV0IHNlY3JldCBzZWNyZXQ"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "# none\n",
        "one",
        "one " + SECRET,
        "one !",
        "one two three",
        key_line("a") * 2,
        "bad id? " + SECRET,
        "ключ x",
    ],
)
def test_a_file_of_keys_that_is_none_is_refused_unshown(tmp_path: Path, text: str) -> None:
    file = tmp_path / "keys"
    file.write_text(text)
    with pytest.raises(BadSettings, match="NSW_DOCUMENT_KEYS") as told:
        read_keys(file)
    assert SECRET not in str(told.value)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadSettings, match="cannot be read"):
        read_keys(tmp_path / "none")
