"""`nsw documents`: what businesses have uploaded, whether it can be read, what nobody needs, and keys wrapped anew."""

import asyncio
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from nsw_cli.errors import FOUND_WRONG, CommandError
from nsw_cli.local import database_url
from nsw_cli.options import DEFAULT_FOLDER, AsJson, DatabaseUrl, Folder
from nsw_cli.output import print_json, print_table, say
from nsw_cli.system import DOCUMENT_KEYS, DOCUMENTS

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from nsw_intake.documents.chunks import ChunkStore
    from nsw_runtime.database import Pool

app = typer.Typer(no_args_is_help=True, help="Documents that businesses have uploaded.")

StoreUrl = Annotated[
    str | None,
    typer.Option(
        "--documents",
        envvar="NSW_DOCUMENTS",
        help="Where documents are, as intake is told.  [default: the local stack's]",
        show_default=False,
    ),
]
KeysFile = Annotated[
    Path | None,
    typer.Option(
        "--document-keys",
        envvar="NSW_DOCUMENT_KEYS",
        help="The file of keys, as intake is told.  [default: the local stack's]",
        show_default=False,
    ),
]
AccessKey = Annotated[
    str | None, typer.Option(envvar="NSW_DOCUMENTS_ACCESS_KEY_ID", help="For a bucket.", show_default=False)
]
SecretKey = Annotated[
    str | None, typer.Option(envvar="NSW_DOCUMENTS_SECRET_ACCESS_KEY", help="For a bucket.", show_default=False)
]

_UPLOADS: Final = """
select declarant, sha256, size, length(nonces) / 12 as chunks, media_type, touched_at from document_upload
where $1::text is null or declarant = $1 order by touched_at desc limit $2
"""
_DOCUMENTS: Final = """
select declarant, sha256, size, media_type, uploaded_at, filed_at from document
where ($1::text is null or declarant = $1) and (filed_at is null or not $3) order by uploaded_at desc limit $2
"""
_BYTES: Final = """
select sha256, blob, size, key_id, length(nonces) / 12 as chunks, stored_at from document_bytes where sha256 = $1
"""
_HOLDERS: Final = """
select declarant, media_type, uploaded_at, filed_at from document where sha256 = $1 order by uploaded_at
"""


@app.command("list")
def list_documents(
    declarant: Annotated[str | None, typer.Option(help="Only this business's (tax code).", show_default=False)] = None,
    limit: Annotated[int, typer.Option(min=1, help="The most to list of either kind.")] = 100,
    folder: Folder = DEFAULT_FOLDER,
    database: DatabaseUrl = None,
    *,
    unfiled: Annotated[bool, typer.Option("--unfiled", help="Only those to which no dossier refers.")] = False,
    as_json: AsJson = False,
) -> None:
    """List unfinished uploads and documents, the newest first."""
    uploads, documents = asyncio.run(_list(database_url(folder, database), declarant, limit, unfiled=unfiled))
    if as_json:
        print_json({"uploads": uploads, "documents": documents})
        return
    if uploads:
        say("Unfinished uploads:")
        columns = ("declarant", "sha256", "#size", "#chunks", "media_type", "touched_at")
        print_table(columns, ([row[column.lstrip("#")] for column in columns] for row in uploads))
    if documents:
        columns = ("declarant", "sha256", "#size", "media_type", "uploaded_at", "filed_at")
        print_table(columns, ([row[column.lstrip("#")] for column in columns] for row in documents))
    if not uploads and not documents:
        say("There are no documents.")


@app.command()
def show(
    sha256: Annotated[str, typer.Argument(help="The document's SHA-256.", show_default=False)],
    folder: Folder = DEFAULT_FOLDER,
    database: DatabaseUrl = None,
    documents: StoreUrl = None,
    document_keys: KeysFile = None,
    access_key_id: AccessKey = None,
    secret_access_key: SecretKey = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Show who has a document and how it is stored, and read all of it to see that it is whole."""
    store = _Access(folder, database, documents, document_keys, access_key_id, secret_access_key)
    found = asyncio.run(_show(store, sha256))
    if as_json:
        print_json(found)
    else:
        for name in ("sha256", "blob", "size", "chunks", "key_id", "stored_at"):
            say(f"{name:<10} {found[name]}")
        say(f"{'whole':<10} {'yes' if found['whole'] else 'no: ' + found['wrong']}")
        columns = ("declarant", "media_type", "uploaded_at", "filed_at")
        print_table(columns, ([row[column] for column in columns] for row in found["holders"]))
    if not found["whole"]:
        raise typer.Exit(FOUND_WRONG)


@app.command()
def collect(
    keep_days: Annotated[int, typer.Option(min=1, help="How long a document may wait for its dossier.")] = 30,
    folder: Folder = DEFAULT_FOLDER,
    database: DatabaseUrl = None,
    documents: StoreUrl = None,
    access_key_id: AccessKey = None,
    secret_access_key: SecretKey = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Remove now what intake removes every few minutes: uploads left unfinished, documents of no dossier."""
    store = _Access(folder, database, documents, None, access_key_id, secret_access_key)
    found = asyncio.run(_collect(store, timedelta(days=keep_days)))
    if as_json:
        print_json(found)
    else:
        say(f"Given up: {found['uploads']:,} uploads, {found['documents']:,} documents.")
        say(f"Removed from the store: {found['blobs']:,}; what was given up just now goes in some minutes.")


@app.command()
def rewrap(
    folder: Folder = DEFAULT_FOLDER,
    database: DatabaseUrl = None,
    document_keys: KeysFile = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Wrap the documents' keys anew with the newest key; then the older keys may go from the file."""
    store = _Access(folder, database, None, document_keys, None, None)
    done, key_id = asyncio.run(_rewrap(store))
    if as_json:
        print_json({"rewrapped": done, "key_id": key_id})
    else:
        say(f"{done:,} keys were wrapped anew. All are wrapped with {key_id} now; intake needs no other key.")


class _Access:
    """Postgres, the store and the keys, as given or the local stack's."""

    def __init__(
        self,
        folder: Path,
        database: str | None,
        documents: str | None,
        keys: Path | None,
        access_key_id: str | None,
        secret_access_key: str | None,
    ) -> None:
        self.database = database_url(folder, database)
        self._documents = documents or (folder / DOCUMENTS).absolute().as_uri()
        self.keys_file = keys or folder / DOCUMENT_KEYS
        self._credentials = access_key_id, secret_access_key

    def store(self) -> "ChunkStore":
        """The object store."""
        from nsw_intake.documents.chunks import open_store  # noqa: PLC0415  # slow import
        from pydantic import SecretStr  # noqa: PLC0415  # slow import

        access_key_id, secret_access_key = (SecretStr(one) if one else None for one in self._credentials)
        return open_store(self._documents, access_key_id, secret_access_key)

    @asynccontextmanager
    async def pool(self) -> "AsyncIterator[Pool]":
        """Intake's schema, as the database's owner."""
        from nsw_runtime.database import open_pool  # noqa: PLC0415  # slow import

        from nsw_cli.database import schema  # noqa: PLC0415  # slow import

        async with schema(self.database, "intake"):  # says what is wrong where it cannot be used
            pool = await open_pool(self.database, "intake", size=2)
            try:
                yield pool
            finally:
                await pool.close()


async def _list(
    url: str, declarant: str | None, limit: int, *, unfiled: bool
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    from nsw_cli.database import schema  # noqa: PLC0415  # slow import

    async with schema(url, "intake") as connection:
        uploads = await connection.fetch(_UPLOADS, declarant, limit)
        documents = await connection.fetch(_DOCUMENTS, declarant, limit, unfiled)
    return [dict(row) for row in uploads], [dict(row) for row in documents]


async def _show(access: _Access, sha256: str) -> dict[str, Any]:
    from nsw_intake.documents.keys import read_keys  # noqa: PLC0415  # slow import
    from nsw_intake.documents.reading import Reading  # noqa: PLC0415  # slow import

    async with access.pool() as pool:
        row = await pool.fetchrow(_BYTES, sha256)
        if row is None:
            raise CommandError(f"no document has the SHA-256 {sha256}. `nsw documents list` lists them")
        holders = [dict(holder) for holder in await pool.fetch(_HOLDERS, sha256)]
        reading = Reading(store=access.store(), keys=read_keys(access.keys_file), at_once=1)
        wrong = await reading.wrong(pool, sha256)
    return {**row, "whole": wrong is None, "wrong": wrong, "holders": holders}


async def _collect(access: _Access, keep: timedelta) -> dict[str, int]:
    from nsw_intake.documents.collector import Collector  # noqa: PLC0415  # slow import
    from nsw_runtime.clock import system_clock  # noqa: PLC0415  # slow import

    async with access.pool() as pool:
        collected = await Collector(pool=pool, store=access.store(), clock=system_clock, keep=keep).collect()
    return collected._asdict()


async def _rewrap(access: _Access) -> tuple[int, str]:
    from nsw_intake.documents.keys import read_keys  # noqa: PLC0415  # slow import
    from nsw_intake.documents.rewrap import rewrap as wrap_anew  # noqa: PLC0415  # slow import

    keys = read_keys(access.keys_file)
    async with access.pool() as pool:
        return await wrap_anew(pool, keys), keys.newest
