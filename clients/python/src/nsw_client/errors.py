"""What goes wrong with the window, grouped by what the caller does about it.

`Refused` and its kinds are the window's own answers (RFC 9457) and carry every field of the problem. `Unavailable` and
`Unreachable` may be sent again later, with the same idempotency key: nothing takes effect twice.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Self

_KINDS: Final = "urn:nsw:problem:"


class WindowError(Exception):
    """Base of everything this package raises on its own."""


@dataclass(frozen=True, slots=True)
class FieldProblem:
    """One wrong field: its JSON pointer (RFC 6901) in what was sent, and what to do."""

    pointer: str
    detail: str


class Refused(WindowError):
    """The window answered with a problem. `kind` names it for machines (`invalid-dossier`); `retry_after`: seconds."""

    def __init__(
        self,
        status: int,
        kind: str,
        title: str,
        detail: str,
        *,
        errors: tuple[FieldProblem, ...] = (),
        retry_after: float | None = None,
    ) -> None:
        super().__init__(f"{title} ({status} {kind}): {detail}")
        self.status = status
        self.kind = kind
        self.title = title
        self.detail = detail
        self.errors = errors
        self.retry_after = retry_after

    @classmethod
    def of(cls, status: int, body: object, retry_after: float | None) -> Self:
        """The problem in an answer; what is no problem document at all is told by its status alone."""
        said: Mapping[str, Any] = body if isinstance(body, dict) else {}
        return cls(
            status,
            str(said.get("type", "")).removeprefix(_KINDS) or "unknown",
            str(said.get("title", "")) or f"The window answered {status}",
            str(said.get("detail", "")),
            errors=tuple(
                FieldProblem(str(one.get("pointer", "")), str(one.get("detail", "")))
                for one in said.get("errors", ())
                if isinstance(one, dict)
            ),
            retry_after=retry_after,
        )


class Invalid(Refused):
    """400, 413, 415, 422: correct what `errors` name, then send it again under a new key."""


class NotAllowed(Refused):
    """401 and 403: the token or the signature is not good enough for this."""


class NotFound(Refused):
    """404: there is no such thing, or it is another business's."""


class NotPossible(Refused):
    """409: the dossier does not stand so that this can be done."""


class Unavailable(Refused):
    """429 and 5xx, after every try that patience allowed: send the same again later, with the same key."""


class Unreachable(WindowError):
    """Nobody answered, after every try that patience allowed.

    Whether the last try took effect is not known: send the same again with the same key, and the first receipt is given
    if it did.
    """


class StillWaiting(WindowError):
    """The dossier did not come to any of the statuses that were waited for, in the time given."""


class KeyUnusable(WindowError):
    """A key or certificate file cannot be used; the text says why and what would do."""


class NotGenuine(WindowError):
    """A receipt's signature does not hold: the window did not give this receipt, or not like this."""


def refused(status: int, body: object, retry_after: float | None = None) -> Refused:
    """The kind of refusal that this answer is."""
    kinds: dict[int, type[Refused]] = {
        400: Invalid, 413: Invalid, 415: Invalid, 422: Invalid,
        401: NotAllowed, 403: NotAllowed, 404: NotFound, 409: NotPossible, 429: Unavailable,
    }  # fmt: skip
    kind = Unavailable if status >= 500 else kinds.get(status, Refused)  # noqa: PLR2004 - server errors, RFC 9110
    return kind.of(status, body, retry_after)
