"""What Postgres holds of documents: uploads, whole documents' bytes, who has them, what is discarded. All their SQL.

Locks are taken in this order: upload, bytes, document (sorted), then what the door takes. A document's bytes are
locked by whoever adds a holder and by whoever removes the last one, so neither misses the other.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from nsw_runtime.database import Connection

from nsw_intake.documents.keys import NONCE_BYTES, WrappedKey
from nsw_intake.documents.sealing import CHUNK_BYTES


class Upload(NamedTuple):
    """Bytes that are coming in."""

    blob: str
    declarant: str
    sha256: str
    size: int
    media_type: str
    key_id: str
    wrapped_key: bytes
    nonces: bytes


class Bytes(NamedTuple):
    """A whole document's bytes."""

    blob: str
    size: int
    key_id: str
    wrapped_key: bytes
    nonces: bytes


class Held(NamedTuple):
    """A document that a business has."""

    sha256: str
    size: int
    media_type: str
    uploaded_at: datetime
    filed_at: datetime | None


Key = tuple[str, str]
"""A declarant and a SHA-256."""

_BEGIN: Final = """
insert into document_upload (blob, declarant, sha256, size, media_type, key_id, wrapped_key, nonces, touched_at)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
"""
_UPLOADS: Final = """
select blob, declarant, sha256, size, media_type, key_id, wrapped_key, nonces
from document_upload where declarant = $1 and sha256 = $2 order by length(nonces) desc, blob
"""
_CUT: Final = """
update document_upload set nonces = substr(nonces, 1, $3), touched_at = $4 where blob = $1 and nonces = $2
returning blob, declarant, sha256, size, media_type, key_id, wrapped_key, nonces
"""
_ADD_CHUNK: Final = """
update document_upload set nonces = nonces || $3, touched_at = $4 where blob = $1 and length(nonces) = $2 returning blob
"""
_END_UPLOAD: Final = "delete from document_upload where blob = $1 returning blob"
_KEEP_BYTES: Final = """
insert into document_bytes (sha256, blob, size, key_id, wrapped_key, nonces, stored_at)
values ($1, $2, $3, $4, $5, $6, $7)
on conflict (sha256) do update set sha256 = excluded.sha256
returning blob
"""  # the update changes nothing: it locks the row that is there
_HOLD: Final = """
insert into document (declarant, sha256, size, media_type, uploaded_at) values ($1, $2, $3, $4, $5)
on conflict do nothing
"""
_DISCARD: Final = "insert into document_discarded (blob, discarded_at) values ($1, $2)"
_DOCUMENT: Final = """
select sha256, size, media_type, uploaded_at, filed_at from document where declarant = $1 and sha256 = $2
"""
_UNFILED: Final = """
select (select coalesce(sum(size), 0) from document where declarant = $1 and filed_at is null)
    + (select coalesce(sum(least(size, length(nonces) / $2 * $3::bigint)), 0) from document_upload where declarant = $1)
"""
_BYTES: Final = "select blob, size, key_id, wrapped_key, nonces from document_bytes where sha256 = $1"
_LOCK: Final = """
select d.declarant, d.sha256, d.size, d.media_type, d.uploaded_at, d.filed_at
from (select distinct * from unnest($1::text[], $2::text[])) as k(declarant, sha256)
    join document d using (declarant, sha256)
order by d.declarant, d.sha256
for no key update of d
"""
_FILED: Final = """
update document set filed_at = $3
where filed_at is null and (declarant, sha256) in (select * from unnest($1::text[], $2::text[]))
"""
_MARK: Final = """
update document d set filed_at = $2
where filed_at is null and uploaded_at < $1 and ($3::text is null or (declarant, sha256) = ($3, $4)) and (
    exists (
        select from dossier f where f.declarant = d.declarant
        and f.documents @> jsonb_build_array(jsonb_build_object('sha256', d.sha256)))
    or exists (
        select from dossier f join command c using (number) where f.declarant = d.declarant
        and c.documents @> jsonb_build_array(jsonb_build_object('sha256', d.sha256)))
    or exists (
        select from timeline t where t.document = d.sha256 and t.fact::jsonb ->> 'agency' = d.declarant))
"""
_GIVE_UP: Final = """
with gone as (delete from document_upload where declarant = $1 and sha256 = $2 returning blob)
insert into document_discarded (blob, discarded_at) select blob, $3 from gone returning blob
"""
_LOCK_BYTES: Final = "select from document_bytes where sha256 = any($1::text[]) order by sha256 for update"
_REMOVE: Final = """
delete from document where declarant = $1 and sha256 = $2 and filed_at is null returning sha256
"""
_REMOVE_BYTES: Final = """
with gone as (
    delete from document_bytes b where sha256 = any($1::text[])
    and not exists (select from document d where d.sha256 = b.sha256) returning blob
)
insert into document_discarded (blob, discarded_at) select blob, $2 from gone
"""


async def as_business(connection: Connection, declarant: str) -> None:
    """Until the transaction ends, no row of another business is to be seen (row-level security)."""
    await connection.execute("select set_config('nsw.tenant', $1, true)", declarant)


async def begin(connection: Connection, upload: Upload, at: datetime) -> None:
    """Note an upload, before its first chunk is stored."""
    await connection.execute(_BEGIN, *upload, at)


async def uploads(connection: Connection, declarant: str, sha256: str) -> list[Upload]:
    """A business's unfinished uploads of a document, the furthest first."""
    return [Upload(*row) for row in await connection.fetch(_UPLOADS, declarant, sha256)]


async def cut(connection: Connection, upload: Upload, nonces: int, at: datetime) -> Upload | None:
    """Go on with an upload behind so many bytes of nonces; None: it does not stand as in `upload` any more."""
    row = await connection.fetchrow(_CUT, upload.blob, upload.nonces, nonces, at)
    return None if row is None else Upload(*row)


async def add_chunk(connection: Connection, upload: Upload, nonce: bytes, at: datetime) -> bool:
    """Note one more stored chunk behind those of `upload`; false where it does not stand there any more."""
    return await connection.fetchval(_ADD_CHUNK, upload.blob, len(upload.nonces), nonce, at) is not None


async def finish(connection: Connection, upload: Upload, at: datetime) -> Held | None:
    """Turn an upload whose bytes were checked into a document, in the caller's transaction.

    None: it was given up. Bytes that the platform has already are not kept twice: those just uploaded are discarded.
    """
    if await connection.fetchval(_END_UPLOAD, upload.blob) is None:
        return None
    kept = await connection.fetchval(
        _KEEP_BYTES, upload.sha256, upload.blob, upload.size, upload.key_id, upload.wrapped_key, upload.nonces, at
    )
    if kept != upload.blob:
        await connection.execute(_DISCARD, upload.blob, at)
    await connection.execute(_HOLD, upload.declarant, upload.sha256, upload.size, upload.media_type, at)
    return await document(connection, upload.declarant, upload.sha256)


async def discard(connection: Connection, upload: Upload, at: datetime) -> None:
    """Give an upload up, in the caller's transaction."""
    if await connection.fetchval(_END_UPLOAD, upload.blob) is not None:
        await connection.execute(_DISCARD, upload.blob, at)


async def document(connection: Connection, declarant: str, sha256: str) -> Held | None:
    """A document as a business has it."""
    row = await connection.fetchrow(_DOCUMENT, declarant, sha256)
    return None if row is None else Held(*row)


async def unfiled_bytes(connection: Connection, declarant: str) -> int:
    """The bytes of a business that no dossier refers to: of its documents, and of what its uploads have stored."""
    return int(await connection.fetchval(_UNFILED, declarant, NONCE_BYTES, CHUNK_BYTES))


async def bytes_of(connection: Connection, sha256: str) -> Bytes | None:
    """Where a document's bytes are, whoever has it."""
    row = await connection.fetchrow(_BYTES, sha256)
    return None if row is None else Bytes(*row)


async def lock(connection: Connection, keys: Sequence[Key]) -> dict[Key, Held]:
    """These documents, so that none is removed before the caller's transaction ends; what does not exist is left out.

    They are read as they are once the lock is had: one that was removed meanwhile is not among them.
    """
    rows = await connection.fetch(_LOCK, [declarant for declarant, _ in keys], [sha256 for _, sha256 in keys])
    return {(row[0], row[1]): Held(*row[1:]) for row in rows}


async def mark_filed(connection: Connection, keys: Sequence[Key], at: datetime) -> None:
    """From now on a dossier refers to these documents, which the caller has locked."""
    await connection.execute(_FILED, [declarant for declarant, _ in keys], [sha256 for _, sha256 in keys], at)


async def mark_referred(
    connection: Connection, uploaded_before: datetime, at: datetime, key: Key | None = None
) -> None:
    """Mark the documents, or one of them, that a dossier refers to unmarked: it was filed before they came."""
    await connection.execute(_MARK, uploaded_before, at, *(key or (None, None)))


async def lock_bytes(connection: Connection, digests: Sequence[str]) -> None:
    """Nobody adds or removes a holder of these before the caller's transaction ends."""
    await connection.execute(_LOCK_BYTES, digests)


async def remove_bytes(connection: Connection, digests: Sequence[str], at: datetime) -> None:
    """Discard those bytes, which the caller has locked, that nobody has any more."""
    await connection.execute(_REMOVE_BYTES, digests, at)


async def remove(connection: Connection, declarant: str, sha256: str, at: datetime) -> bool:
    """Remove a business's document and its unfinished uploads, in the caller's transaction.

    False: there were none, or a dossier refers to the document; then `document` still finds it, marked.
    """
    uploads = await connection.fetch(_GIVE_UP, declarant, sha256, at)
    await lock_bytes(connection, [sha256])
    await mark_referred(connection, at + timedelta(days=1), at, (declarant, sha256))
    removed = await connection.fetchval(_REMOVE, declarant, sha256) is not None
    if removed:
        await remove_bytes(connection, [sha256], at)
    return removed or bool(uploads)


def key_of(row: Upload | Bytes) -> WrappedKey:
    """The wrapped key in a row."""
    return WrappedKey(row.key_id, row.wrapped_key)
