"""The object store: sealed chunks as objects, in a local folder or in an S3-compatible bucket.

An object is named by its blob, its place and its nonce, and never written twice: of two that write the same chunk
neither can harm the other. A chunk that was put is on the disk.
"""

import asyncio
import os
from pathlib import Path
from typing import Final
from urllib.parse import parse_qs, urlsplit

import obstore
from nsw_runtime.errors import BadSettings
from obstore.exceptions import BaseError, NotFoundError
from obstore.store import LocalStore, S3Store
from pydantic import SecretStr

from nsw_intake.documents.errors import StoreUnavailable, UnreadableDocument

_TIMEOUT: Final = "30s"
_CONNECT: Final = "5s"
_RETRIES: Final = 3
_URL_HELP: Final = "give file:///folder or s3://bucket/prefix?endpoint=https://host&region=name"


class ChunkStore:
    """Puts, gets and deletes sealed chunks. `folder` is the local folder where there is one."""

    def __init__(self, store: LocalStore | S3Store, folder: Path | None = None) -> None:
        self._store = store
        self._folder = folder

    async def put(self, blob: str, index: int, nonce: bytes, ciphertext: bytes) -> None:
        """Store a chunk.

        Raises:
            StoreUnavailable: it is not stored as far as is known.
        """
        name = _name(blob, index, nonce)
        try:
            await obstore.put_async(self._store, name, ciphertext, use_multipart=False)
            if self._folder is not None:
                await asyncio.to_thread(_sync, self._folder / name)
        except (BaseError, OSError) as error:
            raise StoreUnavailable(f"a chunk could not be stored: {type(error).__name__}") from error

    async def get(self, blob: str, index: int, nonce: bytes) -> bytes:
        """A chunk as it was put.

        Raises:
            UnreadableDocument: there is no such chunk.
            StoreUnavailable: it cannot be read now.
        """
        try:
            found = await obstore.get_async(self._store, _name(blob, index, nonce))
            return bytes(await found.bytes_async())
        except (NotFoundError, FileNotFoundError) as error:
            raise UnreadableDocument(f"chunk {index} of blob {blob} is missing") from error
        except (BaseError, OSError) as error:
            raise StoreUnavailable(f"a chunk could not be read: {type(error).__name__}") from error

    async def delete(self, blob: str, index: int, nonce: bytes) -> None:
        """Remove one chunk, if it is there.

        Raises:
            StoreUnavailable: it may still be there.
        """
        await self._delete([_name(blob, index, nonce)])

    async def delete_all(self, blob: str) -> None:
        """Remove all of a blob's chunks, those too that no row knows of.

        Raises:
            StoreUnavailable: some may still be there.
        """
        await self._delete(await self.names(blob))

    async def names(self, blob: str = "") -> list[str]:
        """The names of a blob's chunks; of all chunks where no blob is given.

        Raises:
            StoreUnavailable: they cannot be listed now.
        """
        try:
            listed = obstore.list(self._store, prefix=_prefix(blob) if blob else None)
            return [entry["path"] async for page in listed for entry in page]
        except (BaseError, OSError) as error:
            raise StoreUnavailable(f"chunks could not be listed: {type(error).__name__}") from error

    async def _delete(self, names: list[str]) -> None:
        try:
            if names:
                await obstore.delete_async(self._store, names)
        except (NotFoundError, FileNotFoundError):
            return
        except (BaseError, OSError) as error:
            raise StoreUnavailable(f"chunks could not be removed: {type(error).__name__}") from error


def open_store(url: str, access_key_id: SecretStr | None, secret_access_key: SecretStr | None) -> ChunkStore:
    """The store at a URL; credentials are for a bucket.

    Raises:
        BadSettings: the URL is none of a store, or the credentials are missing.
    """
    parts = urlsplit(url)
    if parts.scheme == "file" and not parts.netloc and parts.path:
        folder = Path(parts.path)
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise BadSettings(f"NSW_DOCUMENTS: {folder} cannot be made: {type(error).__name__}") from error
        return ChunkStore(LocalStore(folder, automatic_cleanup=True), folder)
    if parts.scheme != "s3" or not parts.netloc:
        raise BadSettings(f"NSW_DOCUMENTS: {_URL_HELP}")
    if access_key_id is None or secret_access_key is None:
        raise BadSettings("NSW_DOCUMENTS_ACCESS_KEY_ID, NSW_DOCUMENTS_SECRET_ACCESS_KEY: a bucket needs both")
    asked = {name: values[-1] for name, values in parse_qs(parts.query).items()}
    if set(asked) - {"endpoint", "region"}:
        raise BadSettings(f"NSW_DOCUMENTS: {_URL_HELP}")
    store = S3Store(
        parts.netloc,
        prefix=parts.path.strip("/") or None,
        endpoint=asked.get("endpoint"),
        region=asked.get("region", "us-east-1"),
        access_key_id=access_key_id.get_secret_value(),
        secret_access_key=secret_access_key.get_secret_value(),
        client_options={
            "allow_http": asked.get("endpoint", "").startswith("http://"),
            "timeout": _TIMEOUT,
            "connect_timeout": _CONNECT,
        },
        retry_config={"max_retries": _RETRIES},
    )
    return ChunkStore(store)


def _prefix(blob: str) -> str:
    return f"{blob[:2]}/{blob}"


def _name(blob: str, index: int, nonce: bytes) -> str:
    return f"{_prefix(blob)}/{index:06d}-{nonce.hex()}"


def _sync(file: Path) -> None:
    """Have a new file and the entries of its folders on the disk."""
    for path in (file, file.parent, file.parent.parent, file.parent.parent.parent):
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
