"""How a message's XML travels in the SOAP payload: as it is, or sealed with AES under a key shared with the agency.

The deployed systems may encrypt the payload with AES; in which mode, and how the key, nonce and text are laid out, is
not published. Here it is AES-256-GCM, as base64 of nonce (12 bytes), ciphertext and tag (16): what was changed, or
sealed with another key, does not open. A ministry that does it otherwise needs another `Payload`.
"""

import os
from base64 import b64decode, b64encode
from binascii import Error as Base64Error
from typing import Final, Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

NONCE_BYTES: Final = 12
KEY_BYTES: Final = 32
_TAG_BYTES: Final = 16


class NotOurs(ValueError):
    """The payload does not open: it is not sealed, or changed, or sealed with another key."""


class BadKey(ValueError):
    """The secret is no key."""


class Payload(Protocol):
    """Carries texts."""

    def sealed(self, message: bytes) -> str:
        """A message's XML as the payload's text."""
        ...

    def opened(self, text: str) -> bytes:
        """The message's XML in a payload's text.

        Raises:
            NotOurs: it does not open.
        """
        ...


class Plain:
    """The message's XML is the payload's text."""

    def sealed(self, message: bytes) -> str:
        """The text of the XML."""
        return message.decode()

    def opened(self, text: str) -> bytes:
        """Its bytes."""
        return text.encode()


class Sealed:
    """The message's XML is sealed with AES-256-GCM."""

    def __init__(self, key: bytes) -> None:
        self._cipher = AESGCM(key)

    def sealed(self, message: bytes) -> str:
        """Nonce, ciphertext and tag, in base64."""
        nonce = os.urandom(NONCE_BYTES)
        return b64encode(nonce + self._cipher.encrypt(nonce, message, None)).decode()

    def opened(self, text: str) -> bytes:
        """The message, when nothing was changed."""
        try:
            raw = b64decode("".join(text.split()), validate=True)
        except (Base64Error, ValueError):
            raise NotOurs("the payload is not sealed") from None
        if len(raw) < NONCE_BYTES + _TAG_BYTES:
            raise NotOurs("the payload is not sealed")
        try:
            return self._cipher.decrypt(raw[:NONCE_BYTES], raw[NONCE_BYTES:], None)
        except InvalidTag:
            raise NotOurs("the payload does not open with the shared key") from None


def read_key(secret: bytes) -> bytes:
    """The key in a secret.

    Raises:
        BadKey: it holds no 32 bytes in hexadecimal or base64.
    """
    text = secret.decode("ascii", "replace").strip()
    for read in (bytes.fromhex, lambda each: b64decode(each, validate=True)):
        try:
            key = read(text)
        except (ValueError, Base64Error):
            continue
        if len(key) == KEY_BYTES:
            return key
    raise BadKey("it is not 32 bytes in hexadecimal or base64; make one with `openssl rand -hex 32`")
