"""Links to documents that need no token: one document of one dossier, until a time, signed with a key of their own.

Intake gives them to whoever may read a dossier and honours them; the ministry-adapter, which knows the same key, gives
them to the agencies it delivers to. A link cannot be changed to another document, another dossier or a later time.
"""

import base64
import hmac
from hashlib import sha256
from typing import Final, NamedTuple

KEY_CHARACTERS: Final = 32
"""The least a link key may have."""

LONGEST_SECONDS: Final = 24 * 60 * 60


class Link(NamedTuple):
    """What a link gives access to, and until when in seconds since 1970."""

    number: str
    sha256: str
    expires: int


class LinkSigner:
    """Signs links, and knows its own."""

    def __init__(self, key: str) -> None:
        self._key = key.encode()

    def path(self, link: Link) -> str:
        """The link as path and query, to be resolved against intake's address."""
        return (
            f"/v1/dossiers/{link.number}/documents/{link.sha256}/content"
            f"?expires={link.expires}&signature={self._signature(link)}"
        )

    def holds(self, link: Link, signature: str) -> bool:
        """Whether the link was signed with this key."""
        return hmac.compare_digest(self._signature(link).encode(), signature.encode("utf-8", "replace"))

    def _signature(self, link: Link) -> str:
        message = f"nsw-document-link/1\n{link.number}\n{link.sha256}\n{link.expires}".encode()
        return base64.urlsafe_b64encode(hmac.new(self._key, message, sha256).digest()).rstrip(b"=").decode()
