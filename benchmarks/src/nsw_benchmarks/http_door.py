"""The smallest HTTP/1.1 server the simulators can share: httptools parses, one plain function answers.

It exists because the simulators share the machine with what they measure, and because a server framework
will not let its application hang up without a word, which is the fault most worth injecting. A connection
carries one request at a time; pipelining clients are not served.
"""

import argparse
import asyncio
import signal
from collections.abc import Callable
from typing import NamedTuple, cast

import httptools
import uvloop

_REASONS = {200: "OK", 400: "Bad Request", 401: "Unauthorized", 404: "Not Found", 503: "Service Unavailable"}
MILLISECONDS = 1000


class Request(NamedTuple):
    """A whole request; `path` without the query, header names in lower case."""

    method: str
    path: str
    query: str
    headers: dict[bytes, bytes]
    body: bytes


class Reply(NamedTuple):
    """An answer, sent after `delay_ms` milliseconds. `hang_up`: the connection is closed instead."""

    status: int
    body: bytes = b""
    delay_ms: int = 0
    hang_up: bool = False


Handler = Callable[[Request], Reply]


class _Connection(asyncio.Protocol):
    """One client's connection; httptools calls the `on_` methods."""

    def __init__(self, handler: Handler) -> None:
        self._handler = handler
        self._parser = httptools.HttpRequestParser(self)
        self._url = b""
        self._headers: dict[bytes, bytes] = {}
        self._body: list[bytes] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's has its methods, not its class

    def data_received(self, data: bytes) -> None:
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserCallbackError:
            self._transport.abort()
            raise  # a bug of ours, for standard error
        except httptools.HttpParserError:
            self._transport.abort()

    def on_url(self, url: bytes) -> None:
        self._url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        self._headers[name.lower()] = value

    def on_body(self, body: bytes) -> None:
        self._body.append(body)

    def on_message_complete(self) -> None:
        url = httptools.parse_url(self._url)
        request = Request(
            method=self._parser.get_method().decode(),
            path=url.path.decode(),
            query=(url.query or b"").decode(),
            headers=self._headers,
            body=b"".join(self._body),
        )
        self._url, self._headers, self._body = b"", {}, []
        keep_alive = self._parser.should_keep_alive()
        reply = self._handler(request)
        if reply.delay_ms:
            loop = asyncio.get_running_loop()
            loop.call_later(reply.delay_ms / MILLISECONDS, self._send, reply, keep_alive)
        else:
            self._send(reply, keep_alive)

    def _send(self, reply: Reply, keep_alive: bool) -> None:  # noqa: FBT001 (call_later passes positions)
        if self._transport.is_closing():
            return
        if reply.hang_up:
            self._transport.abort()
            return
        retry = "retry-after: 1\r\n" if reply.status == 503 else ""
        head = (
            f"HTTP/1.1 {reply.status} {_REASONS[reply.status]}\r\n"
            f"content-length: {len(reply.body)}\r\ncontent-type: application/json\r\n{retry}\r\n"
        )
        self._transport.write(head.encode() + reply.body)
        if not keep_alive:
            self._transport.close()


async def serve(handler: Handler, host: str, port: int) -> None:
    """Answer until SIGTERM or SIGINT; print the address once listening, which is what port 0 leaves open."""
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    server = await loop.create_server(lambda: _Connection(handler), host, port, backlog=1024)
    bound = server.sockets[0].getsockname()
    print(f"http://{bound[0]}:{bound[1]}", flush=True)
    await stop.wait()
    server.close()


def main(description: str, handler: Handler) -> None:
    """Run a simulator as a process: `--host`, `--port` (0: any free one)."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0)
    options = parser.parse_args()
    uvloop.run(serve(handler, options.host, options.port))
