"""A mail server on loopback, over TLS, that keeps messages and answers as it is told."""

import asyncio
import ssl
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any, cast

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session


@dataclass
class Mail:
    """`came`: envelope senders, recipients and messages, in order. `refuses`: replies to the next recipients.

    `connections`: how many there were, `goodbyes`: how many ended in good order. After `most` messages on one
    connection it says 421 to more, or, where it is `rude`, closes it at once.
    """

    port: int = 0
    came: list[tuple[str, list[str], EmailMessage]] = field(default_factory=list)
    refuses: list[str] = field(default_factory=list)
    after_data: list[str] = field(default_factory=list)
    logins: list[str] = field(default_factory=list)
    connections: int = 0
    goodbyes: int = 0
    most: int = 1_000
    rude: bool = False
    carried: Counter[SMTP] = field(default_factory=Counter)

    async def handle_MAIL(  # noqa: N802
        self, server: SMTP, _session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if self.carried[server] >= self.most:
            asyncio.get_running_loop().call_soon(server.transport.close)
            return "421 enough"
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 OK"

    async def handle_QUIT(self, _server: SMTP, _session: Session, _envelope: Envelope) -> str:  # noqa: N802
        self.goodbyes += 1
        return "221 bye"

    async def handle_RCPT(  # noqa: N802  # aiosmtpd's name
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        if self.refuses:
            return self.refuses.pop(0)
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        if self.after_data:
            return self.after_data.pop(0)
        message = cast("EmailMessage", message_from_bytes(envelope.content or b"", policy=policy.default))  # type: ignore[arg-type]
        self.came.append((envelope.mail_from or "", [str(to) for to in envelope.rcpt_tos], message))
        self.carried[server] += 1
        if self.rude and self.carried[server] >= self.most:
            asyncio.get_running_loop().call_soon(server.transport.close)
        return "250 taken"

    def text(self, which: int = -1, kind: str = "plain") -> str:
        """The text of a message, as text or as HTML."""
        part = self.came[which][2].get_body((kind,))
        assert part is not None
        return str(part.get_content())

    def authenticate(self, _server: Any, _session: Any, _envelope: Any, _mechanism: str, data: Any) -> AuthResult:
        assert isinstance(data, LoginPassword)
        self.logins.append(data.login.decode())
        return AuthResult(success=data.password == b"secret", handled=False)  # it says 235 or 535 itself


@asynccontextmanager
async def open_mail(context: ssl.SSLContext, *, starttls: bool = False, **options: Any) -> AsyncIterator[Mail]:
    mail = Mail()
    loop = asyncio.get_running_loop()
    if starttls:
        options |= {"tls_context": context, "require_starttls": True}

    def factory() -> SMTP:
        mail.connections += 1
        return SMTP(mail, loop=loop, hostname="mail.example", authenticator=mail.authenticate, **options)

    server = await loop.create_server(factory, "127.0.0.1", 0, ssl=None if starttls else context)
    mail.port = server.sockets[0].getsockname()[1]
    try:
        yield mail
    finally:
        server.close()
        await server.wait_closed()
