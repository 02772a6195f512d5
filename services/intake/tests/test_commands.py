"""What a business may ask for by what intake last heard of its dossier, and the facts its commands become. Pure."""

import json
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

import pytest
from filing_examples import DECLARANT, FOOD, example, spoiled
from nsw_contracts.content import with_content
from nsw_contracts.events import FACTS, READ_AS, CommandFact
from nsw_contracts.lifecycle import COMMANDS, POSSIBLE, Command, Status
from nsw_intake.command_store import Standing
from nsw_intake.commands import BODIES, FACT_TYPES, Filing, Request, filing
from nsw_intake.parsing import valid
from nsw_runtime.problems import Problem

AT = datetime(2026, 3, 2, 9, tzinfo=UTC)
NUMBER = "260000000017"
TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
PAID = {"amount": "300000", "currency": "VND", "reference": "FT26001", "paid_at": "2026-03-02T08:00:00Z"}
HEARD = 4


def body(command: Command, **fields: Any) -> dict[str, Any]:
    """A good body of a command, as the business sends it."""
    match command:
        case "supplement":
            return {"dossier": example(), "note": "Rõ hơn"} | fields
        case "amendment":
            return {"dossier": example(), "reason": "Sửa cửa khẩu"} | fields
        case "withdrawal":
            return {"reason": "Không nhập nữa"} | fields
        case "payment":
            return PAID | fields


def request(command: Command, key: str = "k", **fields: Any) -> Request:
    return Request(NUMBER, command, valid(BODIES[command], body(command, **fields)), key, TRACE)


def standing(status: Status, **fields: Any) -> Standing:
    return Standing(DECLARANT, FOOD, "2026.1", status, HEARD)._replace(**fields)


def refused(asked: Request, stands: Standing, base: str = "") -> Problem:
    with pytest.raises(Problem) as raised:
        filing(asked, stands, AT, base)
    return raised.value


# What may be asked for when, written down a second time.
MAY: dict[Status, set[str]] = {
    "submitted": {"amendment", "withdrawal"},
    "accepted": {"amendment", "withdrawal"},
    "inspecting": {"amendment", "withdrawal"},
    "fee_paid": {"amendment", "withdrawal"},
    "supplement_requested": {"supplement", "withdrawal"},
    "fee_due": {"payment", "withdrawal"},
    "amendment_requested": set(),
    "withdrawal_requested": set(),
    "result_issued": {"amendment"},
    "result_amended": {"amendment"},
    "refused": set(),
    "withdrawn": set(),
    "result_revoked": set(),
}


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("status", MAY)
def test_every_command_in_every_status(status: Status, command: Command) -> None:
    if command in MAY[status]:
        assert isinstance(filing(request(command), standing(status), AT), Filing)
        return
    problem = refused(request(command), standing(status))
    assert (problem.status, problem.kind) == (409, "not-possible")
    said = problem.body()["detail"]
    assert f"A {command} is not possible while the dossier is {status}." in said
    then = f"Possible now: {', '.join(POSSIBLE[status])}." if MAY[status] else "Nothing can be asked for"
    assert then in said


@pytest.mark.parametrize("command", COMMANDS)
def test_who_acts_on_something_newer_is_judged_by_routing_alone(command: Command) -> None:
    stands = standing("withdrawal_requested")
    newer = filing(request(command, in_answer_to=HEARD + 1), stands, AT)
    assert newer.fact.in_answer_to == HEARD + 1
    for known in (0, 1, HEARD):
        assert refused(request(command, in_answer_to=known), stands).status == 409


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_becomes_a_fact_that_readers_can_read(command: Command) -> None:
    status: Status = {"supplement": "supplement_requested", "payment": "fee_due"}.get(command, "accepted")  # type: ignore[assignment]
    filed = filing(request(command, in_answer_to=3), standing(status, pack_version="2026.1"), AT)
    kind = FACT_TYPES[command]
    assert isinstance(filed.fact, READ_AS[kind])
    written = filed.fact.model_dump_json().encode()
    fact = FACTS[kind].model_validate_json(written if filed.content is None else with_content(written, filed.content))
    assert isinstance(fact, CommandFact)
    assert (fact.number, fact.declarant, fact.filed_at, fact.idempotency_key) == (NUMBER, DECLARANT, AT, "k")
    assert (fact.in_answer_to, fact.pack_version) == (3, "2026.1")
    said = json.loads(fact.model_dump_json())
    for name, value in body(command).items():
        if name != "dossier":
            assert said[name] == value, name
    assert (filed.content is not None) is (command in ("supplement", "amendment"))
    if filed.content is not None:
        assert said["content_sha256"] == sha256(filed.content).hexdigest()
        assert said["content"].items() >= example().items()


@pytest.mark.parametrize("base", ["", "/body"])
@pytest.mark.parametrize("command", ["supplement", "amendment"])
@pytest.mark.parametrize(
    ("path", "value", "pointers"),
    [
        ("/procedure", "BYTE0600001", ["/dossier"]),
        ("/declarant/tax_code", "0300588569", ["/dossier"]),
        ("/declarant/tax_code", f"{DECLARANT}-001", ["/dossier"]),
        ("/consignment/goods", [], ["/dossier/consignment/goods"]),
        ("/documents", [], ["/dossier/documents"] * 3),
        ("/form/declaration_kind", "sworn", ["/dossier/form/declaration_kind"]),
    ],
)
def test_the_dossier_it_brings_is_the_same_one_and_what_its_pack_takes(
    command: Command, path: str, value: Any, pointers: list[str], base: str
) -> None:
    asked = request(command, dossier=spoiled(path, value))
    problem = refused(asked, standing("supplement_requested" if command == "supplement" else "accepted"), base)
    assert (problem.status, problem.kind) == (422, "invalid-dossier")
    assert [error.pointer for error in problem.errors] == [base + pointer for pointer in pointers]


def test_a_dossier_of_a_pack_this_release_does_not_know_is_left_to_routing() -> None:
    asked = request("supplement", dossier=spoiled("/documents", []))
    assert isinstance(filing(asked, standing("supplement_requested", pack_version="2031.1"), AT), Filing)


WRONG: dict[str, tuple[Command, Any, list[str]]] = {
    "no object": ("withdrawal", ["reason"], [""]),
    "null": ("withdrawal", None, [""]),
    "a supplement of nothing": ("supplement", {}, ["/dossier"]),
    "a supplement with a dossier that is none": ("supplement", {"dossier": {}}, [
        "/dossier/procedure", "/dossier/declarant", "/dossier/consignment", "/dossier/contact",
    ]),
    "an amendment without a reason": ("amendment", {"dossier": example()}, ["/reason"]),
    "an empty reason": ("withdrawal", {"reason": ""}, ["/reason"]),
    "a reason without end": ("withdrawal", {"reason": "x" * 2001}, ["/reason"]),
    "a field nobody knows": ("withdrawal", {"reason": "r", "why": "s"}, ["/why"]),
    "an answer to what is not yet": ("withdrawal", {"reason": "r", "in_answer_to": -1}, ["/in_answer_to"]),
    "a payment of nothing": ("payment", {}, ["/amount", "/currency", "/reference", "/paid_at"]),
    "an amount as a number": ("payment", PAID | {"amount": 300000}, ["/amount"]),
    "an amount with grouping": ("payment", PAID | {"amount": "300.000,00"}, ["/amount"]),
    "money in words": ("payment", PAID | {"currency": "đồng"}, ["/currency"]),
    "a time without a zone": ("payment", PAID | {"paid_at": "2026-03-02T08:00:00"}, ["/paid_at"]),
    "no agency": ("payment", PAID | {"agency": "byte"}, ["/agency"]),
}  # fmt: skip


@pytest.mark.parametrize("base", ["", "/body"])
@pytest.mark.parametrize("name", WRONG)
def test_a_bad_body_is_refused_by_its_pointers(name: str, base: str) -> None:
    command, value, pointers = WRONG[name]
    with pytest.raises(Problem) as raised:
        valid(BODIES[command], value, base)
    assert (raised.value.status, raised.value.kind) == (422, "invalid-dossier")
    assert [error.pointer for error in raised.value.errors] == [base + pointer for pointer in pointers]


def test_two_commands_under_one_key_are_told_apart_by_what_they_ask_for() -> None:
    same = request("payment").sha256
    assert request("payment", key="other").sha256 == same
    assert request("payment", agency="BYTE").sha256 != same
    assert request("payment", in_answer_to=1).sha256 != same
    assert request("withdrawal").sha256 != same
