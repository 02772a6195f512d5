"""Routing's decisions: a new dossier goes to its agency; what an agency did moves the case and is made public."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from nsw_contracts.content import content_of
from nsw_contracts.envelope import fact_id
from nsw_contracts.events import (
    ROUTED,
    STATUS_CHANGED,
    Accepted,
    AgencyFact,
    Delivered,
    Refused,
    ResultIssued,
    RoutedHead,
    StatusChanged,
    Submitted,
    SupplementRequested,
)
from nsw_contracts.topics import AGENCY_TOPICS, STATUS
from nsw_procedures.catalogue import procedures
from nsw_runtime.database import Connection
from nsw_runtime.handling import Applied, Event, Outcome, Park, Quarantine
from nsw_runtime.journal import entry

from nsw_routing import store
from nsw_routing.case import Case, allowed, next_status


class CaseHandler:
    """Holds the cases."""

    async def load(self, connection: Connection, events: Sequence[Event]) -> dict[str, Case]:
        """The cases these events are about, locked."""
        return await store.cases(connection, sorted({event.number for event in events}))

    def handle(self, event: Event, state: Case | None) -> Outcome[Case]:
        """Decide what follows from one fact."""
        fact = event.fact
        if isinstance(fact, Submitted):
            return _route(event, fact, state)
        if isinstance(fact, AgencyFact):
            return _hear(event, fact, state)
        return Quarantine(f"{event.type} does not belong on {event.topic}")

    async def save(self, connection: Connection, changed: Mapping[str, Case]) -> None:
        """Write the cases that changed."""
        await store.save(connection, list(changed.values()))


def _route(event: Event, fact: Submitted, state: Case | None) -> Outcome[Case]:
    """Open the case and hand the dossier to the procedure's lead agency."""
    if state is not None:
        return Quarantine("the dossier was routed before")
    content = fact.content
    procedure = procedures().get(content.procedure)
    if procedure is None:
        return Park(f"procedure {content.procedure} is not in this release; release it after an upgrade")
    case = Case(
        number=fact.number,
        procedure=procedure.code,
        pack_version=procedure.version,
        declarant=content.declarant.tax_code,
        agency=procedure.lead_agency,
        status="submitted",
        revision=0,
        delivered_at=None,
        changed_at=fact.submitted_at,
    )
    work = RoutedHead(
        number=fact.number,
        agency=case.agency,
        role="lead",
        pack_version=case.pack_version,
        routed_at=fact.submitted_at,
    )
    return Applied(
        state=case,
        facts=[
            entry(
                AGENCY_TOPICS[case.agency],
                ROUTED,
                work,
                fact_id=fact_id(event.id, ROUTED, case.agency),
                traceparent=event.traceparent,
                content=content_of(event.value),
            )
        ],
    )


def _hear(event: Event, fact: AgencyFact, state: Case | None) -> Outcome[Case]:
    """Move the case by what its agency did, and make the new status public."""
    if state is None:
        return Park("no such case yet: its submission has not been applied")
    if fact.agency != state.agency:
        return Quarantine(f"{fact.agency} speaks of a dossier that is at {state.agency}")
    if isinstance(fact, Delivered):
        return Applied(state=state._replace(delivered_at=fact.delivered_at))
    status = next_status(state.status, event.type)
    if status is None:
        return Quarantine(
            f"{event.type} cannot follow {state.status}; possible: {', '.join(allowed(state.status)) or 'nothing'}"
        )
    at = _decided_at(fact)
    case = state._replace(status=status, revision=state.revision + 1, changed_at=at)
    change = StatusChanged(
        number=case.number,
        revision=case.revision,
        status=status,
        procedure=case.procedure,
        pack_version=case.pack_version,
        declarant=case.declarant,
        agency=case.agency,
        changed_at=at,
        reason=fact.reason if isinstance(fact, (Refused, SupplementRequested)) else "",
        items=fact.items if isinstance(fact, SupplementRequested) else (),
        outcome=fact.outcome if isinstance(fact, ResultIssued) else "",
        certificate_number=fact.certificate_number if isinstance(fact, ResultIssued) else "",
    )
    public = entry(
        STATUS,
        STATUS_CHANGED,
        change,
        fact_id=fact_id(event.id, STATUS_CHANGED),
        traceparent=event.traceparent,
    )
    return Applied(state=case, facts=[public])


def _decided_at(fact: AgencyFact) -> datetime:
    assert isinstance(fact, (Accepted, Refused, SupplementRequested, ResultIssued))  # noqa: S101  # narrows the union
    return fact.decided_at
