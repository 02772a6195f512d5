"""RFC 9457 problem details: what a client gets instead of an answer, with the field that is wrong and what to do.

Texts say what the client can do, never how the server is made, and never repeat what was sent.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from starlette.responses import Response

MEDIA_TYPE: Final = "application/problem+json"
_TYPES: Final = "urn:nsw:problem:"


@dataclass(frozen=True, slots=True)
class FieldError:
    """One wrong field: its JSON pointer (RFC 6901) in the body, what is wrong, in words."""

    pointer: str
    detail: str


class Problem(Exception):  # it is the answer, and RFC 9457 calls it a problem
    """An answer that is a problem. `kind` names it for machines; `retry_after` is in seconds; `headers` go along."""

    def __init__(
        self,
        status: int,
        kind: str,
        title: str,
        detail: str,
        *,
        errors: Iterable[FieldError] = (),
        retry_after: int | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.kind = kind
        self.title = title
        self.detail = detail
        self.errors = tuple(errors)
        self.headers = dict(headers or {})
        if retry_after is not None:
            self.headers["retry-after"] = str(retry_after)

    def body(self) -> dict[str, Any]:
        """The problem as a JSON object."""
        found: dict[str, Any] = {
            "type": _TYPES + self.kind, "title": self.title, "status": self.status, "detail": self.detail,
        }  # fmt: skip
        if self.errors:
            found["errors"] = [{"pointer": error.pointer, "detail": error.detail} for error in self.errors]
        return found

    def response(self) -> Response:
        """The problem as an HTTP answer."""
        return Response(
            json.dumps(self.body(), ensure_ascii=False),
            status_code=self.status,
            media_type=MEDIA_TYPE,
            headers=self.headers,
        )


def fault() -> Problem:
    """500: a fault nobody foresaw, which is in the log."""
    detail = (
        "The window has a fault; its operator has been told. If you sent something, send it again with the same key."
    )
    return Problem(500, "fault", "A fault of the window's", detail)


def unavailable(detail: str, *, retry_after: int = 2) -> Problem:
    """503: nothing was taken in; the same request may be sent again."""
    return Problem(503, "unavailable", "Not available now", detail, retry_after=retry_after)
