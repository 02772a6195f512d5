"""What agencies do with a dossier. The ministry adapter states it."""

from datetime import date
from typing import Annotated, Final

from pydantic import Field, StringConstraints

from nsw_contracts.parts import (
    AgencyCode,
    Amount,
    Currency,
    Document,
    DossierFact,
    Moment,
    Outcome,
    PackVersion,
    Reason,
    Reference,
    Text,
)

ITEMS: Final = 200  # with these, the largest fact stays far below Kafka's largest message


class AgencyFact(DossierFact):
    """Base of what an agency did. `message_id` is the delivery it answers: the id of the fact that told the agency."""

    agency: AgencyCode
    message_id: str
    pack_version: PackVersion = ""


class Delivered(AgencyFact):
    """The agency's system has technically received the message (function 99; article 19)."""

    delivered_at: Moment


class AgencyDecision(AgencyFact):
    """Base of what an agency decided, when, and why where it says so."""

    decided_at: Moment
    reason: Annotated[str, StringConstraints(max_length=2000)] = ""


class TechnicalError(AgencyDecision):
    """The agency's system could not take the message (function 00). `code` is ERR00 to ERR05, or the system's own."""

    code: Annotated[str, StringConstraints(max_length=20)]


class Accepted(AgencyDecision):
    """The agency takes the dossier in for processing (function 05)."""

    reference: Reference = ""


class Refused(AgencyDecision):
    """The agency refuses the dossier and says why (function 06)."""

    reason: Reason


class SupplementRequested(AgencyDecision):
    """The agency asks the business to amend or add (function 07)."""

    reason: Reason
    items: tuple[Text, ...] = Field(default=(), max_length=ITEMS)


class WithdrawalAgreed(AgencyDecision):
    """The agency lets the business withdraw (function 09)."""


class WithdrawalRefused(AgencyDecision):
    """The agency does not let the business withdraw (function 10)."""

    reason: Reason


class AmendmentAgreed(AgencyDecision):
    """The agency agrees to the amended dossier (function 12)."""


class AmendmentRefused(AgencyDecision):
    """The agency keeps to the dossier as it was (function 13)."""

    reason: Reason


class InspectionStarted(AgencyDecision):
    """The agency inspects the goods, where and when it says."""

    place: Annotated[str, StringConstraints(max_length=500)] = ""


class FeeRequested(AgencyDecision):
    """The agency asks for a fee, or for more of one (functions 18 and 20)."""

    amount: Amount
    currency: Currency


class FeeConfirmed(AgencyDecision):
    """The agency has the fee (function 19), however it was paid."""

    reference: Reference = ""


class ResultIssued(AgencyDecision):
    """The agency's result: goods passed or failed, or a licence was issued (function 14 and up; article 20).

    `document` is the certificate or licence itself, which the agency has put into the window's store.
    """

    outcome: Outcome
    certificate_number: Reference = ""
    valid_until: date | None = None
    document: Document | None = None


class ResultAmended(ResultIssued):
    """The agency's result in place of an earlier one, and why."""


class ResultRevoked(AgencyDecision):
    """The agency takes its result back and says why."""

    reason: Reason
