"""What all of intake's doors do with a request before they look at what it says: its type, size, key and trace."""

import re
from typing import Final, TypeGuard

from nsw_runtime.problems import Problem
from nsw_runtime.telemetry import DOSSIER, Telemetry, traceparent_of
from opentelemetry.trace import Span
from starlette.requests import ClientDisconnect, Request

from nsw_intake.errors import KEY_HEADER, bad_key, malformed, too_large, wrong_media_type

JSON: Final = "application/json"
NDJSON: Final = "application/x-ndjson"
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


async def read_body(request: Request, most: int) -> bytes:
    """The body, never holding more than `most` bytes of it.

    Raises:
        Problem: 413, it is larger; 400, the connection ended before it did.
    """
    declared = request.headers.get("content-length", "")
    if declared.isdigit() and int(declared) > most:
        raise too_large(most, "bytes")
    parts: list[bytes] = []
    size = 0
    try:
        async for part in request.stream():
            size += len(part)
            if size > most:
                raise too_large(most, "bytes")
            parts.append(part)
    except ClientDisconnect:
        raise malformed("The connection ended before the body did.") from None
    return b"".join(parts)


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
