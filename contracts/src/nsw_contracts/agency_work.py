"""What agencies are told: dossiers to decide, and what happened to them since. Routing states it."""

from typing import Annotated, Literal

from pydantic import AwareDatetime, StringConstraints

from nsw_contracts.lifecycle import Status, Told
from nsw_contracts.parts import (
    AgencyCode,
    Amount,
    Currency,
    DossierContent,
    DossierFact,
    LineInspection,
    PackVersion,
    ProcedureCode,
    Reference,
)


class AgencyWork(DossierFact):
    """Base of what an agency is told. `what` says what happened."""

    agency: AgencyCode
    role: Literal["lead", "coordinating"]
    pack_version: PackVersion
    routed_at: AwareDatetime


class RoutedHead(AgencyWork):
    """`Routed` without its content."""

    what: Literal["submitted"] = "submitted"
    inspection: tuple[LineInspection, ...] = ()


class Routed(RoutedHead):
    """Work for one agency: the dossier it must decide, judged by version `pack_version` of the procedure."""

    content: DossierContent


class ForwardedHead(AgencyWork):
    """`Forwarded` without its content."""

    what: Told
    reason: Annotated[str, StringConstraints(max_length=2000)] = ""
    about: AgencyCode | None = None
    status: Status | None = None
    outcome: Literal["passed", "failed", "licensed", ""] = ""
    amount: Amount | None = None
    currency: Currency | None = None
    reference: Reference = ""
    inspection: tuple[LineInspection, ...] = ()
    procedure: ProcedureCode | Literal[""] = ""
    agency_reference: Reference = ""


class Forwarded(ForwardedHead):
    """What happened to a dossier that the agency has: the business acted on it, or another agency decided.

    `content` is the whole dossier where the business changed it. `about`, `status` and `outcome` are of another agency:
    the coordinating one that decided, or the lead agency that has ended the dossier. `inspection`: how the goods of the
    changed dossier are inspected, or would be once the agency agrees. `procedure` is the dossier's, for news without a
    content; `agency_reference` what the agency called the dossier when it accepted it.
    """

    content: DossierContent | None = None
