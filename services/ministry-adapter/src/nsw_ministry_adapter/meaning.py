"""What outcomes mean to the sender: when nothing got through, the agency rests; else each dossier by itself."""

from collections.abc import Sequence
from typing import Final, assert_never

from nsw_contracts.adapter import Delivery, Misconfigured, Outcome, Rejected, Taken, TryAgain, Unsure
from nsw_runtime.intents import Pending
from nsw_runtime.sender import Attempt, Dead, Done, Held, Retry
from pydantic import ValidationError

from nsw_ministry_adapter.answers import WrongAnswer, of_delivery
from nsw_ministry_adapter.hosting import Hosted

TRIES_BEFORE_PARKING: Final = 8  # of an agency that answers about a dossier, but never with something usable


class Meaning:
    """Of one group's outcomes; tells the agency's circuit how it went. None: not tried, one before it failed."""

    def __init__(self, hosted: Hosted, outcomes: Sequence[Outcome | None]) -> None:
        self._hosted = hosted
        self._rest: float | None = None
        if any(isinstance(one, (Taken, Rejected)) for one in outcomes):
            hosted.circuit.well()
            return
        failed = [one for one in outcomes if isinstance(one, (TryAgain, Unsure, Misconfigured)) and not _of_one(one)]
        if failed:
            worst = next((one for one in failed if isinstance(one, Misconfigured)), failed[0])
            self._rest = hosted.circuit.failed(worst.reason, misconfigured=isinstance(worst, Misconfigured))

    def attempt(self, pending: Pending, delivery: Delivery, outcome: Outcome | None) -> Attempt:
        """What one delivery came to."""
        match outcome:
            case None:
                return Held()
            case Taken():
                return self._done(pending, delivery, outcome)
            case Unsure(reason, unusable=True):
                return self._unusable(pending, reason)
            case Rejected(reason):
                return Dead(self._told(reason))
            case TryAgain(reason, after):
                return self._retry(pending, reason, after)
            case Unsure(reason) | Misconfigured(reason):
                return self._retry(pending, reason)
        assert_never(outcome)

    def _done(self, pending: Pending, delivery: Delivery, taken: Taken) -> Attempt:
        try:
            return Done(of_delivery(delivery, taken, pending.traceparent))
        except WrongAnswer as error:
            return self._unusable(pending, f"the answer cannot be used: {error}")
        except ValidationError:
            return self._unusable(pending, "the answer's time of receipt is no moment")

    def _unusable(self, pending: Pending, reason: str) -> Attempt:
        """An answer that is never usable is an operator's business, once it was tried often enough."""
        if pending.attempts + 1 >= TRIES_BEFORE_PARKING:
            return Dead(self._told(reason))
        return self._retry(pending, reason)

    def _retry(self, pending: Pending, reason: str, after: float | None = None) -> Retry:
        if self._rest is not None:
            return Retry(self._told(reason), max(self._rest, after or 0.0))
        seconds = after if after is not None else self._hosted.circuit.wait(pending.attempts)
        return Retry(self._told(reason), seconds, alone=True)

    def _told(self, reason: str) -> str:
        return f"{self._hosted.code}: {reason}"


def _of_one(outcome: Outcome) -> bool:
    """Whether it says something about one message, and nothing about its agency."""
    return isinstance(outcome, Unsure) and outcome.unusable
