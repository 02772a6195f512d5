"""One dossier at several agencies: what each hears of the others, and whose word ends it (article 34)."""

from datetime import timedelta

import pytest
from nsw_contracts.events import StatusChanged
from nsw_contracts.lifecycle import AgencySays, Command, Status
from saying import LATER, SHIP, SHIP_AGENCIES, decided, example, filed, public, ship, told


@pytest.mark.parametrize(
    ("words", "status", "outcome"),
    [(("refused",), "refused", ""), (("accepted", "result-issued"), "result_issued", "failed")],
)
def test_what_a_coordinating_agency_decides_is_told_to_the_lead(
    words: tuple[AgencySays, ...], status: Status, outcome: str
) -> None:
    life = ship()
    for word in words[:-1]:
        assert told(life.apply(decided(word, "BTC"))) == {}, "only its final word concerns the lead agency"
    fields = {"outcome": outcome} if outcome else {}
    entries = life.apply(decided(words[-1], "BTC", LATER, reason="Không đạt", **fields))
    (change,) = public(entries)
    assert isinstance(change, StatusChanged)
    assert (change.agency, change.status, change.outcome) == ("BTC", "submitted", outcome)
    assert {one.agency: one.status for one in change.agencies}["BTC"] == status
    ((agency, work),) = told(entries).items()
    assert (agency, work.what, work.role, work.content) == ("BGTVT", "coordinating-decided", "lead", None)
    assert (work.about, work.status, work.outcome) == ("BTC", status, outcome)
    assert work.reason == "Không đạt"


def test_the_leads_final_word_closes_the_others_and_says_whose_word_counted() -> None:
    life = ship(
        decided("accepted", "BGTVT"),
        decided("refused", "BTC", reason="Thiếu tờ khai"),
        decided("accepted", "BQP"),
        decided("result-issued", "BQP", outcome="passed"),
        decided("supplement-requested", "BYTE"),
    )
    entries = life.apply(decided("result-issued", "BGTVT", LATER, outcome="licensed"))
    (change,) = public(entries)
    assert isinstance(change, StatusChanged)
    assert (change.status, change.outcome, change.agency) == ("result_issued", "licensed", "BGTVT")
    assert change.explanation is not None
    for text in (change.explanation.vi, change.explanation.en):
        assert "BTC" in text
        assert "Thiếu tờ khai" in text
        assert "BNNPTNT" in text
        assert "BYTE" in text
        assert "BQP" not in text, "it said the same as the lead agency"
        assert "34" in text
    assert {agency: work.what for agency, work in told(entries).items()} == {"BNNPTNT": "closed", "BYTE": "closed"}
    for work in told(entries).values():
        assert (work.about, work.status, work.outcome, work.content) == ("BGTVT", "result_issued", "licensed", None)
    assert life.apply(decided("accepted", "BNNPTNT", LATER)) == [], "what is said afterwards is kept, and told nobody"
    assert life.case.status == "result_issued"


def test_where_all_agree_nothing_is_explained() -> None:
    words: tuple[AgencySays, ...] = ("accepted", "result-issued")
    agree = [decided(word, agency, outcome="passed") for agency in SHIP_AGENCIES[1:] for word in words]
    entries = ship(decided("accepted", "BGTVT"), *agree).apply(decided("result-issued", "BGTVT"))
    (change,) = public(entries)
    assert isinstance(change, StatusChanged)
    assert change.explanation is None
    assert told(entries) == {}


@pytest.mark.parametrize(
    ("command", "answer", "what"),
    [
        ("withdrawal", "withdrawal-agreed", "withdrawn"),
        ("withdrawal", "withdrawal-refused", None),
        ("amendment", "amendment-agreed", "amendment-agreed"),
        ("amendment", "amendment-refused", "amendment-refused"),
    ],
)
def test_the_leads_answer_to_a_request_is_told_to_those_still_deciding(
    command: Command, answer: AgencySays, what: str | None
) -> None:
    content = example(SHIP) if command == "amendment" else None
    life = ship(decided("accepted", "BGTVT"), decided("refused", "BTC"), filed(command, content))
    entries = life.apply(decided(answer, "BGTVT", LATER))
    (change,) = public(entries)
    assert change.status == ("withdrawn" if answer == "withdrawal-agreed" else "accepted")
    others = {} if what is None else dict.fromkeys(("BQP", "BNNPTNT", "BYTE"), what)
    assert {agency: work.what for agency, work in told(entries).items()} == others
    assert life.apply(decided(answer, "BGTVT", LATER + timedelta(hours=1))) == [], "it has lapsed"
