"""Connections to the mail server: messages that are due together share a few, and the last of them closes them all.

A connection that has carried a message may be closed by the server, or told that it has carried enough (421): then the
message goes once more, on a new one. A server that took it and could not say so gets it twice, under one Message-ID, as
after any lost answer.
"""

import asyncio
import contextlib
import ssl
from email.message import EmailMessage
from typing import Final

import aiosmtplib

from nsw_notifier.settings import NotifierSettings

AT_ONCE: Final = 8  # connections to the mail server
TIMEOUT_SECONDS: Final = 30.0
GOODBYE_SECONDS: Final = 5.0
CLOSING: Final = 421  # RFC 5321, 4.2.3: the server closes the connection, whatever it was asked


class MailConnections:
    """Carries messages to one mail server."""

    def __init__(self, settings: NotifierSettings) -> None:
        self._settings = settings
        self._room = asyncio.Semaphore(AT_ONCE)
        self._context = ssl.create_default_context()
        if settings.smtp_ca_file:
            self._context.load_verify_locations(settings.smtp_ca_file)
        self._free: list[aiosmtplib.SMTP] = []
        self._wanted = 0  # messages on their way, or waiting for room

    async def carry(self, message: EmailMessage, sender: str, recipient: str) -> None:
        """Have the server take one message.

        Raises:
            aiosmtplib.SMTPException, OSError, TimeoutError: it does not, or cannot be reached.
        """
        self._wanted += 1
        try:
            async with self._room:
                used = self._used()
                if used is not None:
                    try:
                        return await self._over(used, message, sender, recipient)
                    except (ConnectionError, aiosmtplib.SMTPException):
                        if used.is_connected:
                            raise  # the server's word on this message
                await self._over(await self._new(), message, sender, recipient)
        finally:
            self._wanted -= 1
            if not self._wanted:
                await self._close()

    def _used(self) -> aiosmtplib.SMTP | None:
        while self._free:
            if (found := self._free.pop()).is_connected:
                return found
        return None

    async def _new(self) -> aiosmtplib.SMTP:
        told, password = self._settings, self._settings.smtp_password.get_secret_value()
        client = aiosmtplib.SMTP(
            hostname=told.smtp_host,
            port=told.smtp_port,
            use_tls=told.smtp_security == "tls",
            start_tls=told.smtp_security == "starttls",
            tls_context=self._context,
            timeout=TIMEOUT_SECONDS,
        )
        try:
            await client.connect()
            if told.smtp_username:
                await client.ehlo()
                await client.auth_plain(told.smtp_username, password)  # over TLS; RFC 4954 has every server know it
        except BaseException:
            client.close()
            raise
        return client

    async def _over(self, client: aiosmtplib.SMTP, message: EmailMessage, sender: str, recipient: str) -> None:
        """Send over this connection; afterwards it is free for others, or closed."""
        try:
            await client.send_message(message, sender=sender, recipients=[recipient])
        except (aiosmtplib.SMTPResponseException, aiosmtplib.SMTPRecipientsRefused) as error:
            if code_of(error) == CLOSING:
                client.close()
            raise
        except BaseException:
            client.close()
            raise
        finally:
            if client.is_connected:
                self._free.append(client)

    async def _close(self) -> None:
        clients, self._free = self._free, []
        for client in clients:
            with contextlib.suppress(aiosmtplib.SMTPException, OSError, TimeoutError):
                await client.quit(timeout=GOODBYE_SECONDS)
            client.close()


def code_of(error: aiosmtplib.SMTPResponseException | aiosmtplib.SMTPRecipientsRefused) -> int:
    """The server's answer, to the recipient or to anything else."""
    return error.recipients[0].code if isinstance(error, aiosmtplib.SMTPRecipientsRefused) else error.code
