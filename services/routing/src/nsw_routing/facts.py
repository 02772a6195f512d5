"""What routing states, made from a case: work for its agencies, and what the business hears. Pure.

A fact's id follows from the id of what caused it, so that it is recognised when it is stated again.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from nsw_contracts.envelope import fact_id
from nsw_contracts.events import (
    COMMAND_REFUSED,
    DEADLINE_NEAR,
    FORWARDED,
    INSPECTION_DECIDED,
    OVERDUE,
    ROUTED,
    STATUS_CHANGED,
    AgencyDecision,
    AgencyFact,
    AgencyStatus,
    AmendmentFiledHead,
    CommandFact,
    CommandRefused,
    DeadlineNear,
    Fact,
    FeeRequested,
    ForwardedHead,
    InspectionDecided,
    LineInspection,
    Overdue,
    PaymentFiled,
    PublicFact,
    ResultIssued,
    RoutedHead,
    StatusChanged,
    SupplementFiledHead,
    SupplementRequested,
    WithdrawalFiled,
)
from nsw_contracts.lifecycle import BUSINESS_ACTS, POSSIBLE
from nsw_contracts.topics import AGENCY_TOPICS, STATUS
from nsw_procedures.calendar import due
from nsw_procedures.pack import Deadlines
from nsw_runtime.handling import Event
from nsw_runtime.journal import Entry, entry

from nsw_routing.case import AtAgency, Case
from nsw_routing.inspecting import Decided
from nsw_routing.machine import COMMANDS, Moved, NotPossible, Tell


def routed(event: Event, case: Case, content: bytes, at: datetime, lines: Sequence[LineInspection]) -> list[Entry]:
    """The dossier, for each of its agencies."""
    return [
        entry(
            AGENCY_TOPICS[one.agency],
            ROUTED,
            RoutedHead(
                number=case.number,
                agency=one.agency,
                role=one.role,
                pack_version=case.pack_version,
                routed_at=at,
                inspection=tuple(lines),
            ),
            fact_id=fact_id(event.id, ROUTED, one.agency),
            traceparent=event.traceparent,
            content=content,
        )
        for one in case.agencies
    ]


def forwarded(
    event: Event,
    case: Case,
    tell: Tell,
    at: datetime,
    content: bytes | None,
    lines: Sequence[LineInspection] = (),
) -> Entry:
    """What an agency is told of a dossier it has."""
    one = case.at(tell.agency)
    assert one is not None  # noqa: S101  # only agencies of the case are told
    fact = event.fact
    about = tell.about
    head = ForwardedHead(
        number=case.number,
        agency=one.agency,
        role=one.role,
        pack_version=case.pack_version,
        routed_at=at,
        what=tell.what,
        reason=about.reason if about else _given(fact),
        about=about.agency if about else None,
        status=about.status if about else None,
        outcome=about.outcome if about else "",
        amount=fact.amount if isinstance(fact, PaymentFiled) else None,
        currency=fact.currency if isinstance(fact, PaymentFiled) else None,
        reference=fact.reference if isinstance(fact, PaymentFiled) else "",
        procedure=case.procedure,
        agency_reference=one.reference,
        inspection=tuple(lines) if tell.with_content else (),
    )
    return entry(
        AGENCY_TOPICS[one.agency],
        FORWARDED,
        head,
        fact_id=fact_id(event.id, FORWARDED, f"{one.agency}/{tell.what}"),
        traceparent=event.traceparent,
        content=content if tell.with_content else None,
    )


def status_changed(event: Event, moved: Moved, at: datetime, deadlines: Deadlines) -> Entry:
    """What happened, for the business."""
    case, fact = moved.case, event.fact
    agency = fact.agency if isinstance(fact, AgencyFact) else case.lead.agency
    one = case.at(agency) or case.lead
    change = StatusChanged(
        **_known(case, agency, at),
        what=moved.what,
        reason=fact.reason if isinstance(fact, AgencyDecision) else _given(fact),
        items=fact.items if isinstance(fact, SupplementRequested) else (),
        outcome=fact.outcome if isinstance(fact, ResultIssued) else "",
        certificate_number=fact.certificate_number if isinstance(fact, ResultIssued) else "",
        document=fact.document if isinstance(fact, ResultIssued) else None,
        amount=fact.amount if isinstance(fact, FeeRequested) else "",
        currency=fact.currency if isinstance(fact, FeeRequested) else "",
        due_at=one.clock.due_at,
        answer_by=due(at, deadlines.answer) if one.status in BUSINESS_ACTS and one.status == case.status else None,
        explanation=moved.explanation,
        agencies=_agencies(case),
    )
    return _public(event, STATUS_CHANGED, change)


def command_refused(event: Event, case: Case, refused: NotPossible, fact: CommandFact) -> Entry:
    """The business cannot have what it asked for."""
    said = CommandRefused(
        **_known(case, case.lead.agency, fact.filed_at),
        command=COMMANDS[type(fact)],
        command_id=event.id,
        explanation=refused.why,
        possible=POSSIBLE[case.status],
    )
    return _public(event, COMMAND_REFUSED, said)


def inspection_decided(event: Event, case: Case, decided: Decided, at: datetime) -> Entry:
    """How the goods are inspected."""
    said = InspectionDecided(
        **_known(case, case.lead.agency, at),
        lines=decided.lines,
        day=decided.draw.day,
        commitment=decided.draw.commitment,
    )
    return _public(event, INSPECTION_DECIDED, said)


def deadline(case: Case, one: AtAgency, what: str, when: datetime) -> Entry:
    """An agency's deadline comes near, or has passed; no trace: nobody's request caused it."""
    due_at = one.clock.due_at
    assert due_at is not None  # noqa: S101  # a clock that speaks has run
    fact_type, model = (OVERDUE, Overdue) if what == "overdue" else (DEADLINE_NEAR, DeadlineNear)
    said = model(
        **_known(case, one.agency, when),
        due_at=due_at,
    )
    cause = f"{case.number}/{one.agency}/{due_at.isoformat()}"
    return entry(STATUS, fact_type, said, fact_id=fact_id(cause, fact_type), traceparent=None)


def _public(event: Event, fact_type: str, said: PublicFact) -> Entry:
    """A public fact that an event caused."""
    return entry(STATUS, fact_type, said, fact_id=fact_id(event.id, fact_type), traceparent=event.traceparent)


def _known(case: Case, agency: str, at: datetime) -> dict[str, Any]:
    """What every public fact says of its dossier."""
    return {
        "number": case.number,
        "revision": case.revision,
        "status": case.status,
        "procedure": case.procedure,
        "pack_version": case.pack_version,
        "declarant": case.declarant,
        "agency": agency,
        "changed_at": at,
    }


def _agencies(case: Case) -> tuple[AgencyStatus, ...]:
    """Each agency's status, where several decide."""
    if len(case.agencies) == 1:
        return ()
    return tuple(AgencyStatus(agency=one.agency, role=one.role, status=one.status) for one in case.agencies)


def _given(fact: Fact) -> str:
    """The reason a business gives, or the note it adds."""
    match fact:
        case AmendmentFiledHead() | WithdrawalFiled():
            return fact.reason
        case SupplementFiledHead():
            return fact.note
    return ""
