"""A client's connection: uvicorn's HTTP protocol, with limits on what a client may hold and its TLS certificate seen.

A head, a body and an answer each have to move on, or the connection ends: no client holds one for nothing. A connection
that ends with an answer ends once the client has heard it: closing over unread bytes resets the connection, and a
client that still sends its body would see that in the answer's place. The certificate that a client proved to have in
the TLS handshake stands in the ASGI scope, as DER, at `scope["extensions"]["tls"]["peer_certificate"]`; where none was
asked for or shown there is no such extension.
"""

import asyncio
from collections.abc import Callable
from math import inf
from typing import Any, Final, cast

import httptools
from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol
from uvicorn.server import ServerState

from nsw_runtime import metrics
from nsw_runtime.http_limits import (
    HEAD_BYTES,
    HEADERS,
    PARTING_SECONDS,
    STALLED_TICKS,
    Connections,
    body_too_slow,
    head_too_large,
    head_too_slow,
    not_http,
)
from nsw_runtime.problems import Problem

FRAMING: Final = 8  # bytes on the wire for one of a body: chunks of a single byte need six

_LENGTH: Final = b"\r\ncontent-length: "
_NOTHING, _HEAD, _BODY, _PARTED = range(4)


class _Refused(Exception):
    """Ends parsing; the problem stands in the protocol."""


class _Answering:
    """The transport as a request's cycle has it: it writes, but how the connection ends is the protocol's to say.

    The head of an answer whose length is known goes with the first of its body: one write, and one packet, for most.
    """

    def __init__(self, transport: asyncio.Transport, end: Callable[[], None]) -> None:
        self._write = transport.write
        self.is_closing = transport.is_closing
        self.end = end
        self._head = b""

    def write(self, data: bytes) -> None:
        """Send this, or keep it for a moment where it is a head."""
        if self._head:
            data, self._head = self._head + data, b""
        elif data.startswith(b"HTTP/1.1 ") and _LENGTH in data:
            self._head = data
            return
        self._write(data)

    def flush(self) -> None:
        """Send a head that has no body (HEAD)."""
        if self._head:
            self.write(b"")

    def close(self) -> None:
        """The cycle has said all."""
        self.flush()
        self.end()


class LimitedHttp(HttpToolsProtocol):
    """One connection. `_deadline` is the loop's time at which it ends unless it has moved on."""

    def __init__(
        self, connections: Connections, *, config: Config, server_state: ServerState, app_state: dict[str, Any]
    ) -> None:
        super().__init__(config=config, server_state=server_state, app_state=app_state)
        self._held = connections
        self._limits = connections.limits
        self._refusal: Problem | None = None
        self._extensions: dict[str, dict[object, object]] | None = None
        self._deadline = inf
        self._reading = _NOTHING
        self._chunk = 0  # bytes that came together last
        self._wire = 0  # bytes of the head, or of the body as framed, that came after the chunk in which it began
        self._body = 0
        self._ticks = 0
        self._unsent = 0
        self._parted_by = inf

    # --- the transport's calls ---------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as in uvicorn
        """Hold the connection, and see who the client has proved to be."""
        super().connection_made(transport)
        self._answering = _Answering(transport, self._answered_last)
        self._refusal = self._held.enter(self, self.client[0] if self.client else "")
        self._deadline = self.loop.time() + (
            self._limits.patience_seconds if self._refusal is None else PARTING_SECONDS
        )
        tls = transport.get_extra_info("ssl_object")
        certificate = tls.getpeercert(binary_form=True) if tls is not None else None
        if certificate:
            self._extensions = {"tls": {"peer_certificate": certificate}}

    def connection_lost(self, exc: Exception | None) -> None:
        """Let go of it."""
        self._held.leave(self)
        self._answering.end = self.transport.close  # and not a cycle of references for each connection
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Parse what came; what cannot be parsed, or is too much, ends the connection."""
        if self._reading == _PARTED:
            self._deadline = min(self._parted_by, self.loop.time() + PARTING_SECONDS)
            return
        if self.transport.is_closing():
            return
        self._chunk = len(data)
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            self.cycle.keep_alive = False  # answered as if nothing had been asked; the parser reads no further
            return
        except httptools.HttpParserError:
            self._end(self._refusal or not_http())
            return
        self._wire += self._chunk
        if self._wire > HEAD_BYTES:
            if self._reading == _HEAD:
                self._end(head_too_large())
            elif self._reading == _BODY and self._wire > HEAD_BYTES + FRAMING * self._body:
                self._end(not_http())

    # --- the parser's calls ------------------------------------------------------------------------------------------

    def on_message_begin(self) -> None:
        """A head begins, and has its time."""
        super().on_message_begin()
        if self._extensions is not None:
            self.scope["extensions"] = self._extensions
        self._reading, self._wire = _HEAD, -self._chunk
        if self._refusal is None:
            self._deadline = self.loop.time() + self._limits.patience_seconds

    def on_headers_complete(self) -> None:
        """The head is there: answer it, unless it is too large or the connection is one too many."""
        if self._refusal is None and len(self.headers) > HEADERS:
            self._refusal = head_too_large()
        elif self._chunk > HEAD_BYTES or self._chunk + self._wire > 0:  # it came in pieces, or with much behind it
            size = len(self.url) + sum(len(name) + len(value) for name, value in self.headers)
            if size > HEAD_BYTES:
                self._refusal = self._refusal or head_too_large()
        if self._refusal is not None:
            raise _Refused
        self._deadline = inf
        self._reading, self._wire, self._body, self._ticks = _BODY, -self._chunk, 0, 0
        super().on_headers_complete()
        self.cycle.transport = self._answering  # type: ignore[assignment]  # what a cycle uses of one

    def on_body(self, body: bytes) -> None:
        """More of the body."""
        self._body += len(body)
        super().on_body(body)

    def on_message_complete(self) -> None:
        """The whole request is there."""
        self._reading = _NOTHING
        super().on_message_complete()

    def on_response_complete(self) -> None:
        """Answered: the next of a pipeline, or as long as the connection may be kept for one.

        A client that still sends the body of what was answered early has no longer than that either.
        """
        self.server_state.total_requests += 1
        self._answering.flush()
        if self._reading == _PARTED or self.transport.is_closing():
            return
        self.flow.resume_reading()
        if self.pipeline:
            self._start_asgi_task(*self.pipeline.pop())
        else:
            self._deadline = self.loop.time() + self._limits.keep_alive_seconds

    # --- once a second -----------------------------------------------------------------------------------------------

    def tick(self, now: float) -> None:
        """End it, where it has not moved on."""
        if self.transport.is_closing():
            self._ticks += 1
            if self._ticks > self._limits.patience_seconds:
                self.cut()
        elif now > self._deadline:
            if self._reading == _HEAD:
                self._end(self._refusal or head_too_slow(self._limits.patience_seconds))
            else:
                self.transport.close()
        elif self._reading == _BODY and not self.flow.read_paused and not self.cycle.waiting_for_100_continue:
            self._ticks += 1
            seconds, pace = self._ticks - self._limits.patience_seconds, self._limits.body_bytes_a_second
            if self._body < seconds * pace:
                self._end(body_too_slow(pace, self._limits.patience_seconds))
        elif self.flow.write_paused:
            unsent = self.transport.get_write_buffer_size()
            self._ticks = self._ticks + 1 if unsent >= self._unsent else 0
            self._unsent = unsent
            if self._ticks > STALLED_TICKS:
                self.cut()

    def cut(self) -> None:
        """End it at once, whatever is still to be sent."""
        self.transport.abort()

    def _answered_last(self) -> None:
        """The connection's last answer has been written, perhaps before the whole request was there."""
        if self._reading == _NOTHING or self.transport.is_closing():
            self.transport.close()
        elif self._reading != _PARTED:
            self._part(self._limits.keep_alive_seconds)

    def _end(self, problem: Problem) -> None:
        """Say this problem, where nothing else is being said, and end the connection."""
        cycle = self.cycle
        answering = cycle is not None and not cycle.response_complete
        own = self._reading == _BODY and not self.pipeline  # what is wrong is wrong with the request that came last
        says = not cycle.response_started if own else not answering
        if answering:
            cycle.disconnected = True  # its handler hears that the client is gone; it may write no more
            cycle.message_event.set()
        if says:
            metrics.HTTP_REFUSED.labels(problem.kind).inc()
            self.transport.write(_raw(problem))
            self._part(PARTING_SECONDS)
        else:
            self._reading, self._ticks = _PARTED, 0
            self.transport.close()

    def _part(self, seconds: float) -> None:
        """Nothing more is said. What the client still sends is read and dropped until it ends the connection.

        At most for so long, and no longer than `PARTING_SECONDS` after the last bytes.
        """
        self._reading, self._ticks = _PARTED, 0
        if not self.transport.can_write_eof():  # TLS, whose own closing reads on until the client has closed too
            self.transport.close()
            return
        now = self.loop.time()
        self._parted_by = now + seconds
        self._deadline = min(self._parted_by, now + PARTING_SECONDS)
        self.transport.write_eof()
        self.flow.resume_reading()


def _raw(problem: Problem) -> bytes:
    """The problem as it goes over the wire, the last thing on its connection."""
    response = problem.response()
    headers = [*response.raw_headers, (b"connection", b"close")]
    head = b"".join(b"%b: %b\r\n" % header for header in headers)
    return STATUS_LINE[problem.status] + head + b"\r\n" + cast("bytes", response.body)
