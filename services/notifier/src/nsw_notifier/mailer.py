"""E-mail out, over TLS: one message, and what the mail server said to it.

The envelope's sender names the subscription, so that a message that bounces later says whose it was (VERP).
"""

import asyncio
import ssl
import time
from email.message import EmailMessage
from typing import Final, NamedTuple

import aiosmtplib

from nsw_notifier import links
from nsw_notifier.settings import NotifierSettings
from nsw_notifier.subscription import Subscription

AT_ONCE: Final = 8  # connections to the mail server
TIMEOUT_SECONDS: Final = 30.0
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
        self._settings = settings
        self._room = asyncio.Semaphore(AT_ONCE)
        self._context = ssl.create_default_context()
        if settings.smtp_ca_file:
            self._context.load_verify_locations(settings.smtp_ca_file)

    async def send(self, to: Subscription, message: EmailMessage) -> Outcome:
        """Send one message; never raises for what the server or the network does."""
        async with self._room:
            began = time.monotonic()
            try:
                code = await self._send(to, message)
            except aiosmtplib.SMTPRecipientsRefused as error:
                code = error.recipients[0].code
                took = _since(began)
                if code >= PERMANENT:
                    return Bounced(code, took)
                return NotPosted(f"the mail server answered {code} for this mailbox", code, True, took)  # noqa: FBT003
            except aiosmtplib.SMTPResponseException as error:
                why = f"the mail server answered {error.code}"
                return NotPosted(why, error.code, False, _since(began))  # noqa: FBT003
            except (aiosmtplib.SMTPException, OSError, TimeoutError) as error:
                why = f"the mail server cannot be reached: {type(error).__name__}"
                return NotPosted(why, 0, False, _since(began))  # noqa: FBT003
            return Posted(code, _since(began))

    async def _send(self, to: Subscription, message: EmailMessage) -> int:
        told, password = self._settings, self._settings.smtp_password.get_secret_value()
        client = aiosmtplib.SMTP(
            hostname=told.smtp_host,
            port=told.smtp_port,
            use_tls=told.smtp_security == "tls",
            start_tls=told.smtp_security == "starttls",
            tls_context=self._context,
            timeout=TIMEOUT_SECONDS,
        )
        async with client:
            if told.smtp_username:
                await client.ehlo()
                await client.auth_plain(told.smtp_username, password)  # over TLS; RFC 4954 has every server know it
            name, _, domain = told.mail_bounces.rpartition("@")
            sender = f"{name}+{links.token('bounce', to)}@{domain}"
            refused, _ = await client.send_message(message, sender=sender, recipients=[to.address])
            for answer in refused.values():
                raise aiosmtplib.SMTPRecipientsRefused(
                    [aiosmtplib.SMTPRecipientRefused(answer.code, answer.message, to.address)]
                )
            return aiosmtplib.SMTPStatus.completed


def _since(began: float) -> int:
    return round((time.monotonic() - began) * 1000)
