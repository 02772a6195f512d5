"""E-mail out, over TLS: one message, and what the mail server said to it.

The envelope's sender names the subscription, so that a message that bounces later says whose it was (VERP).
"""

import time
from email.message import EmailMessage
from typing import Final, NamedTuple

import aiosmtplib

from nsw_notifier import links
from nsw_notifier.mail_connections import CLOSING, MailConnections, code_of
from nsw_notifier.settings import NotifierSettings
from nsw_notifier.subscription import Subscription

PERMANENT: Final = 500  # RFC 5321, 4.2.1: from here on trying again does not help


class Posted(NamedTuple):
    """The mail server has the message; `code` is its answer."""

    code: int
    took_ms: int


class Bounced(NamedTuple):
    """The mail server says for good that this mailbox takes nothing."""

    code: int
    took_ms: int


class NotPosted(NamedTuple):
    """Not now. `mailbox`: the server said so of this mailbox; else it is the server, or the way to it."""

    why: str
    code: int
    mailbox: bool
    took_ms: int


Outcome = Posted | Bounced | NotPosted


class Mailer:
    """Sends messages to one mail server."""

    def __init__(self, settings: NotifierSettings) -> None:
        self._bounces = settings.mail_bounces
        self._connections = MailConnections(settings)

    async def send(self, to: Subscription, message: EmailMessage) -> Outcome:
        """Send one message; never raises for what the server or the network does."""
        name, _, domain = self._bounces.rpartition("@")
        sender = f"{name}+{links.token('bounce', to)}@{domain}"
        began = time.monotonic()
        try:
            await self._connections.carry(message, sender, to.address)
        except (aiosmtplib.SMTPResponseException, aiosmtplib.SMTPRecipientsRefused) as error:
            code, took = code_of(error), _since(began)
            if not isinstance(error, aiosmtplib.SMTPRecipientsRefused) or code == CLOSING:
                return NotPosted(f"the mail server answered {code}", code, False, took)  # noqa: FBT003
            if code >= PERMANENT:
                return Bounced(code, took)
            return NotPosted(f"the mail server answered {code} for this mailbox", code, True, took)  # noqa: FBT003
        except (aiosmtplib.SMTPException, OSError, TimeoutError) as error:
            why = f"the mail server cannot be reached: {type(error).__name__}"
            return NotPosted(why, 0, False, _since(began))  # noqa: FBT003
        return Posted(aiosmtplib.SMTPStatus.completed, _since(began))


def _since(began: float) -> int:
    return round((time.monotonic() - began) * 1000)
