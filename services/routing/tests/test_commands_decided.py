"""What a business asks for: had, and told to whom it concerns, or refused with the reason and what is possible."""

import pytest
from nsw_contracts.content import content_of
from nsw_contracts.envelope import fact_id
from nsw_contracts.events import COMMAND_REFUSED, FORWARDED, STATUS_CHANGED, CommandRefused, StatusChanged
from nsw_contracts.lifecycle import COMMANDS, POSSIBLE, Command, Status
from nsw_contracts.topics import STATUS
from nsw_runtime.handling import Event
from saying import LATER, LICENCE, SHIP, SHIP_AGENCIES, TRACE, decided, example, filed, licence, public, ship, told

ASKED: dict[str, tuple[list[Event], Event, str, Status, dict[str, tuple[str, bool]]]] = {
    # name: (before, command, what is public, status then, {agency: (what it is told, with the dossier?)})
    "an edit": (
        [], filed("amendment", example(SHIP), LATER), "edited", "submitted",
        dict.fromkeys(SHIP_AGENCIES, ("edited", True)),
    ),
    "an edit spares who has decided": (
        [decided("refused", "BTC")], filed("amendment", example(SHIP), LATER), "edited", "submitted",
        dict.fromkeys(("BGTVT", "BQP", "BNNPTNT", "BYTE"), ("edited", True)),
    ),
    "a withdrawal at once": (
        [decided("accepted", "BTC")], filed("withdrawal", None, LATER), "withdrawn", "withdrawn",
        dict.fromkeys(SHIP_AGENCIES, ("withdrawn", False)),
    ),
    "a request to withdraw": (
        [decided("accepted", "BGTVT")], filed("withdrawal", None, LATER), "withdrawal-requested",
        "withdrawal_requested", {"BGTVT": ("withdrawal-requested", False)},
    ),
    "a request to amend": (
        [decided("accepted", "BGTVT"), decided("refused", "BTC")], filed("amendment", example(SHIP), LATER),
        "amendment-requested", "amendment_requested",
        dict.fromkeys(("BGTVT", "BQP", "BNNPTNT", "BYTE"), ("amendment-requested", True)),
    ),
    "a request to amend the result": (
        [decided("accepted", "BGTVT"), decided("result-issued", "BGTVT")], filed("amendment", example(SHIP), LATER),
        "amendment-requested", "amendment_requested", {"BGTVT": ("amendment-requested", True)},
    ),
    "a supplement": (
        [decided("accepted", "BGTVT"), decided("supplement-requested", "BYTE"), decided("refused", "BQP")],
        filed("supplement", example(SHIP), LATER, note="Rõ hơn"), "supplemented", "accepted",
        {"BYTE": ("supplemented", True)} | dict.fromkeys(("BGTVT", "BTC", "BNNPTNT"), ("edited", True)),
    ),
    "a payment": (
        [decided("accepted", "BGTVT"), decided("fee-requested", "BGTVT")], filed("payment", None, LATER),
        "fee-paid", "fee_paid", {"BGTVT": ("fee-paid", False)},
    ),
    "a payment to another agency": (
        [decided("accepted", "BTC"), decided("fee-requested", "BTC")], filed("payment", None, LATER, agency="BTC"),
        "fee-paid", "submitted", {"BTC": ("fee-paid", False)},
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", ASKED)
def test_a_command_is_public_and_told_to_whom_it_concerns(name: str) -> None:
    before, command, what, status, expected = ASKED[name]
    life = ship(*before)
    entries = life.apply(command)
    (change,) = public(entries)
    assert isinstance(change, StatusChanged)
    assert (change.what, change.status, change.revision) == (what, status, len(before) + 1)
    assert (change.agency, change.changed_at) == ("BGTVT", LATER), "the business's own doing stands with the lead"
    assert [one.agency for one in change.agencies] == list(SHIP_AGENCIES)
    work = told(entries)
    assert {agency: (one.what, one.content is not None) for agency, one in work.items()} == expected
    for entry in entries:
        assert entry.traceparent == TRACE
        if entry.type == FORWARDED:
            agency = entry.topic.removeprefix("nsw.agency.").removesuffix(".v1").upper()
            assert entry.id == fact_id(command.id, FORWARDED, f"{agency}/{work[agency].what}")
            if work[agency].content is not None:
                assert content_of(entry.value) == content_of(command.value)
    assert entries[0].id == fact_id(command.id, STATUS_CHANGED)
    assert (life.case.status, life.case.changed_at) == (status, LATER)


def test_the_agency_hears_why_and_what_was_paid() -> None:
    life = licence(decided("supplement-requested"))
    assert told(life.apply(filed("supplement", example(LICENCE), note="Rõ hơn")))["BYTE"].reason == "Rõ hơn"
    life.applied(decided("accepted"), decided("fee-requested"))
    work = told(life.apply(filed("payment", amount="300000.50", reference="FT26001")))["BYTE"]
    assert (work.what, work.amount, work.currency, work.reference) == ("fee-paid", "300000.50", "VND", "FT26001")
    assert told(life.apply(filed("withdrawal", reason="Không nhập nữa")))["BYTE"].reason == "Không nhập nữa"


def test_news_names_the_procedure_and_what_the_agency_called_the_dossier() -> None:
    life = licence()
    assert (work := told(life.apply(filed("amendment", example(LICENCE))))["BYTE"]).agency_reference == ""
    assert work.procedure == LICENCE
    life.applied(decided("accepted", reference="TN-1"), decided("inspection-started"))
    work = told(life.apply(filed("withdrawal", at=LATER)))["BYTE"]
    assert (work.what, work.procedure, work.agency_reference) == ("withdrawal-requested", LICENCE, "TN-1")


IN_STATUS: dict[Status, tuple[Event, ...]] = {
    "submitted": (),
    "accepted": (decided("accepted"),),
    "inspecting": (decided("accepted"), decided("inspection-started")),
    "fee_due": (decided("accepted"), decided("fee-requested")),
    "fee_paid": (decided("accepted"), decided("fee-requested"), decided("fee-confirmed")),
    "supplement_requested": (decided("accepted"), decided("supplement-requested")),
    "amendment_requested": (decided("accepted"), filed("amendment", example(LICENCE))),
    "withdrawal_requested": (decided("accepted"), filed("withdrawal")),
    "refused": (decided("refused"),),
    "withdrawn": (filed("withdrawal"),),
    "result_issued": (decided("accepted"), decided("result-issued")),
    "result_amended": (decided("accepted"), decided("result-issued"), decided("result-amended")),
    "result_revoked": (decided("accepted"), decided("result-issued"), decided("result-revoked")),
}


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("status", POSSIBLE)
def test_a_command_is_had_or_refused_with_the_reason_and_what_is_possible(status: Status, command: Command) -> None:
    life = licence(*IN_STATUS[status])
    assert life.case.status == status
    before = life.case
    event = filed(command, example(LICENCE) if command in ("supplement", "amendment") else None, LATER)
    entries = life.apply(event)
    if command in POSSIBLE[status]:
        assert entries[0].type == STATUS_CHANGED
        return
    (entry,) = entries
    assert (entry.topic, entry.type, entry.traceparent) == (STATUS.name, COMMAND_REFUSED, TRACE)
    assert entry.id == fact_id(event.id, COMMAND_REFUSED)
    refused = CommandRefused.model_validate_json(entry.value)
    assert (refused.command, refused.command_id, refused.possible) == (command, event.id, POSSIBLE[status])
    assert (refused.status, refused.agency, refused.changed_at) == (status, "BYTE", LATER)
    assert refused.explanation.vi.startswith("Không thể ")
    assert refused.explanation.en.startswith("You cannot ")
    assert refused.revision == before.revision + 1
    assert life.case == before.but(revision=before.revision + 1), "nothing changed but the count"


@pytest.mark.parametrize(
    ("paid", "says_"),
    [
        ({"amount": "299999.99"}, "BYTE asks for 300000 VND"),
        ({"currency": "USD"}, "BYTE asks for 300000 VND"),
        ({"agency": "BCT"}, "Awaiting a fee: BYTE"),
    ],
)
def test_a_payment_that_does_not_cover_the_fee_is_refused(paid: dict[str, str], says_: str) -> None:
    life = licence(*IN_STATUS["fee_due"])
    (refused,) = public(life.apply(filed("payment", **paid)))
    assert isinstance(refused, CommandRefused)
    assert says_ in refused.explanation.en
    assert refused.possible == ("payment", "withdrawal")
    assert life.case.status == "fee_due"


def test_where_several_await_a_fee_the_payment_must_say_whose() -> None:
    fees = [decided(word, agency) for agency in ("BTC", "BYTE") for word in ("accepted", "fee-requested")]
    life = ship(*fees)
    (refused,) = public(life.apply(filed("payment")))
    assert isinstance(refused, CommandRefused)
    assert "BTC, BYTE" in refused.explanation.vi
    assert list(told(life.apply(filed("payment", agency="BYTE")))) == ["BYTE"]
    assert life.case.status == "fee_due"
    assert list(told(life.apply(filed("payment", at=LATER)))) == ["BTC"], "one is left, so it needs no name"


def test_the_same_thing_asked_twice_is_had_once() -> None:
    life = licence(decided("supplement-requested"))
    life.apply(filed("supplement", example(LICENCE)))
    (refused,) = public(life.apply(filed("supplement", example(LICENCE), LATER)))
    assert isinstance(refused, CommandRefused)
    assert (refused.command, refused.status) == ("supplement", "submitted")
