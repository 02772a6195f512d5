"""One HTTP request to a business's endpoint, pinned to a checked address, without redirects, bounded in time and size.

Nothing of the answer but its status (and, for a challenge, whether it holds what was asked for) leaves this file: an
endpoint's body is never shown to anybody.
"""

import asyncio
import ssl
import time
from collections.abc import Mapping
from typing import Final, NamedTuple
from urllib.parse import urlsplit

import aiohttp

from nsw_notifier.addresses import Allowed, CheckedResolver, Forbidden, LookUp, checked_socket, look_up
from nsw_notifier.settings import NotifierSettings

ANSWER_BYTES: Final = 16 * 1024  # read so far, so that the connection can be used again; nothing is kept
HEADER_BYTES: Final = 8 * 1024
BODY_SECONDS: Final = 2.0  # for that, once the status has come
CONNECT_SECONDS: Final = 5.0
KEEP_ALIVE_SECONDS: Final = 30.0
LONGEST_RETRY_AFTER: Final = 3600.0


class Answer(NamedTuple):
    """What an endpoint answered. `start` is the beginning of its body, for who must look into it."""

    status: int
    took_ms: int
    retry_after: float | None
    start: bytes

    @property
    def taken(self) -> bool:
        """Whether it took what it was sent."""
        return 200 <= self.status < 300  # noqa: PLR2004


class Unreached(NamedTuple):
    """No answer: why, in words for the business."""

    why: str
    took_ms: int


class Endpoints:
    """The HTTP client for endpoints; close it when it is not needed any more.

    `https` goes to public addresses and the configured networks, `http` to the latter alone.
    """

    def __init__(self, settings: NotifierSettings, look_up: LookUp = look_up) -> None:
        self._timeout = aiohttp.ClientTimeout(
            total=settings.timeout_seconds, sock_connect=min(CONNECT_SECONDS, settings.timeout_seconds)
        )
        context = ssl.create_default_context()
        if settings.webhook_ca_file:
            context.load_verify_locations(settings.webhook_ca_file)
        networks = settings.webhook_networks
        self._sessions = {
            scheme: _session(Allowed(networks, public=scheme == "https"), context, look_up)
            for scheme in ("https", "http")
        }

    async def post(self, url: str, headers: Mapping[str, str], body: bytes) -> Answer | Unreached:
        """Send one request; never raises."""
        began = time.monotonic()
        try:
            async with self._sessions[urlsplit(url).scheme].post(
                url, data=body, headers=headers, allow_redirects=False, timeout=self._timeout,
            ) as response:  # fmt: skip
                start = b"" if response.content.at_eof() else await _start(response)
                return Answer(response.status, _since(began), _retry_after(response.headers), start)
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
            return Unreached(_why(error), _since(began))

    async def close(self) -> None:
        """Close every connection."""
        for session in self._sessions.values():
            await session.close()


def _session(allowed: Allowed, context: ssl.SSLContext, look_up: LookUp) -> aiohttp.ClientSession:
    connector = aiohttp.TCPConnector(
        limit=0,
        ssl=context,
        resolver=CheckedResolver(allowed, look_up),
        socket_factory=checked_socket(allowed),
        keepalive_timeout=KEEP_ALIVE_SECONDS,
    )
    return aiohttp.ClientSession(
        connector=connector,
        cookie_jar=aiohttp.DummyCookieJar(),
        auto_decompress=False,
        max_line_size=HEADER_BYTES,
        max_field_size=HEADER_BYTES,
        headers={"user-agent": "nsw-notifier", "accept-encoding": "identity"},
    )


async def _start(response: aiohttp.ClientResponse) -> bytes:
    """The beginning of the body. Whatever becomes of the rest: the status is what counts, and has been said."""
    start = b""
    try:
        async with asyncio.timeout(BODY_SECONDS):
            while len(start) < ANSWER_BYTES:
                if not (part := await response.content.read(ANSWER_BYTES - len(start))):
                    return start
                start += part
    except (aiohttp.ClientError, TimeoutError, OSError):
        pass
    response.close()
    return start


def _since(began: float) -> int:
    return round((time.monotonic() - began) * 1000)


def _retry_after(headers: Mapping[str, str]) -> float | None:
    said = headers.get("retry-after", "")
    return min(float(said), LONGEST_RETRY_AFTER) if said.isdecimal() and len(said) <= 9 else None  # noqa: PLR2004


def _why(error: BaseException) -> str:  # noqa: PLR0911  # one for each cause
    """What went wrong, without telling anything of what stands behind the name."""
    match error:
        case aiohttp.ClientConnectorCertificateError() | aiohttp.ClientConnectorSSLError():
            return "its TLS certificate is not valid for it, or TLS failed"
        case aiohttp.ClientConnectorDNSError():
            inner = error.os_error
            return str(inner) if isinstance(inner, Forbidden) else "its name does not resolve"
        case aiohttp.ClientConnectorError():
            inner = error.os_error
            return str(inner) if isinstance(inner, Forbidden) else "no connection could be made"
        case asyncio.TimeoutError():
            return "it did not answer in time"
        case Forbidden():
            return str(error)
        case aiohttp.ClientResponseError() | aiohttp.ClientPayloadError() | ValueError():
            return "it did not answer with HTTP"
        case _:
            return "the connection was lost"
