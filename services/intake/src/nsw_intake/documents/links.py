"""Links that need no token: one document of one dossier, until a time, signed with a key that is used for nothing else.

A link says who may read by itself; it cannot be changed to another document, another dossier or a later time.
"""

import base64
import hmac
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Final, NamedTuple

from nsw_intake.documents.errors import bad_link, expired_link

LONGEST: Final = timedelta(hours=24)
USUAL: Final = timedelta(minutes=15)
KEY_CHARACTERS: Final = 32
"""The least a link key may have."""
_DIGITS: Final = 12


class Link(NamedTuple):
    """What a link gives access to, and until when in seconds since 1970."""

    number: str
    sha256: str
    expires: int


class Links:
    """Signs links and checks them."""

    def __init__(self, key: str) -> None:
        self._key = key.encode()

    def path(self, link: Link) -> str:
        """The link as path and query, to be resolved against intake's address."""
        return (
            f"/v1/dossiers/{link.number}/documents/{link.sha256}/content"
            f"?expires={link.expires}&signature={self._signature(link)}"
        )

    def require(self, number: str, digest: str, expires: str, signature: str, now: datetime) -> None:
        """The link was made here, and its time is not over.

        Raises:
            Problem: 404, it was not made here for this document; 410, its time is over.
        """
        if not (expires.isascii() and expires.isdecimal() and len(expires) <= _DIGITS):
            raise bad_link()
        link = Link(number, digest, int(expires))
        if not hmac.compare_digest(self._signature(link).encode(), signature.encode("utf-8", "replace")):
            raise bad_link()
        if now.timestamp() >= link.expires:
            raise expired_link()

    def _signature(self, link: Link) -> str:
        message = f"nsw-document-link/1\n{link.number}\n{link.sha256}\n{link.expires}".encode()
        return base64.urlsafe_b64encode(hmac.new(self._key, message, sha256).digest()).rstrip(b"=").decode()
