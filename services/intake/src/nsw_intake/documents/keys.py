"""Keys that wrap documents' keys. Each document has a data key of its own, which is stored only wrapped.

The file has a line for each key: an id, a space, 32 bytes in base64. The last line's key wraps; all of them unwrap. A
wrapped key is bound to its blob, so moved to another row it opens nothing.
"""

import base64
import binascii
import re
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Final, NamedTuple

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from nsw_runtime.errors import BadSettings

from nsw_intake.documents.errors import UnknownKey, UnreadableDocument

KEY_BYTES: Final = 32
NONCE_BYTES: Final = 12
_ID: Final = re.compile(r"[A-Za-z0-9._-]{1,64}")


class WrappedKey(NamedTuple):
    """A data key as it is stored: the id of the key it is wrapped with, a nonce and the ciphertext."""

    key_id: str
    wrapped: bytes


class KeyRing:
    """The keys by their ids, the newest last."""

    def __init__(self, keys: Mapping[str, bytes]) -> None:
        self._keys = {key_id: AESGCM(key) for key_id, key in keys.items()}
        self.newest = list(keys)[-1]

    def wrap(self, data_key: bytes, blob: str) -> WrappedKey:
        """A blob's data key, wrapped with the newest key."""
        nonce = secrets.token_bytes(NONCE_BYTES)
        sealed = self._keys[self.newest].encrypt(nonce, data_key, _bound_to(blob, self.newest))
        return WrappedKey(self.newest, nonce + sealed)

    def unwrap(self, key: WrappedKey, blob: str) -> bytes:
        """A blob's data key.

        Raises:
            UnknownKey: the key it is wrapped with is not here.
            UnreadableDocument: that key is another one under the same id, or the row was changed.
        """
        wrapping = self._keys.get(key.key_id)
        if wrapping is None:
            raise UnknownKey(f"blob {blob} needs the key {key.key_id!r}; put it back into NSW_DOCUMENT_KEYS")
        try:
            return wrapping.decrypt(key.wrapped[:NONCE_BYTES], key.wrapped[NONCE_BYTES:], _bound_to(blob, key.key_id))
        except InvalidTag as error:
            raise UnreadableDocument(
                f"the key of blob {blob} does not open with {key.key_id!r}: is that the key it was wrapped with?"
            ) from error


def read_keys(path: Path) -> KeyRing:
    """The keys in a file.

    Raises:
        BadSettings: it cannot be read, has no key, or a line that is none; says which, and never what is in it.
    """
    try:
        lines = path.read_text("ascii").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise BadSettings(f"NSW_DOCUMENT_KEYS: {path} cannot be read: {type(error).__name__}") from error
    keys: dict[str, bytes] = {}
    for number, line in enumerate(lines, 1):
        if not line.strip() or line.startswith("#"):
            continue
        key_id, _, encoded = line.strip().partition(" ")
        try:
            key = base64.b64decode(encoded.strip(), validate=True)
        except binascii.Error:
            key = b""
        if not _ID.fullmatch(key_id) or len(key) != KEY_BYTES or key_id in keys:
            raise BadSettings(f"NSW_DOCUMENT_KEYS: {path}, line {number}: give a new id, a space, 32 bytes in base64")
        keys[key_id] = key
    if not keys:
        raise BadSettings(f"NSW_DOCUMENT_KEYS: {path} holds no key; a line is an id, a space, 32 bytes in base64")
    return KeyRing(keys)


def key_line(key_id: str) -> str:
    """A line for the file, with a new key."""
    return f"{key_id} {base64.b64encode(secrets.token_bytes(KEY_BYTES)).decode()}\n"


def _bound_to(blob: str, key_id: str) -> bytes:
    return f"nsw-document-key/1 {blob} {key_id}".encode()
