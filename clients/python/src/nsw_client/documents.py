"""A document's way to the window: named by its SHA-256, sent in one stream, resumed where it broke off.

The file is read in pieces, once for its digest and once to be sent; it is never held in memory. What the window has
already is not sent again, be it all of the document or its beginning.
"""

import mimetypes
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode

import httpx

from nsw_client.transport import Transport

PIECE_BYTES: Final = 256 * 1024
OFFSET: Final = "upload-offset"
UNKNOWN_TYPE: Final = "application/octet-stream"
Progress = Callable[[int, int], None]
"""Called with the bytes that the window has or was sent so far, and with the document's size."""


@dataclass(frozen=True, slots=True)
class Document:
    """A document as a dossier refers to it. `size` is in bytes."""

    sha256: str
    name: str
    media_type: str
    size: int

    @classmethod
    def of(cls, file: Path | str, media_type: str | None = None) -> "Document":
        """A file's digest and size; its type by its name where none is given."""
        path = Path(file)
        digest, size = sha256(), 0
        with path.open("rb") as opened:
            while piece := opened.read(PIECE_BYTES):
                digest.update(piece)
                size += len(piece)
        found = media_type or mimetypes.guess_type(path.name)[0] or UNKNOWN_TYPE
        return cls(digest.hexdigest(), path.name, found, size)

    def reference(self, kind: str) -> dict[str, Any]:
        """The entry of a dossier's `documents`; `kind` is one of its procedure's."""
        return {
            "sha256": self.sha256, "name": self.name, "media_type": self.media_type, "size": self.size, "kind": kind,
        }  # fmt: skip


def upload(
    transport: Transport, file: Path | str, document: Document, declarant: str, progress: Progress | None = None
) -> None:
    """Bring a document to the window; returns when the window has all of it. Patience begins anew with each advance.

    Raises:
        Refused: the window does not take it. Unreachable: nobody answered until patience ended.
    """
    path = f"/v1/documents/{document.sha256}?{urlencode({'declarant': declarant})}"
    offset = 0

    def attempt() -> httpx.Response:
        nonlocal offset
        held = transport.once("HEAD", path)
        if held.status_code != HTTPStatus.NOT_FOUND and not held.is_success:
            return held
        offset = int(held.headers.get(OFFSET, document.size)) if held.is_success else 0
        if progress is not None:
            progress(offset, document.size)
        if held.is_success and offset >= document.size:
            return held
        headers = {"content-type": document.media_type, "content-length": str(document.size - offset)}
        if offset:
            headers[OFFSET] = str(offset)
        return transport.once("PUT", path, headers=headers, body=_pieces(Path(file), offset, document.size, progress))

    transport.persist(attempt, f"PUT /v1/documents/{document.sha256}", advance=lambda: offset)


def _pieces(file: Path, offset: int, size: int, progress: Progress | None) -> Iterator[bytes]:
    with file.open("rb") as opened:
        opened.seek(offset)
        sent = offset
        while piece := opened.read(min(PIECE_BYTES, size - sent)):
            yield piece
            sent += len(piece)
            if progress is not None:
                progress(sent, size)
