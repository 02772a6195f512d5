"""What can come of a delivery, and of asking about one. Types, to be matched exhaustively; a reason is for operators.

A reason says what went wrong in words an operator can act on. It is shown and logged, so it holds no secret, no
personal data and nothing of a dossier's content.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

from nsw_contracts.events import AgencyFact


@dataclass(frozen=True, slots=True)
class Taken:
    """Delivered: the agency's system has the message, since `received_at` (aware; article 19).

    `said`: what the agency has decided already, in order, made by `Delivery.says`. The host states `delivered` and then
    these, once each, however often the delivery is answered.
    """

    received_at: datetime
    said: Sequence[AgencyFact] = ()


@dataclass(frozen=True, slots=True)
class TryAgain:
    """Retry: the agency's system has certainly not taken the message, and later may (refused connection, 503, 429).

    The host waits by the agency's schedule, or `after` seconds where the agency said how long, and delivers again with
    the same message id. It never gives up by itself.
    """

    reason: str
    after: float | None = None


@dataclass(frozen=True, slots=True)
class Unsure:
    """Retry with care: the message may have been taken, the reply was lost or cannot be used (timeout, broken answer).

    Before the host delivers it again it asks by `query`, where the adapter can. An answer that stays unusable parks the
    dossier after some tries: that is what `unusable` counts; a lost reply does not count.
    """

    reason: str
    unusable: bool = False


@dataclass(frozen=True, slots=True)
class Rejected:
    """Refused: the agency's system will never take this message as it is (400, 422, a SOAP fault about its content).

    The dossier is parked for an operator, with the reason; later messages of this dossier wait behind it, and other
    dossiers go on.
    """

    reason: str


@dataclass(frozen=True, slots=True)
class Misconfigured:
    """Broken configuration: nothing can get through until somebody mends it (401, 403, a wrong certificate or URL).

    The agency's deliveries stand still without being parked, are probed from time to time, and `nsw agency status`
    shows the reason.
    """

    reason: str


@dataclass(frozen=True, slots=True)
class NotThere:
    """The agency's system has never seen this message id; delivering it is safe."""


@dataclass(frozen=True, slots=True)
class CannotSay:
    """Whether the agency has the message cannot be told now; the host waits and asks again."""

    reason: str


Outcome: TypeAlias = Taken | TryAgain | Unsure | Rejected | Misconfigured
"""Of a delivery."""

Known: TypeAlias = Taken | NotThere | CannotSay
"""Of a question by message id."""
