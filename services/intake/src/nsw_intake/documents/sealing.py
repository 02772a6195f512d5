"""A document's chunks, each encrypted by itself with AES-256-GCM under the document's own key.

What a chunk's tag covers beside its bytes: the blob, its place, and the whole size. Its nonce is random and stands in
Postgres, not beside the chunk: a chunk moved, cut off, left out, or put back as it once was does not open.
"""

import secrets
from typing import Final, NamedTuple

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from nsw_intake.documents.errors import UnreadableDocument
from nsw_intake.documents.keys import NONCE_BYTES

CHUNK_BYTES: Final = 4 * 1024 * 1024
"""Of plaintext. What an interrupted upload loses at most, and, a few times over, what one upload needs of memory."""


class Sealed(NamedTuple):
    """One chunk as it is stored; its nonce goes to Postgres."""

    nonce: bytes
    ciphertext: bytes


class Sealer:
    """Seals and opens the chunks of one blob. Takes milliseconds a chunk: call it off the event loop."""

    def __init__(self, data_key: bytes, blob: str, size: int) -> None:
        self._cipher = AESGCM(data_key)
        self._blob = blob
        self._size = size

    def seal(self, index: int, plaintext: bytes) -> Sealed:
        """Encrypt the chunk at a place, from 0 on."""
        nonce = secrets.token_bytes(NONCE_BYTES)
        return Sealed(nonce, self._cipher.encrypt(nonce, plaintext, self._covered(index)))

    def open(self, index: int, sealed: Sealed) -> bytes:
        """Decrypt the chunk at a place.

        Raises:
            UnreadableDocument: it is not the very chunk that was sealed for this place.
        """
        try:
            plaintext = self._cipher.decrypt(sealed.nonce, sealed.ciphertext, self._covered(index))
        except InvalidTag as error:
            raise UnreadableDocument(f"chunk {index} of blob {self._blob} is not what was stored") from error
        if len(plaintext) != chunk_length(self._size, index):
            raise UnreadableDocument(f"chunk {index} of blob {self._blob} has {len(plaintext)} bytes")
        return plaintext

    def _covered(self, index: int) -> bytes:
        return f"nsw-document/1 {self._blob} {index} {self._size}".encode()


def chunks_of(size: int) -> int:
    """How many chunks a document of this size has."""
    return -(-size // CHUNK_BYTES)


def chunk_length(size: int, index: int) -> int:
    """How many bytes of a document are in one of its chunks."""
    return min(CHUNK_BYTES, size - index * CHUNK_BYTES)


def nonce_of(nonces: bytes, index: int) -> bytes:
    """A chunk's nonce, from those of all the chunks in a row."""
    return nonces[index * NONCE_BYTES : (index + 1) * NONCE_BYTES]
