"""Routing's decisions, every (status, fact) pair: what the table allows moves the case, the rest changes nothing."""

from datetime import UTC, datetime, timedelta
from typing import get_args

import pytest
from nsw_benchmarks.profile import Profile
from nsw_contracts.content import content_of, with_content
from nsw_contracts.envelope import fact_id
from nsw_contracts.events import (
    ACCEPTED,
    AGENCY_FACTS,
    DELIVERED,
    FACTS,
    FINAL,
    REFUSED,
    RESULT_ISSUED,
    ROUTED,
    STATUS_CHANGED,
    SUBMITTED,
    SUPPLEMENT_REQUESTED,
    Accepted,
    AgencyFact,
    Delivered,
    Refused,
    ResultIssued,
    Routed,
    Status,
    StatusChanged,
    Submitted,
    SubmittedHead,
    SupplementRequested,
)
from nsw_contracts.topics import AGENCY_RESULTS, AGENCY_TOPICS, STATUS, SUBMISSIONS
from nsw_procedures.catalogue import procedures
from nsw_routing.case import NEXT, Case, allowed
from nsw_routing.handlers import CaseHandler
from nsw_runtime.handling import Applied, Event, Outcome, Park, Quarantine

AT = datetime(2026, 3, 2, 9, tzinfo=UTC)
LATER = AT + timedelta(days=1)
NUMBER = "260000000017"
FILING = next(iter(Profile(1, 20).dossiers(1)))
TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"

_SAID = {"number": NUMBER, "agency": "BYTE", "message_id": "m"}
AGENCY_SAYS: dict[str, AgencyFact] = {
    DELIVERED: Delivered(**_SAID, delivered_at=LATER),
    ACCEPTED: Accepted(**_SAID, decided_at=LATER),
    REFUSED: Refused(**_SAID, decided_at=LATER, reason="Không thuộc đối tượng"),
    SUPPLEMENT_REQUESTED: SupplementRequested(**_SAID, decided_at=LATER, reason="Thiếu", items=("invoice",)),
    RESULT_ISSUED: ResultIssued(**_SAID, decided_at=LATER, outcome="licensed", certificate_number="BYTE-1"),
}
SHOULD_FOLLOW = {
    "submitted": {ACCEPTED: "accepted", REFUSED: "refused", SUPPLEMENT_REQUESTED: "supplement_requested"},
    "accepted": {RESULT_ISSUED: "result_issued", REFUSED: "refused", SUPPLEMENT_REQUESTED: "supplement_requested"},
    "supplement_requested": {ACCEPTED: "accepted", REFUSED: "refused"},
    "refused": {},
    "result_issued": {},
}
"""Articles 12 to 20 of Decree 85, written down a second time, so that a slip in the table is seen."""


def case(status: Status = "submitted", *, agency: str = "BYTE") -> Case:
    return Case(NUMBER, "BYTE0500009", "2026.1", "0100109106", agency, status, 4, None, AT)


def event(fact_type: str, fact: AgencyFact, *, trace: str | None = None) -> Event:
    value = fact.model_dump_json().encode()
    return Event(AGENCY_RESULTS.name, 1, 7, fact_type, fact_id("m", fact_type), trace, fact, value)


def submitted(**changed: str) -> Event:
    head = SubmittedHead(number=NUMBER, submitted_at=AT, content_sha256="0" * 64, idempotency_key="k")
    content = FILING.body if isinstance(FILING.body, bytes) else FILING.body.encode()
    for old, new in changed.items():
        content = content.replace(old.encode(), new.encode())
    value = with_content(head.model_dump_json().encode(), content)
    fact = Submitted.model_validate_json(value)
    return Event(SUBMISSIONS.name, 2, 3, SUBMITTED, fact_id(NUMBER, SUBMITTED), TRACE, fact, value)


def handle(about: Event, state: Case | None) -> Outcome[Case]:
    """Handled twice: the same event and state give the same outcome, facts, ids and all."""
    outcome = CaseHandler().handle(about, state)
    assert CaseHandler().handle(about, state) == outcome
    return outcome


def test_the_table_is_what_the_decree_says() -> None:
    assert set(SHOULD_FOLLOW) == set(get_args(Status))
    assert {(status, fact): after for status, says in SHOULD_FOLLOW.items() for fact, after in says.items()} == NEXT
    assert all(not allowed(status) for status in FINAL)


@pytest.mark.parametrize("fact_type", AGENCY_FACTS)
@pytest.mark.parametrize("status", get_args(Status))
def test_every_status_and_every_fact(status: Status, fact_type: str) -> None:
    outcome = handle(event(fact_type, AGENCY_SAYS[fact_type], trace=TRACE), case(status))
    if fact_type == DELIVERED:
        assert outcome == Applied(case(status)._replace(delivered_at=LATER))
        return
    after = SHOULD_FOLLOW[status].get(fact_type)
    if after is None:
        assert isinstance(outcome, Quarantine)
        assert outcome.reason.startswith(f"{fact_type} cannot follow {status}; possible: ")
        return
    assert isinstance(outcome, Applied)
    assert outcome.state == case(status)._replace(status=after, revision=5, changed_at=LATER)
    (public,) = outcome.facts
    assert (public.topic, public.key, public.type, public.traceparent) == (STATUS.name, NUMBER, STATUS_CHANGED, TRACE)
    assert public.id == fact_id(fact_id("m", fact_type), STATUS_CHANGED)
    change = StatusChanged.model_validate_json(public.value)
    assert (change.status, change.revision, change.changed_at, change.declarant) == (after, 5, LATER, "0100109106")
    for name in ("reason", "items", "outcome", "certificate_number"):
        assert getattr(change, name) == getattr(AGENCY_SAYS[fact_type], name, type(getattr(change, name))())


@pytest.mark.parametrize("fact_type", AGENCY_FACTS)
def test_an_unknown_case_parks(fact_type: str) -> None:
    assert isinstance(handle(event(fact_type, AGENCY_SAYS[fact_type]), None), Park)


@pytest.mark.parametrize("fact_type", AGENCY_FACTS)
def test_another_agencys_word_is_quarantined(fact_type: str) -> None:
    outcome = handle(event(fact_type, AGENCY_SAYS[fact_type]), case(agency="BCT"))
    assert outcome == Quarantine("BYTE speaks of a dossier that is at BCT")


@pytest.mark.parametrize("fact_type", [ROUTED, STATUS_CHANGED])
def test_a_fact_that_does_not_belong_here_is_quarantined(fact_type: str) -> None:
    made = FACTS[fact_type].model_construct(number=NUMBER)
    outcome = handle(Event(SUBMISSIONS.name, 0, 1, fact_type, "1", None, made, b""), case())
    assert outcome == Quarantine(f"{fact_type} does not belong on {SUBMISSIONS.name}")


def test_a_new_dossier_goes_to_its_agency() -> None:
    about = submitted()
    outcome = handle(about, None)
    assert isinstance(outcome, Applied)
    assert isinstance(about.fact, Submitted)
    procedure = procedures()[about.fact.content.procedure]
    assert outcome.state == Case(
        NUMBER, procedure.code, procedure.version, about.fact.content.declarant.tax_code, procedure.lead_agency,
        "submitted", 0, None, AT,
    )  # fmt: skip
    (work,) = outcome.facts
    assert (work.topic, work.key, work.type) == (AGENCY_TOPICS[procedure.lead_agency].name, NUMBER, ROUTED)
    assert (work.id, work.traceparent) == (fact_id(about.id, ROUTED, procedure.lead_agency), TRACE)


def test_the_content_spliced_in_is_the_content_filed_byte_for_byte() -> None:
    about = submitted()
    outcome = handle(about, None)
    assert isinstance(outcome, Applied)
    routed = Routed.model_validate_json(outcome.facts[0].value)
    assert isinstance(about.fact, Submitted)
    assert routed.content == about.fact.content
    assert content_of(outcome.facts[0].value) == content_of(about.value)


def test_a_procedure_of_a_later_release_parks() -> None:
    assert isinstance(submitted().fact, Submitted)
    code = submitted().fact.content.procedure
    outcome = handle(submitted(**{code: "BYTE9999999"}), None)
    assert outcome == Park("procedure BYTE9999999 is not in this release; release it after an upgrade")


def test_a_dossier_is_routed_once() -> None:
    assert handle(submitted(), case()) == Quarantine("the dossier was routed before")
