"""Key rotation: wraps documents' keys anew with the newest key. Chunks stay as they are, and so does what they say."""

from typing import Final

from nsw_runtime.database import Pool

from nsw_intake.documents.keys import KeyRing, WrappedKey

AT_ONCE: Final = 500

_OLD: Final = (
    "select blob, key_id, wrapped_key from document_bytes where key_id <> $1 order by blob limit $2",
    "select blob, key_id, wrapped_key from document_upload where key_id <> $1 order by blob limit $2",
)
_WRAP: Final = (
    "update document_bytes set key_id = $3, wrapped_key = $4 where blob = $1 and wrapped_key = $2",
    "update document_upload set key_id = $3, wrapped_key = $4 where blob = $1 and wrapped_key = $2",
)


async def rewrap(pool: Pool, keys: KeyRing) -> int:
    """Wrap all keys with the newest; gives how many were not. Safe to run again, and beside a running intake.

    Raises:
        UnreadableDocument: one does not open, or its key is not here; those before it are done.
    """
    done = 0
    for old, wrap in zip(_OLD, _WRAP, strict=True):
        while rows := await pool.fetch(old, keys.newest, AT_ONCE):
            for blob, key_id, wrapped in rows:
                key = keys.wrap(keys.unwrap(WrappedKey(key_id, wrapped), blob), blob)
                await pool.execute(wrap, blob, wrapped, *key)
            done += len(rows)
    return done
