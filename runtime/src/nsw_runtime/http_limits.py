"""How much of a service one client may hold: connections, heads, and the pace at which bytes come and go.

Each connection is looked at once a second, all in one pass, so that a request pays for no timer of its own. Connections
beyond a limit are answered with a problem and closed; beyond twice the limit they are cut without a word.
"""

import asyncio
import ipaddress
from collections import Counter
from dataclasses import dataclass
from typing import Final, Protocol

from nsw_runtime import metrics
from nsw_runtime.problems import Problem
from nsw_runtime.settings import ServiceSettings

TICK_SECONDS: Final = 1.0
HEAD_BYTES: Final = 32 * 1024  # request line and headers; several signatures in compact form and a token fit in a third
HEADERS: Final = 100
STALLED_TICKS: Final = 30  # seconds in which a client takes nothing of an answer before it is cut
PARTING_SECONDS: Final = 2.0  # for a client beyond the limit to be told so, and for any to hear why it is refused
_PREFIX: Final = 64  # of an IPv6 address: what one client is given whole


@dataclass(frozen=True, slots=True)
class HttpLimits:
    """The limits that are settings."""

    connections: int
    per_address: int
    patience_seconds: float
    body_bytes_a_second: int
    keep_alive_seconds: float = 30.0

    @classmethod
    def of(cls, settings: ServiceSettings) -> "HttpLimits":
        """The limits that a service's settings name."""
        return cls(
            connections=settings.http_connections,
            per_address=settings.http_connections_per_address,
            patience_seconds=settings.http_patience_seconds,
            body_bytes_a_second=settings.http_body_bytes_a_second,
        )


class Held(Protocol):
    """A connection, as it is held here."""

    def tick(self, now: float) -> None:
        """A second has passed; `now` is the loop's time."""

    def cut(self) -> None:
        """End it at once."""


class Connections:
    """The open connections of one process, in all and by client address."""

    def __init__(self, limits: HttpLimits) -> None:
        self.limits = limits
        self._open: dict[Held, str] = {}
        self._by_address: Counter[str] = Counter()

    def enter(self, connection: Held, address: str) -> Problem | None:
        """Hold a new connection; the problem with which it is to be answered, where it is one too many."""
        address = _client(address)
        self._open[connection] = address
        self._by_address[address] += 1
        metrics.HTTP_CONNECTIONS.set(len(self._open))
        over = len(self._open) - self.limits.connections
        if over > self.limits.connections:
            connection.cut()
        if over > 0:
            return too_many_connections()
        if self._by_address[address] > self.limits.per_address:
            return too_many_of_one_address(self.limits.per_address)
        return None

    def leave(self, connection: Held) -> None:
        """The connection has ended."""
        address = self._open.pop(connection, None)
        if address is None:
            return
        metrics.HTTP_CONNECTIONS.set(len(self._open))
        self._by_address[address] -= 1
        if not self._by_address[address]:
            del self._by_address[address]

    async def watch(self) -> None:
        """Look at every connection once a second, for as long as the server runs."""
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(TICK_SECONDS)
            now = loop.time()
            for connection in tuple(self._open):
                connection.tick(now)


def _client(address: str) -> str:
    """What counts as one client: an IPv4 address, or the first half of an IPv6 one."""
    if ":" not in address:
        return address
    return str(ipaddress.ip_network((address.partition("%")[0], _PREFIX), strict=False))


def too_many_connections() -> Problem:
    """503: this process holds as many connections as it may."""
    return Problem(
        503,
        "unavailable",
        "Not available now",
        "Too many connections are open. Nothing was taken in; send it again shortly.",
        retry_after=2,
    )


def too_many_of_one_address(limit: int) -> Problem:
    """429: this client holds as many connections as it may."""
    return Problem(
        429,
        "too-many-connections",
        "Too many connections",
        f"At most {limit:,} connections from one address. Use those you have for several requests, and close the rest.",
        retry_after=2,
    )


def head_too_large() -> Problem:
    """431: request line and headers are larger, or more, than is read."""
    return Problem(
        431,
        "head-too-large",
        "The request's head is too large",
        f"Request line and headers have at most {HEAD_BYTES:,} bytes in {HEADERS} headers.",
    )


def head_too_slow(seconds: float) -> Problem:
    """408: request line and headers did not come in time."""
    return Problem(
        408, "too-slow", "The request came too slowly", f"Request line and headers must be there in {seconds:g} s."
    )


def body_too_slow(bytes_a_second: int, after: float) -> Problem:
    """408: the body comes at less than the least pace."""
    return Problem(
        408,
        "too-slow",
        "The request came too slowly",
        f"A body must come at {bytes_a_second:,} bytes a second or more, after its first {after:g} s. Nothing was "
        "taken in; send it again over a better connection, or in parts.",
    )


def not_http() -> Problem:
    """400: what came is no HTTP/1.1 request."""
    return Problem(400, "not-http", "The request cannot be read", "Send a request as RFC 9112 describes it.")
