"""What all of intake's doors do with a request before they look at what it says: its type, size, key and trace."""

import asyncio
import re
from typing import Final, TypeGuard

from nsw_runtime import metrics
from nsw_runtime.problems import Problem, unavailable
from nsw_runtime.telemetry import DOSSIER, Telemetry, traceparent_of
from opentelemetry.trace import Span
from starlette.requests import Request
from starlette.types import Message

from nsw_intake.errors import KEY_HEADER, bad_key, malformed, too_large, wrong_media_type

JSON: Final = "application/json"
NDJSON: Final = "application/x-ndjson"
UNCOUNTED_BYTES: Final = 16 * 1024
"""A body that comes whole and is no larger is not counted: connections are, and what they could hold so is little."""
_KEY: Final = re.compile(r"[\x21-\x7e]{1,255}")
_TRACEPARENT: Final = re.compile(r"00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}")


def require(request: Request, media_type: str) -> None:
    """The body is of this type.

    Raises:
        Problem: 415.
    """
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != media_type:
        raise wrong_media_type(media_type)


def is_key(text: object) -> TypeGuard[str]:
    """Whether this can be an idempotency key."""
    return isinstance(text, str) and _KEY.fullmatch(text) is not None


def key_of(request: Request) -> str:
    """The request's idempotency key.

    Raises:
        Problem: 400, it has none, or none that can be used.
    """
    key = request.headers.get(KEY_HEADER, "")
    if not is_key(key):
        raise bad_key()
    return key


class BodyRoom:
    """The bytes of bodies that one process holds at once; a request gives its part back when it has been answered."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._held = 0

    def take(self, size: int) -> None:
        """Hold so many more.

        Raises:
            Problem: 503, there is no room for them.
        """
        if self._held + size > self._most:
            raise unavailable("Too much is being taken in. Nothing of this was; send it again with the same key.")
        self._held += size
        metrics.BODY_BYTES.set(self._held)

    def give_back(self, size: int) -> None:
        """They are held no more."""
        self._held -= size
        metrics.BODY_BYTES.set(self._held)


async def read_body(request: Request, most: int) -> bytes:
    """The body, never holding more than `most` bytes of it, nor more of all bodies than `app.state.body_room` has.

    Its pace is the connection's to judge (`nsw_runtime.http_protocol`). To be called in the request's own task.

    Raises:
        Problem: 413, it is larger; 400, the connection ended before it did; 503, too much is held.
    """
    declared = request.headers.get("content-length", "")
    if declared.isdigit() and int(declared) > most:
        raise too_large(most, "bytes")
    message = await request.receive()
    if not message.get("more_body") and len(body := message.get("body", b"")) <= min(most, UNCOUNTED_BYTES):
        return _whole(message, body)
    room: BodyRoom = request.app.state.body_room
    parts: list[bytes] = []
    size = held = 0

    def give_back(_: object) -> None:
        room.give_back(held)

    if (task := asyncio.current_task()) is not None:
        task.add_done_callback(give_back)
    while True:
        part: bytes = _whole(message, message.get("body", b""))
        size += len(part)
        if size > most:
            raise too_large(most, "bytes")
        room.take(len(part))
        held = size
        parts.append(part)
        if not message.get("more_body"):
            return b"".join(parts)
        message = await request.receive()


def _whole(message: Message, part: bytes) -> bytes:
    if message["type"] == "http.disconnect":
        raise malformed("The connection ended before the body did.")
    return part


class Trace:
    """One request's span, where it is sampled, and what travels on with its fact."""

    def __init__(self, telemetry: Telemetry, name: str, traceparent: str | None) -> None:
        given = traceparent if traceparent and _TRACEPARENT.fullmatch(traceparent) else None
        self._span: Span | None = telemetry.begin(name, given)
        recording = self._span is not None and self._span.is_recording()
        self.traceparent = traceparent_of(self._span) if recording and self._span is not None else given

    def end(self, result: object) -> None:
        """The request is answered with a receipt, which has a `number`, or with a problem."""
        if self._span is None:
            return
        if isinstance(result, Problem):
            self._span.set_attribute("error.type", result.kind)
        elif (number := getattr(result, "number", None)) is not None:
            self._span.set_attribute(DOSSIER, number)
        self._span.end()
