"""`nsw documents` on a real Postgres and a real store: what it lists, finds wrong, removes and wraps anew."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from nsw_cli.main import app
from nsw_cli.system import DOCUMENT_KEYS, DOCUMENTS
from nsw_intake.documents.keys import key_line, read_keys
from nsw_runtime.clock import system_clock
from nsw_runtime.problems import Problem
from support.documents import Archive, digest_of, folder, pdf, pieces
from support.scratch import Database
from typer.testing import CliRunner

A, B = "0100109106", "0300588569"
CONTENT, UNFINISHED = pdf(5_000_000), pdf(5_000_000, seed=2)
Command = Callable[..., Any]


@pytest.fixture
async def archive(database: Database, tmp_path: Path) -> AsyncIterator[Archive]:
    """A local stack's store and keys, with one document of two businesses and an upload left unfinished."""
    keys = tmp_path / DOCUMENT_KEYS
    keys.write_text(key_line("first"))
    async with database.pool("intake") as pool:
        archive = Archive(pool, folder(tmp_path / DOCUMENTS), read_keys(keys))
        archive.now = system_clock()
        await archive.put(A, CONTENT)
        await archive.put(B, CONTENT)
        with pytest.raises(Problem):
            await archive.put(A, UNFINISHED, body=pieces(UNFINISHED, 4_500_000))
        yield archive


@pytest.fixture
def nsw(database: Database, tmp_path: Path) -> Command:
    """Run a command in a thread of its own, where it has an event loop of its own."""

    async def run(*arguments: str, code: int = 0) -> Any:
        given = [*arguments, "--folder", str(tmp_path), "--database-url", database.url]
        outside = dict.fromkeys(("NSW_DOCUMENTS", "NSW_DOCUMENT_KEYS", "DATABASE_URL"))
        result = await asyncio.to_thread(CliRunner(env=outside).invoke, app, ["documents", *given])
        assert result.exit_code == code, f"{arguments}: {result.exit_code}\n{result.output}"
        return json.loads(result.stdout) if "--json" in arguments else result.output

    return run


async def test_what_there_is_is_listed(archive: Archive, nsw: Command) -> None:
    found = await nsw("list", "--json")
    assert [(one["declarant"], one["sha256"], one["chunks"]) for one in found["uploads"]] == [
        (A, digest_of(UNFINISHED), 1)
    ]
    assert {(one["declarant"], one["sha256"], one["filed_at"]) for one in found["documents"]} == {
        (A, digest_of(CONTENT), None),
        (B, digest_of(CONTENT), None),
    }
    assert len((await nsw("list", "--declarant", B, "--unfiled", "--json"))["documents"]) == 1
    assert "Unfinished uploads" in await nsw("list")


async def test_a_document_is_shown_and_read_whole(archive: Archive, nsw: Command, tmp_path: Path) -> None:
    digest = digest_of(CONTENT)
    found = await nsw("show", digest, "--json")
    assert (found["whole"], found["chunks"], found["key_id"], len(found["holders"])) == (True, 2, "first", 2)
    name = next(name for name in await archive.store.names(found["blob"]) if "/000001-" in name)
    (tmp_path / DOCUMENTS / name).write_bytes(b"changed")
    found = await nsw("show", digest, "--json", code=1)
    assert "chunk 1" in found["wrong"]
    assert "no: chunk 1" in await nsw("show", digest, code=1)
    assert "documents list" in await nsw("show", "0" * 64, code=2)


async def test_keys_are_wrapped_anew_by_the_file_as_it_is(archive: Archive, nsw: Command, tmp_path: Path) -> None:
    keys = tmp_path / DOCUMENT_KEYS
    keys.write_text(keys.read_text() + key_line("second"))
    # the document of two businesses has one key; the bytes that were not kept have none any more
    assert await nsw("rewrap", "--json") == {"rewrapped": 2, "key_id": "second"}
    keys.write_text(keys.read_text().splitlines()[1] + "\n")
    assert (await nsw("show", digest_of(CONTENT), "--json"))["whole"]
    assert "0 keys" in await nsw("rewrap")


async def test_what_nobody_needs_is_collected(archive: Archive, nsw: Command, database: Database) -> None:
    assert await nsw("collect", "--json") == {"uploads": 0, "documents": 0, "blobs": 0}
    async with database.owner() as owner:
        await owner.execute("update intake.document set uploaded_at = uploaded_at - $1::interval", timedelta(days=8))
        await owner.execute("update intake.document_upload set touched_at = touched_at - interval '2 days'")
    assert await nsw("collect", "--keep-days", "7", "--json") == {"uploads": 1, "documents": 2, "blobs": 0}
    async with database.owner() as owner:
        await owner.execute("update intake.document_discarded set discarded_at = discarded_at - interval '1 hour'")
    assert await nsw("collect", "--json") == {"uploads": 0, "documents": 0, "blobs": 3}
    assert not await archive.blobs()
    assert "no documents" in await nsw("list")
