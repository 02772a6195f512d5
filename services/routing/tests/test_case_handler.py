"""Routing's decisions: which facts follow from what businesses and agencies did, for whom, and with which ids."""

from datetime import timedelta

import pytest
from nsw_contracts.content import content_of
from nsw_contracts.envelope import fact_id
from nsw_contracts.events import (
    AGENCY_WORK,
    FACTS,
    NOTIFIED,
    PUBLIC_FACTS,
    ROUTED,
    STATUS_CHANGED,
    Routed,
    StatusChanged,
)
from nsw_contracts.lifecycle import COMMANDS, FINAL, AgencySays, Command, Status
from nsw_contracts.topics import AGENCY_TOPICS, STATUS, SUBMISSIONS
from nsw_procedures.calendar import due
from nsw_procedures.packs import packs
from nsw_routing.case import AtAgency, Case
from nsw_routing.handlers import CaseHandler, Held
from nsw_runtime.handling import Event, Park, Quarantine
from saying import (
    AT,
    DECLARANT,
    DRAWS,
    LATER,
    LICENCE,
    NUMBER,
    SHIP,
    SHIP_AGENCIES,
    TRACE,
    TYPES,
    Life,
    decided,
    example,
    filed,
    licence,
    public,
    submitted,
    told,
)

HANDLER = CaseHandler(DRAWS)


# --- a new dossier ---------------------------------------------------------------------------------------------------


def test_a_new_dossier_opens_its_case_and_goes_to_its_agency() -> None:
    life, event = Life(), submitted(example(LICENCE))
    entries = life.apply(event)
    pack = packs().version(LICENCE, "2026.1")
    assert pack is not None
    lead = AtAgency("BYTE", "lead")
    assert life.case.but(agencies=(life.case.lead.but(clock=lead.clock),)) == Case(
        NUMBER, LICENCE, "2026.1", DECLARANT, (lead,), AT
    )
    assert life.case.lead.clock.due_at == due(AT, pack.deadlines.acceptance)
    (work,) = entries
    assert (work.topic, work.key, work.type) == (AGENCY_TOPICS["BYTE"].name, NUMBER, ROUTED)
    assert (work.id, work.traceparent) == (fact_id(event.id, ROUTED, "BYTE"), TRACE)
    assert public(entries) == [], "submitted is what the receipt says already"


def test_a_dossier_of_five_agencies_goes_to_all_of_them_at_once() -> None:
    life, event = Life(), submitted(example(SHIP))
    entries = life.apply(event)
    assert [one.id for one in entries] == [fact_id(event.id, ROUTED, agency) for agency in SHIP_AGENCIES]
    work = told(entries)
    assert {agency: one.role for agency, one in work.items()} == {
        "BGTVT": "lead", "BTC": "coordinating", "BQP": "coordinating", "BNNPTNT": "coordinating",
        "BYTE": "coordinating",
    }  # fmt: skip
    assert [(one.agency, one.role, one.status) for one in life.case.agencies] == [
        (agency, work[agency].role, "submitted") for agency in SHIP_AGENCIES
    ]
    assert {(one.what, one.pack_version, one.routed_at) for one in work.values()} == {("submitted", "2026.1", AT)}
    assert len({one.id for one in entries}) == len(entries)


def test_the_content_handed_on_is_the_content_filed_byte_for_byte() -> None:
    event = submitted(example(SHIP))
    for entry in Life().apply(event):
        assert content_of(entry.value) == content_of(event.value)
        assert Routed.model_validate_json(entry.value).content == example(SHIP)


def test_the_pack_is_the_one_that_intake_judged_by() -> None:
    code = next(code for code in packs() if len(packs().versions(code)) > 1)
    first, *_, last = packs().versions(code)
    content = example(code)
    assert Life().applied(submitted(content, pack_version=first.version)).case.pack_version == first.version
    assert Life().applied(submitted(content, pack_version=last.version)).case.pack_version == last.version


@pytest.mark.parametrize("version", ["2026.99", "1"])
def test_a_pack_of_a_later_release_parks(version: str) -> None:
    outcome = HANDLER.handle(submitted(example(LICENCE), pack_version=version), None)
    assert outcome == Park(f"procedure {LICENCE} {version} is not in this release; release it after an upgrade")


def test_a_procedure_of_a_later_release_parks() -> None:
    later = example(LICENCE).model_copy(update={"procedure": "BYTE9999999"})
    assert isinstance(HANDLER.handle(submitted(later), None), Park)


def test_a_case_of_a_later_release_parks_whatever_comes() -> None:
    held = Held(licence().case.but(pack_version="2026.99"))
    for event in (decided("accepted"), filed("withdrawal")):
        assert isinstance(HANDLER.handle(event, held), Park)


def test_a_dossier_is_routed_once() -> None:
    event = submitted(example(LICENCE))
    assert HANDLER.handle(event, licence().held) == Quarantine("the dossier was routed before")


# --- what does not fit -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("word", TYPES)
def test_an_agencys_word_before_the_case_parks(word: AgencySays) -> None:
    assert isinstance(HANDLER.handle(decided(word), None), Park)


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_before_the_case_parks(command: Command) -> None:
    assert isinstance(HANDLER.handle(filed(command), Held()), Park)


@pytest.mark.parametrize("word", TYPES)
def test_a_word_of_an_agency_that_takes_no_part_is_quarantined(word: AgencySays) -> None:
    outcome = HANDLER.handle(decided(word, "BCT"), licence().held)
    assert isinstance(outcome, Quarantine)
    assert outcome.reason.startswith("BCT speaks of a dossier that is ")


@pytest.mark.parametrize("fact_type", sorted({*AGENCY_WORK, *PUBLIC_FACTS, NOTIFIED}))
def test_a_fact_that_does_not_belong_here_is_quarantined(fact_type: str) -> None:
    made = FACTS[fact_type].model_construct(number=NUMBER)
    outcome = HANDLER.handle(Event(SUBMISSIONS.name, 0, 1, fact_type, "1", None, made, b""), licence().held)
    assert outcome == Quarantine(f"{fact_type} does not belong on {SUBMISSIONS.name}")


def test_a_contradiction_is_quarantined_with_what_was_possible() -> None:
    outcome = HANDLER.handle(decided("result-issued"), licence().held)
    assert isinstance(outcome, Quarantine)
    assert "BYTE cannot say result-issued while its part is submitted; possible: accepted, refused" in outcome.reason


def test_the_technical_receipt_is_noted_once_and_tells_nobody() -> None:
    life = licence()
    assert life.apply(decided("delivered", at=LATER)) == []
    assert life.case.lead.delivered_at == LATER
    assert life.apply(decided("delivered", at=LATER + timedelta(hours=1))) == []
    assert life.case.lead.delivered_at == LATER


# --- what agencies say -----------------------------------------------------------------------------------------------

LIVES: list[tuple[str, tuple[AgencySays, ...]]] = [
    ("accepted", ("accepted",)),
    ("refused", ("refused",)),
    ("supplement_requested", ("supplement-requested",)),
    ("inspecting", ("accepted", "inspection-started")),
    ("fee_due", ("accepted", "fee-requested")),
    ("fee_paid", ("accepted", "fee-requested", "fee-confirmed")),
    ("result_issued", ("accepted", "result-issued")),
    ("result_amended", ("accepted", "result-issued", "result-amended")),
    ("result_revoked", ("accepted", "result-issued", "result-revoked")),
    ("accepted", ("accepted", "technical-error")),
]


@pytest.mark.parametrize(("status", "words"), LIVES)
def test_an_agencys_word_is_one_public_fact_that_follows_from_it(status: Status, words: tuple[AgencySays, ...]) -> None:
    *before, word = words
    life = licence(*(decided(one) for one in before))
    event = decided(word, at=LATER)
    (entry,) = life.apply(event)
    assert (entry.topic, entry.key, entry.type, entry.traceparent) == (STATUS.name, NUMBER, STATUS_CHANGED, TRACE)
    assert entry.id == fact_id(event.id, STATUS_CHANGED)
    change = StatusChanged.model_validate_json(entry.value)
    assert (change.status, change.what, change.revision, change.changed_at) == (status, word, len(words), LATER)
    assert (change.declarant, change.procedure, change.pack_version) == (DECLARANT, LICENCE, "2026.1")
    assert (change.agency, change.agencies, change.explanation) == ("BYTE", (), None)
    for name in ("reason", "items", "outcome", "certificate_number"):
        kind = type(getattr(change, name))
        assert getattr(change, name) == getattr(event.fact, name, kind())
    asks_fee = word == "fee-requested"
    assert (change.amount, change.currency) == (("300000", "VND") if asks_fee else ("", ""))
    assert (change.answer_by is not None) is (status in ("supplement_requested", "fee_due"))
    assert (change.due_at is not None) is (status not in FINAL and change.answer_by is None)
    assert (life.case.status, life.case.revision, life.case.changed_at) == (status, len(words), LATER)


def test_a_supplements_items_and_the_business_time_are_told() -> None:
    pack = packs().version(LICENCE, "2026.1")
    assert pack is not None
    (change,) = public(licence().apply(decided("supplement-requested", items=("invoice", "label"), at=LATER)))
    assert isinstance(change, StatusChanged)
    assert change.items == ("invoice", "label")
    assert change.answer_by == due(LATER, pack.deadlines.answer)


# --- counting --------------------------------------------------------------------------------------------------------


def test_every_public_fact_counts_and_no_number_is_left_out() -> None:
    goods = example("BYTE0500009")
    life, heard = Life(), []
    story = [
        submitted(goods),
        decided("delivered"),
        filed("amendment", goods),
        filed("payment"),
        decided("technical-error"),
        decided("accepted"),
        decided("supplement-requested"),
        filed("supplement", goods),
        filed("supplement", goods, LATER),
        filed("amendment", goods, LATER),
        decided("amendment-agreed"),
        decided("amendment-agreed", at=LATER),
        decided("result-issued", outcome="passed"),
        filed("withdrawal"),
    ]
    for event in story:
        heard += public(life.apply(event))
        if event.type == TYPES["accepted"]:
            due_at = life.case.lead.clock.due_at
            assert due_at is not None
            ticked = life.handler.tick(life.held, due_at)
            assert ticked == life.handler.tick(life.held, due_at)
            assert ticked.state is not None
            life.held = ticked.state
            heard += public(list(ticked.facts))
    assert [fact.revision for fact in heard] == list(range(1, len(heard) + 1))
    assert life.case.revision == len(heard)
    assert [type(fact).__name__ for fact in heard] == [
        "InspectionDecided", "StatusChanged", "InspectionDecided", "CommandRefused", "StatusChanged", "StatusChanged",
        "Overdue", "StatusChanged", "StatusChanged", "InspectionDecided", "CommandRefused", "StatusChanged",
        "StatusChanged", "StatusChanged", "CommandRefused",
    ]  # fmt: skip
