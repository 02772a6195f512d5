"""What HTTP says of a delivery, for every adapter that speaks it: whether anything can have arrived, and what to do."""

from http import HTTPStatus
from typing import Final

import aiohttp
from nsw_contracts.adapter import HttpSettings, Misconfigured, Rejected, TryAgain, Unsure
from nsw_contracts.adapter.http import tls_context
from nsw_runtime.text import holds_nul

CONNECT_SECONDS: Final = 10.0
LONGEST_RETRY_AFTER: Final = 3600.0
_REJECTED: Final = frozenset({400, 413, 415, 422})
_MISCONFIGURED: Final = frozenset({401, 403, 404, 405, 407, 410})
_LATER: Final = frozenset({HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE})

Trouble = TryAgain | Unsure | Rejected | Misconfigured


def agency_session(http: HttpSettings) -> aiohttp.ClientSession:
    """A connection pool of one agency's own, within its bounds.

    Raises:
        BrokenConfiguration: a certificate file cannot be used.
    """
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=http.connections, ssl=tls_context(http)),
        timeout=aiohttp.ClientTimeout(
            total=http.timeout_seconds, sock_connect=min(CONNECT_SECONDS, http.timeout_seconds)
        ),
        cookie_jar=aiohttp.DummyCookieJar(),
    )


async def read_answer(response: aiohttp.ClientResponse, largest: int) -> bytes | Unsure:
    """An answer's body, of at most so many bytes and without NUL."""
    answer = await response.content.read(largest + 1)
    while len(answer) <= largest and not response.content.at_eof():
        answer += await response.content.read(largest + 1 - len(answer))
    if len(answer) > largest:
        return Unsure(f"the answer is larger than {largest:,} bytes", unusable=True)
    if holds_nul(answer):
        return Unsure("the answer holds NUL", unusable=True)
    return answer


def lost(error: Exception) -> Trouble:
    """What a failed exchange means: whether anything can have arrived."""
    match error:
        case aiohttp.ClientConnectorCertificateError():
            return Misconfigured("its certificate is not trusted")
        case aiohttp.ClientConnectorSSLError():
            return Misconfigured("no TLS connection can be made")
        case aiohttp.ClientConnectorError() | aiohttp.ConnectionTimeoutError():
            return TryAgain(f"cannot be reached: {type(error).__name__}")
    return Unsure(f"the reply was lost: {type(error).__name__}")


def trouble(status: int, retry_after: str) -> Trouble:
    """What an HTTP status without a usable answer means for the delivery."""
    reason = f"answered {status}"
    if status in _REJECTED:
        return Rejected(reason)
    if status in _LATER:
        seconds = float(retry_after) if retry_after.isdecimal() else None
        return TryAgain(reason, None if seconds is None else min(seconds, LONGEST_RETRY_AFTER))
    if status in _MISCONFIGURED or HTTPStatus.MULTIPLE_CHOICES <= status < HTTPStatus.BAD_REQUEST:
        return Misconfigured(reason)
    return Unsure(reason)
