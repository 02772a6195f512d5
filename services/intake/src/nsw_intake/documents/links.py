"""Links that need no token, as intake honours them: its own and the ministry-adapter's, until their time is over."""

from datetime import datetime, timedelta
from typing import Final

from nsw_runtime.document_links import LONGEST_SECONDS, Link, LinkSigner

from nsw_intake.documents.errors import bad_link, expired_link

LONGEST: Final = timedelta(seconds=LONGEST_SECONDS)
USUAL: Final = timedelta(minutes=15)
_DIGITS: Final = 12


class Links(LinkSigner):
    """Signs links and checks them."""

    def require(self, number: str, digest: str, expires: str, signature: str, now: datetime) -> None:
        """The link was made with the window's key, and its time is not over.

        Raises:
            Problem: 404, it was not made for this document; 410, its time is over.
        """
        if not (expires.isascii() and expires.isdecimal() and len(expires) <= _DIGITS):
            raise bad_link()
        link = Link(number, digest, int(expires))
        if not self.holds(link, signature):
            raise bad_link()
        if now.timestamp() >= link.expires:
            raise expired_link()
