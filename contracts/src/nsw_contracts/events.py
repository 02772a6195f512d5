"""The facts that pass between services: their types, and one frozen model each.

A fact says what happened, once, about one dossier, registration or subscription, and stands by itself. Times are UTC.
The models stand beside this file, by who states them; everything that readers need is to be had from here.
"""

from functools import lru_cache
from typing import Final

from nsw_contracts.agency_facts import (
    Accepted,
    AgencyDecision,
    AgencyFact,
    AmendmentAgreed,
    AmendmentRefused,
    Delivered,
    FeeConfirmed,
    FeeRequested,
    InspectionStarted,
    Refused,
    ResultAmended,
    ResultIssued,
    ResultRevoked,
    SupplementRequested,
    TechnicalError,
    WithdrawalAgreed,
    WithdrawalRefused,
)
from nsw_contracts.agency_work import AgencyWork, Forwarded, ForwardedHead, Routed, RoutedHead
from nsw_contracts.business_facts import (
    AmendmentFiled,
    AmendmentFiledHead,
    CommandFact,
    PaymentFiled,
    Submitted,
    SubmittedHead,
    SupplementFiled,
    SupplementFiledHead,
    WithdrawalFiled,
)
from nsw_contracts.lifecycle import Command, Status, Told
from nsw_contracts.notice_facts import NotDelivered, Notified, SubscriptionDisabled, SubscriptionFact
from nsw_contracts.parts import (
    AgencyCode,
    Amount,
    Consignment,
    Contact,
    Country,
    Currency,
    Declarant,
    Document,
    DossierContent,
    DossierFact,
    Explanation,
    Fact,
    Goods,
    HsCode,
    InspectionMode,
    LineInspection,
    Moment,
    Number,
    Outcome,
    PackVersion,
    Part,
    ProcedureCode,
    Quantity,
    Reason,
    Reference,
    Sha256,
    Signer,
    TaxCode,
    Text,
)
from nsw_contracts.public_facts import (
    AgencyStatus,
    CommandRefused,
    DeadlineNear,
    InspectionDecided,
    Overdue,
    PublicFact,
    StatusChanged,
)
from nsw_contracts.registration_facts import Registered, RegistrationFact, RegistrationRevoked

SUBMITTED: Final = "vn.nsw.dossier.submitted.v1"
SUPPLEMENT_FILED: Final = "vn.nsw.dossier.supplement-filed.v1"
AMENDMENT_FILED: Final = "vn.nsw.dossier.amendment-filed.v1"
WITHDRAWAL_FILED: Final = "vn.nsw.dossier.withdrawal-filed.v1"
PAYMENT_FILED: Final = "vn.nsw.dossier.payment-filed.v1"

ROUTED: Final = "vn.nsw.dossier.routed.v1"
FORWARDED: Final = "vn.nsw.dossier.forwarded.v1"

DELIVERED: Final = "vn.nsw.dossier.delivered.v1"
TECHNICAL_ERROR: Final = "vn.nsw.dossier.technical-error.v1"
ACCEPTED: Final = "vn.nsw.dossier.accepted.v1"
REFUSED: Final = "vn.nsw.dossier.refused.v1"
SUPPLEMENT_REQUESTED: Final = "vn.nsw.dossier.supplement-requested.v1"
WITHDRAWAL_AGREED: Final = "vn.nsw.dossier.withdrawal-agreed.v1"
WITHDRAWAL_REFUSED: Final = "vn.nsw.dossier.withdrawal-refused.v1"
AMENDMENT_AGREED: Final = "vn.nsw.dossier.amendment-agreed.v1"
AMENDMENT_REFUSED: Final = "vn.nsw.dossier.amendment-refused.v1"
INSPECTION_STARTED: Final = "vn.nsw.dossier.inspection-started.v1"
FEE_REQUESTED: Final = "vn.nsw.dossier.fee-requested.v1"
FEE_CONFIRMED: Final = "vn.nsw.dossier.fee-confirmed.v1"
RESULT_ISSUED: Final = "vn.nsw.dossier.result-issued.v1"
RESULT_AMENDED: Final = "vn.nsw.dossier.result-amended.v1"
RESULT_REVOKED: Final = "vn.nsw.dossier.result-revoked.v1"

STATUS_CHANGED: Final = "vn.nsw.dossier.status-changed.v1"
COMMAND_REFUSED: Final = "vn.nsw.dossier.command-refused.v1"
DEADLINE_NEAR: Final = "vn.nsw.dossier.deadline-near.v1"
OVERDUE: Final = "vn.nsw.dossier.overdue.v1"
INSPECTION_DECIDED: Final = "vn.nsw.dossier.inspection-decided.v1"

NOTIFIED: Final = "vn.nsw.dossier.notified.v1"
NOT_DELIVERED: Final = "vn.nsw.subscription.not-delivered.v1"
SUBSCRIPTION_DISABLED: Final = "vn.nsw.subscription.disabled.v1"

REGISTERED: Final = "vn.nsw.registration.registered.v1"
REGISTRATION_REVOKED: Final = "vn.nsw.registration.revoked.v1"

BUSINESS_FACTS: Final[dict[str, type[Fact]]] = {
    SUBMITTED: Submitted,
    SUPPLEMENT_FILED: SupplementFiled,
    AMENDMENT_FILED: AmendmentFiled,
    WITHDRAWAL_FILED: WithdrawalFiled,
    PAYMENT_FILED: PaymentFiled,
}
AGENCY_WORK: Final[dict[str, type[Fact]]] = {ROUTED: Routed, FORWARDED: Forwarded}
AGENCY_FACTS: Final[dict[str, type[AgencyFact]]] = {
    DELIVERED: Delivered,
    TECHNICAL_ERROR: TechnicalError,
    ACCEPTED: Accepted,
    REFUSED: Refused,
    SUPPLEMENT_REQUESTED: SupplementRequested,
    WITHDRAWAL_AGREED: WithdrawalAgreed,
    WITHDRAWAL_REFUSED: WithdrawalRefused,
    AMENDMENT_AGREED: AmendmentAgreed,
    AMENDMENT_REFUSED: AmendmentRefused,
    INSPECTION_STARTED: InspectionStarted,
    FEE_REQUESTED: FeeRequested,
    FEE_CONFIRMED: FeeConfirmed,
    RESULT_ISSUED: ResultIssued,
    RESULT_AMENDED: ResultAmended,
    RESULT_REVOKED: ResultRevoked,
}
PUBLIC_FACTS: Final[dict[str, type[Fact]]] = {
    STATUS_CHANGED: StatusChanged,
    COMMAND_REFUSED: CommandRefused,
    DEADLINE_NEAR: DeadlineNear,
    OVERDUE: Overdue,
    INSPECTION_DECIDED: InspectionDecided,
}
NOTICE_FACTS: Final[dict[str, type[Fact]]] = {
    NOTIFIED: Notified,
    NOT_DELIVERED: NotDelivered,
    SUBSCRIPTION_DISABLED: SubscriptionDisabled,
}
REGISTRATION_FACTS: Final[dict[str, type[Fact]]] = {
    REGISTERED: Registered,
    REGISTRATION_REVOKED: RegistrationRevoked,
}

FACTS: Final[dict[str, type[Fact]]] = {
    **BUSINESS_FACTS,
    **AGENCY_WORK,
    **AGENCY_FACTS,
    **PUBLIC_FACTS,
    **NOTICE_FACTS,
    **REGISTRATION_FACTS,
}
"""Every fact type and its model. A change that readers of today could not read needs a `.v2` beside the `.v1`."""

READ_AS: Final[dict[str, type[Fact]]] = FACTS | {
    ROUTED: RoutedHead,
    FORWARDED: ForwardedHead,
    SUPPLEMENT_FILED: SupplementFiledHead,
    AMENDMENT_FILED: AmendmentFiledHead,
}
"""What readers validate of each type. Content that is only handed on is not read again: intake has validated it, the
agency will, and reading it once more is the dearest step between them."""


@lru_cache
def says(fact_type: str) -> str:
    """The short name of a fact type: `accepted` of `vn.nsw.dossier.accepted.v1`."""
    return fact_type.removeprefix("vn.nsw.dossier.").removesuffix(".v1")


__all__ = [
    "ACCEPTED",
    "AGENCY_FACTS",
    "AGENCY_WORK",
    "AMENDMENT_AGREED",
    "AMENDMENT_FILED",
    "AMENDMENT_REFUSED",
    "BUSINESS_FACTS",
    "COMMAND_REFUSED",
    "DEADLINE_NEAR",
    "DELIVERED",
    "FACTS",
    "FEE_CONFIRMED",
    "FEE_REQUESTED",
    "FORWARDED",
    "INSPECTION_DECIDED",
    "INSPECTION_STARTED",
    "NOTICE_FACTS",
    "NOTIFIED",
    "NOT_DELIVERED",
    "OVERDUE",
    "PAYMENT_FILED",
    "PUBLIC_FACTS",
    "READ_AS",
    "REFUSED",
    "REGISTERED",
    "REGISTRATION_FACTS",
    "REGISTRATION_REVOKED",
    "RESULT_AMENDED",
    "RESULT_ISSUED",
    "RESULT_REVOKED",
    "ROUTED",
    "STATUS_CHANGED",
    "SUBMITTED",
    "SUBSCRIPTION_DISABLED",
    "SUPPLEMENT_FILED",
    "SUPPLEMENT_REQUESTED",
    "TECHNICAL_ERROR",
    "WITHDRAWAL_AGREED",
    "WITHDRAWAL_FILED",
    "WITHDRAWAL_REFUSED",
    "Accepted",
    "AgencyCode",
    "AgencyDecision",
    "AgencyFact",
    "AgencyStatus",
    "AgencyWork",
    "AmendmentAgreed",
    "AmendmentFiled",
    "AmendmentFiledHead",
    "AmendmentRefused",
    "Amount",
    "Command",
    "CommandFact",
    "CommandRefused",
    "Consignment",
    "Contact",
    "Country",
    "Currency",
    "DeadlineNear",
    "Declarant",
    "Delivered",
    "Document",
    "DossierContent",
    "DossierFact",
    "Explanation",
    "Fact",
    "FeeConfirmed",
    "FeeRequested",
    "Forwarded",
    "ForwardedHead",
    "Goods",
    "HsCode",
    "InspectionDecided",
    "InspectionMode",
    "InspectionStarted",
    "LineInspection",
    "Moment",
    "NotDelivered",
    "Notified",
    "Number",
    "Outcome",
    "Overdue",
    "PackVersion",
    "Part",
    "PaymentFiled",
    "ProcedureCode",
    "PublicFact",
    "Quantity",
    "Reason",
    "Reference",
    "Refused",
    "Registered",
    "RegistrationFact",
    "RegistrationRevoked",
    "ResultAmended",
    "ResultIssued",
    "ResultRevoked",
    "Routed",
    "RoutedHead",
    "Sha256",
    "Signer",
    "Status",
    "StatusChanged",
    "Submitted",
    "SubmittedHead",
    "SubscriptionDisabled",
    "SubscriptionFact",
    "SupplementFiled",
    "SupplementFiledHead",
    "SupplementRequested",
    "TaxCode",
    "TechnicalError",
    "Text",
    "Told",
    "WithdrawalAgreed",
    "WithdrawalFiled",
    "WithdrawalRefused",
    "says",
]
