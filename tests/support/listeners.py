"""Many clients of the live stream at once, each one connection and a few counters."""

import asyncio
import resource
from typing import Final, cast
from urllib.parse import urlsplit

AT_ONCE: Final = 100  # connections being made


class Listener(asyncio.Protocol):
    """One client: `events` are the ids of the events that came, `beats` the comments."""

    def __init__(self, request: bytes) -> None:
        self._request = request
        self._rest = b""
        self.ready = asyncio.get_running_loop().create_future()
        self.ended = False
        self.events: list[int] = []
        self.beats = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)
        self.transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            if line.startswith(b"HTTP/1.1 ") and b" 200 " not in line:
                self.ready.set_exception(AssertionError(line.decode()))
            elif line.startswith(b"event: ready") and not self.ready.done():
                self.events.clear()  # the id before it is where it begins
                self.ready.set_result(None)
            elif line.startswith(b"id: "):
                self.events.append(int(line[4:]))
            elif line.startswith(b":"):
                self.beats += 1

    def connection_lost(self, exc: Exception | None) -> None:
        self.ended = True
        if not self.ready.done():
            self.ready.set_exception(ConnectionError("closed before it was ready"))


def allow_files(most: int) -> int:
    """Let this process hold so many files, or as many as it may; how many."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(most, hard), hard))
    return min(most, hard)


async def listen(base: str, token: str, declarants: list[str]) -> list[Listener]:
    """One listener for each, all of them ready."""
    place = urlsplit(base)
    room = asyncio.Semaphore(AT_ONCE)

    async def one(declarant: str) -> Listener:
        request = (
            f"GET /v1/events?declarant={declarant} HTTP/1.1\r\nhost: {place.netloc}\r\n"
            f"authorization: Bearer {token}\r\naccept: text/event-stream\r\n\r\n"
        ).encode()
        async with room:
            _, listener = await asyncio.get_running_loop().create_connection(
                lambda: Listener(request), place.hostname, place.port
            )
            await listener.ready
        return listener

    return await asyncio.gather(*map(one, declarants))
