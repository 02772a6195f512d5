"""Inspection within a dossier's life: told first, told again after a change, and its result counted for its goods."""

from datetime import datetime, timedelta

import pytest
from nsw_contracts.events import (
    AgencyFact,
    DossierContent,
    InspectionDecided,
    InspectionMode,
    LineInspection,
    Routed,
)
from nsw_contracts.lifecycle import AgencySays
from nsw_procedures.calendar import local_day
from nsw_procedures.inspection_policy import InspectionPolicy
from nsw_procedures.packs import packs
from nsw_routing.inspecting import goods_wanted
from nsw_routing.inspection import GoodsRecord, goods_key
from nsw_runtime.journal import Entry
from saying import AT, DRAWS, NUMBER, Life, decided, example, filed, public, submitted, told

FOOD = "BYTE0500009"  # one agency; random check of 5 %
ANIMALS = "BNNPTNT9800001"  # agriculture leads, customs coordinates
DAY = timedelta(days=1)


def policy(code: str) -> InspectionPolicy:
    pack = packs().in_force(code, AT.date())
    assert pack is not None
    assert pack.inspection is not None
    return pack.inspection


def keys(code: str, content: DossierContent) -> tuple[str, ...]:
    return tuple(goods_key(policy(code), line, content.form) for line in content.consignment.goods)


def known(code: str, content: DossierContent, mode: InspectionMode) -> GoodsRecord:
    """What is known of the dossier's first line of goods."""
    return GoodsRecord(policy(code).name, keys(code, content)[0], mode, passes=0, exempt_until=None, outcomes=5)


def with_hs(content: DossierContent, hs_code: str) -> DossierContent:
    """The dossier with other goods in its first line."""
    line, *others = content.consignment.goods
    goods = (line.model_copy(update={"hs_code": hs_code}), *others)
    return content.model_copy(update={"consignment": content.consignment.model_copy(update={"goods": goods})})


def inspection(entries: list[Entry]) -> list[InspectionDecided]:
    return [fact for fact in public(entries) if isinstance(fact, InspectionDecided)]


def a_day_that_takes(*, taken: bool) -> datetime:
    """The first day from `AT` on whose random check takes (or spares) line 1 of the dossier."""
    percent = policy(FOOD).random_percent
    return next(
        at
        for at in (AT + index * DAY for index in range(1000))
        if DRAWS.draw(local_day(at)).drawn(NUMBER, 1, percent) is taken
    )


def test_how_goods_are_inspected_is_the_first_thing_told() -> None:
    content = example(FOOD)
    life = Life()
    entries = life.apply(submitted(content))
    (decided_,) = inspection(entries)
    assert (decided_.revision, decided_.status, decided_.agency) == (1, "submitted", "BYTE")
    assert (decided_.day, decided_.commitment) == (local_day(AT), DRAWS.commitment(local_day(AT)))
    assert [(line.line, line.hs_code, line.mode) for line in decided_.lines] == [
        (line.line, line.hs_code, "normal") for line in content.consignment.goods
    ]
    work = told(entries)["BYTE"]
    assert isinstance(work, Routed)
    assert work.inspection == decided_.lines, "the agency is told what the importer is told"
    assert life.case.revision == 1
    assert life.case.goods == keys(FOOD, content)


def test_what_is_known_of_the_goods_decides() -> None:
    content = example(FOOD)
    (decided_,) = inspection(Life(known(FOOD, content, "tight")).apply(submitted(content)))
    assert decided_.lines[0].mode == "tight"


def test_goods_that_are_spared_are_not_counted_by_the_result() -> None:
    content, at = example(ANIMALS), AT
    record = known(ANIMALS, content, "exempt")
    assert policy(ANIMALS).random_percent == 0
    life = Life(record).applied(submitted(content, at))
    assert record.goods not in life.case.goods


def test_after_an_edit_it_is_told_again_by_the_new_goods_and_on_the_new_day() -> None:
    content, other = example(FOOD), with_hs(example(FOOD), "040900")
    life = Life(known(FOOD, other, "tight")).applied(submitted(content))
    entries = life.apply(filed("amendment", other, AT + DAY))
    edited, decided_ = public(entries)
    assert (edited.revision, decided_.revision, life.case.revision) == (2, 3, 3)
    assert isinstance(decided_, InspectionDecided)
    assert decided_.day == local_day(AT + DAY)
    assert (decided_.lines[0].hs_code, decided_.lines[0].mode) == ("040900", "tight")
    assert life.case.goods == keys(FOOD, other)
    assert told(entries)["BYTE"].inspection == decided_.lines, "the agency hears how the new goods are inspected"


def test_goods_the_random_check_took_stay_taken_when_the_dossier_is_edited_on_a_later_day() -> None:
    content = example(FOOD)
    record = known(FOOD, content, "reduced")
    taken, spared = a_day_that_takes(taken=True), a_day_that_takes(taken=False)
    later = max(taken, spared) + DAY
    while DRAWS.draw(local_day(later)).drawn(NUMBER, 1, policy(FOOD).random_percent):
        later += DAY

    def line(life: Life, at: datetime) -> LineInspection:
        (decided_,) = inspection(life.apply(filed("amendment", content, at)))
        return decided_.lines[0]

    drawn = Life(record).applied(submitted(content, taken))
    assert drawn.case.drawn == (record.goods,)
    still = line(drawn, later)
    assert still.drawn
    assert still.why.en.startswith("Still taken by the random check")
    assert drawn.case.goods == (record.goods,)
    other = Life(record).applied(submitted(content, spared))
    assert not line(other, later).drawn, "the later day alone would not have taken it"
    assert not other.case.drawn


def test_goods_cannot_escape_by_going_and_coming_back() -> None:
    content, other = example(FOOD), with_hs(example(FOOD), "040900")
    records = known(FOOD, content, "reduced"), known(FOOD, other, "reduced")
    life = Life(*records).applied(submitted(content, a_day_that_takes(taken=True)))
    at = max(a_day_that_takes(taken=True), a_day_that_takes(taken=False)) + DAY
    while DRAWS.draw(local_day(at)).drawn(NUMBER, 1, policy(FOOD).random_percent):
        at += DAY
    life.apply(filed("amendment", other, at))
    (back,) = inspection(life.apply(filed("amendment", content, at + timedelta(hours=1))))
    assert back.lines[0].drawn


@pytest.mark.parametrize(("answer", "agreed"), [("amendment-agreed", True), ("amendment-refused", False)])
def test_amended_goods_count_once_the_agency_agrees(answer: AgencySays, agreed: bool) -> None:
    content, other = example(FOOD), with_hs(example(FOOD), "040900")
    life = Life().applied(submitted(content), decided("accepted"))
    assert inspection(life.apply(filed("amendment", other))) == [], "it is only asked for"
    assert life.case.goods == keys(FOOD, content)
    life.apply(decided(answer))
    assert life.case.goods == keys(FOOD, other if agreed else content)
    assert life.case.asked_goods == ()


@pytest.mark.parametrize(
    ("said", "counted"),
    [
        ([("result-issued", "passed")], [True]),
        ([("result-issued", "failed")], [False]),
        ([("result-issued", "licensed")], []),  # a licence says nothing of how the goods were found
        ([("result-issued", "passed"), ("result-amended", "failed")], [True]),
        ([("refused", "")], []),
    ],
)
def test_a_result_says_of_its_goods_how_they_were_found(
    said: list[tuple[AgencySays, str]], counted: list[bool]
) -> None:
    content = example(FOOD)
    life = Life().applied(submitted(content), decided("accepted"))
    for word, outcome in said:
        life.apply(decided(word, at=AT + DAY, **({"outcome": outcome} if outcome else {})))
    expected = [(policy(FOOD), key, passed, AT + DAY) for passed in counted for key in keys(FOOD, content)]
    assert list(life.held.outcomes) == expected


def test_only_the_lead_agencys_result_says_something_of_the_goods() -> None:
    life = Life().applied(submitted(example(ANIMALS)))
    for word in ("accepted", "result-issued"):
        life.apply(decided(word, "BTC", **({"outcome": "failed"} if word == "result-issued" else {})))
    assert life.held.outcomes == ()
    for word in ("accepted", "result-issued"):
        life.apply(decided(word, "BNNPTNT", **({"outcome": "passed"} if word == "result-issued" else {})))
    assert [one.passed for one in life.held.outcomes] == [True] * len(life.case.goods)


def test_a_procedure_that_inspects_nothing_says_nothing_of_inspection() -> None:
    content = example("BYTE0600001")
    life = Life()
    entries = life.apply(submitted(content)) + life.apply(filed("amendment", content))
    assert inspection(entries) == []
    assert life.case.goods == ()


def test_what_must_be_known_of_goods_follows_from_the_event_alone() -> None:
    """A case may be opened and edited in one batch: then it is not there yet when the goods are looked up."""
    content = example(FOOD)
    wanted = [(policy(FOOD).name, key) for key in keys(FOOD, content)]
    assert goods_wanted(submitted(content)) == wanted
    assert goods_wanted(filed("amendment", content, pack_version="2026.1")) == wanted
    assert goods_wanted(filed("withdrawal", pack_version="2026.1")) == []
    assert goods_wanted(submitted(example("BYTE0600001"))) == []
    assert isinstance(decided("accepted").fact, AgencyFact)
    assert goods_wanted(decided("accepted")) == []
