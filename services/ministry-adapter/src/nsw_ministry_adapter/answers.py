"""What an agency's answer to one delivery says, as facts. Pure.

An answer is `{"message_id", "received_at", "decisions": [...]}`: the technical receipt, and whatever the agency has
decided already, in order. An answer that cannot be read is not believed in part.
"""

from datetime import UTC, date, datetime
from typing import Annotated, Final, Literal

from nsw_contracts.envelope import fact_id
from nsw_contracts.events import (
    ACCEPTED,
    DELIVERED,
    REFUSED,
    RESULT_ISSUED,
    SUPPLEMENT_REQUESTED,
    Accepted,
    AgencyFact,
    Delivered,
    Refused,
    ResultIssued,
    SupplementRequested,
    Text,
)
from nsw_contracts.topics import AGENCY_RESULTS
from nsw_runtime.intents import Pending
from nsw_runtime.journal import Entry, entry
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints

Reason = Annotated[str, StringConstraints(min_length=1, max_length=2000)]
Reference = Annotated[str, StringConstraints(max_length=100)]
Moment = Annotated[AwareDatetime, Field(ge=datetime(1900, 1, 1, tzinfo=UTC), le=datetime(2999, 12, 31, tzinfo=UTC))]
"""A time that every zone can write: year 1 or 9999 in the wrong one has no UTC, and no reader could store it."""

ITEMS: Final = 200  # with these, the largest fact stays far below Kafka's largest message


class _Said(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class SaidAccepted(_Said):
    """The agency takes the dossier in."""

    kind: Literal["accepted"]
    decided_at: Moment
    reference: Reference = ""


class SaidRefused(_Said):
    """The agency refuses it."""

    kind: Literal["refused"]
    decided_at: Moment
    reason: Reason


class SaidSupplement(_Said):
    """The agency asks for more."""

    kind: Literal["supplement-requested"]
    decided_at: Moment
    reason: Reason
    items: tuple[Text, ...] = Field(default=(), max_length=ITEMS)


class SaidResult(_Said):
    """The agency's result."""

    kind: Literal["result-issued"]
    decided_at: Moment
    outcome: Literal["passed", "failed", "licensed"]
    certificate_number: Reference = ""
    valid_until: date | None = None


Decision = Annotated[SaidAccepted | SaidRefused | SaidSupplement | SaidResult, Field(discriminator="kind")]


class Answer(_Said):
    """An agency's answer to one delivery."""

    message_id: str
    received_at: Moment
    decisions: tuple[Decision, ...] = Field(default=(), max_length=10)


class Answers(_Said):
    """An agency's answers to one batch, one for each delivery."""

    answers: tuple[Answer, ...]


def facts(agency: str, pending: Pending, answer: Answer) -> list[Entry]:
    """The facts an answer states. Their ids follow from the delivery, so a repeated answer states the same facts."""
    number, message = pending.dossier, pending.id
    said: list[tuple[str, AgencyFact]] = [
        (
            DELIVERED,
            Delivered(number=number, agency=agency, message_id=message, delivered_at=answer.received_at),
        )
    ]
    said += [_fact(agency, number, message, decision) for decision in answer.decisions]
    return [
        entry(
            AGENCY_RESULTS,
            kind,
            fact,
            fact_id=fact_id(message, kind, str(index)),
            traceparent=pending.traceparent,
        )
        for index, (kind, fact) in enumerate(said)
    ]


def _fact(agency: str, number: str, message: str, said: Decision) -> tuple[str, AgencyFact]:
    match said:
        case SaidAccepted():
            return ACCEPTED, Accepted(
                number=number,
                agency=agency,
                message_id=message,
                decided_at=said.decided_at,
                reference=said.reference,
            )
        case SaidRefused():
            return REFUSED, Refused(
                number=number,
                agency=agency,
                message_id=message,
                decided_at=said.decided_at,
                reason=said.reason,
            )
        case SaidSupplement():
            return SUPPLEMENT_REQUESTED, SupplementRequested(
                number=number,
                agency=agency,
                message_id=message,
                decided_at=said.decided_at,
                reason=said.reason,
                items=said.items,
            )
        case SaidResult():
            return RESULT_ISSUED, ResultIssued(
                number=number,
                agency=agency,
                message_id=message,
                decided_at=said.decided_at,
                outcome=said.outcome,
                certificate_number=said.certificate_number,
                valid_until=said.valid_until,
            )
