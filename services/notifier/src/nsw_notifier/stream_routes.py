"""`GET /v1/events`: what happens to a business's dossiers as it happens, as server-sent events (WHATWG HTML, 9.2)."""

import asyncio
import json
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final

from nsw_contracts.events import says
from nsw_runtime.database import on_behalf_of
from nsw_runtime.identity import caller_of, guarded, require_acting
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute
from starlette.types import Receive, Scope, Send

from nsw_notifier import errors, signals, stream_store
from nsw_notifier.doors import Doors, asked
from nsw_notifier.stream_store import StreamEvent
from nsw_notifier.streams import Client, Streams
from nsw_notifier.subscription import TYPES, new_id

STREAMS_OF_ONE: Final = 50  # of one business, in one process
RETRY_MS: Final = 2_000
_POSITION_DIGITS: Final = 18  # what a Postgres bigint surely holds


class StreamRoutes:
    """The handler."""

    def __init__(self, doors: Doors, streams: Streams) -> None:
        self._doors = doors
        self._streams = streams

    def routes(self) -> list[BaseRoute]:
        """The route."""
        return [guarded("/v1/events", self.listen, methods=["GET"], access="declarant")]

    async def listen(self, request: Request) -> Response:
        """`GET /v1/events?declarant=TAXCODE&dossier=…&procedure=…&type=…`.

        Goes on after `Last-Event-ID` (or `?after=`), else from now on. A business's events are kept for its stream from
        the first time that it listens.
        """
        declarant = asked(request, "declarant")
        require_acting(caller_of(request), declarant, "/declarant")
        wants = _wishes(request)
        if not self._streams.open or self._streams.listening(declarant) >= STREAMS_OF_ONE:
            raise errors.too_many_streams(STREAMS_OF_ONE)
        after = _after(request)
        async with self._doors.reaching(), on_behalf_of(self._doors.pool, declarant) as connection:
            name = new_id()
            subscription, state = await stream_store.opened(connection, declarant, name, self._doors.clock())
            if state != "active":
                raise errors.stream_paused(subscription, state)
            if subscription == name:
                await signals.tell_changed(connection, [name])
            first, last = await stream_store.bounds(connection, declarant)
        position = last if after is None else min(after, last)
        hello = [_message("ready", position, {"declarant": declarant, "subscription": subscription})]
        if after is not None and (after > last or after + 1 < first):
            hello.append(_message("gap", position, {"after": after, "kept_from": first, "says": errors.GAP}))
            position = last if after > last else first - 1
        return _EventStream(self._streams, declarant, position, wants, b"".join(hello))


class _EventStream(Response):
    """The answer: it lasts until the client or the service has had enough."""

    media_type = "text/event-stream"

    def __init__(
        self, streams: Streams, declarant: str, position: int, wants: Callable[[StreamEvent], bool], hello: bytes
    ) -> None:
        super().__init__(headers={"cache-control": "no-store", "x-accel-buffering": "no"})
        del self.headers["content-length"]
        self._streams = streams
        self._declarant = declarant
        self._position = position
        self._wants = wants
        self._hello = hello

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002  # ASGI
        """Begin, serve, end."""
        await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
        await send({"type": "http.response.body", "body": self._hello, "more_body": True})
        client = Client(self._streams, self._declarant, self._position, send, self._wants)  # type: ignore[arg-type]
        self._streams.join(client)
        try:
            while (await receive())["type"] != "http.disconnect":
                pass
        except asyncio.CancelledError:
            if not client.over:
                raise
        finally:
            self._streams.leave(client)
            await client.close()
        with suppress(OSError):
            await send({"type": "http.response.body", "body": b"", "more_body": False})


def _message(event: str, position: int, data: dict[str, Any]) -> bytes:
    text = json.dumps(data, ensure_ascii=False)
    return f"id: {position}\nevent: {event}\nretry: {RETRY_MS}\ndata: {text}\n\n".encode()


def _after(request: Request) -> int | None:
    """The position that the client has."""
    text = request.headers.get("last-event-id") or request.query_params.get("after")
    if text is None or text == "":
        return None
    if not text.isdecimal() or not text.isascii() or len(text) > _POSITION_DIGITS:
        raise errors.bad_position()
    return int(text)


def _wishes(request: Request) -> Callable[[StreamEvent], bool]:
    """What of the stream this client wants."""
    dossiers, procedures, types = (
        frozenset(request.query_params.getlist(name)) for name in ("dossier", "procedure", "type")
    )
    if unknown := types - TYPES.keys():
        raise errors.no_such_type(sorted(unknown), sorted(TYPES))

    def wants(event: StreamEvent) -> bool:
        return (
            (not dossiers or event.dossier in dossiers)
            and (not procedures or event.procedure in procedures)
            and (not types or says(event.type) in types)
        )

    return wants
