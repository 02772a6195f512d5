"""What businesses ask for after they have filed, from their request to the dossier's timeline, over HTTP."""

import asyncio
import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import uuid4

import pytest
from nsw_contracts.lifecycle import Command
from nsw_contracts.number import dossier_number
from support.businesses import PAID, PATHS, Business, decision, pack_today
from support.live import Live

LICENCE = "BYTE0600001"  # one agency, no inspection
NDJSON = {"content-type": "application/x-ndjson"}
UNKNOWN = dossier_number(2001, 0)

ACCEPTS = {"BYTE submitted": [decision("accepted")]}
ASKS = {"BYTE submitted": [decision("accepted"), decision("supplement-requested")]}
WANTS_FEE = {"BYTE submitted": [decision("accepted"), decision("fee-requested")]}
ISSUES = [decision("result-issued")]


@pytest.fixture
def business(live: Live) -> Business:
    return Business(live)


async def filed(business: Business, answers: dict[str, Any], *whats: str) -> str:
    """A new dossier, once its agency has said this much; its number."""
    await business.agencies_answer(answers)
    number = await business.file(business.dossier(pack_today(LICENCE)))
    await business.hears(number, *whats)
    return number


def body(business: Business, command: Command, **fields: Any) -> dict[str, Any]:
    """A good body of a command."""
    match command:
        case "supplement":
            return {"dossier": business.dossier(pack_today(LICENCE)), "note": "Rõ hơn"} | fields
        case "amendment":
            return {"dossier": business.dossier(pack_today(LICENCE)), "reason": "Sửa"} | fields
        case "withdrawal":
            return {"reason": "Không nhập nữa"} | fields
        case "payment":
            return PAID | fields


LIVES: dict[str, tuple[dict[str, Any], list[str], Command, list[str], str]] = {
    # name: (what the agency answers, what is heard first, command, what is heard then, status at the end)
    "a supplement": (
        ASKS | {"BYTE supplemented": ISSUES}, ["accepted", "supplement-requested"], "supplement",
        ["supplemented", "result-issued"], "result_issued",
    ),
    "an edit": (
        {"BYTE edited": [decision("accepted")]}, [], "amendment", ["edited", "accepted"], "accepted",
    ),
    "an amendment agreed": (
        ACCEPTS | {"BYTE amendment-requested": [decision("amendment-agreed"), *ISSUES]}, ["accepted"], "amendment",
        ["amendment-requested", "amendment-agreed", "result-issued"], "result_issued",
    ),
    "an amendment refused": (
        ACCEPTS | {"BYTE amendment-requested": [decision("amendment-refused")]}, ["accepted"], "amendment",
        ["amendment-requested", "amendment-refused"], "accepted",
    ),
    "a result amended": (
        {"BYTE submitted": [decision("accepted"), *ISSUES],
         "BYTE amendment-requested": [decision("amendment-agreed"), decision("result-amended")]},
        ["accepted", "result-issued"], "amendment",
        ["amendment-requested", "amendment-agreed", "result-amended"], "result_amended",
    ),
    "a withdrawal at once": ({}, [], "withdrawal", ["withdrawn"], "withdrawn"),
    "a withdrawal agreed": (
        ACCEPTS | {"BYTE withdrawal-requested": [decision("withdrawal-agreed")]}, ["accepted"], "withdrawal",
        ["withdrawal-requested", "withdrawal-agreed"], "withdrawn",
    ),
    "a withdrawal refused": (
        ACCEPTS | {"BYTE withdrawal-requested": [decision("withdrawal-refused"), *ISSUES]}, ["accepted"], "withdrawal",
        ["withdrawal-requested", "withdrawal-refused", "result-issued"], "result_issued",
    ),
    "a payment": (
        WANTS_FEE | {"BYTE fee-paid": ISSUES}, ["accepted", "fee-requested"], "payment",
        ["fee-paid", "result-issued"], "result_issued",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", LIVES)
async def test_a_command_goes_all_the_way(business: Business, name: str) -> None:
    answers, first, command, then, status = LIVES[name]
    number = await filed(business, answers, *first)
    taken, receipt = await business.ask(number, command, body(business, command))
    assert taken == 202
    assert set(receipt) == {"number", "command", "command_id", "received_at", "jws"}
    assert (receipt["number"], receipt["command"]) == (number, command)
    shown = await business.hears(number, *first, *then)
    assert shown["status"] == status
    assert [one["revision"] for one in shown["timeline"]] == list(range(len(first) + len(then) + 1))
    (mine,) = [one for one in shown["timeline"][1:] if one["what"] == then[0]]
    assert (mine["type"], mine["agency"]) == ("status-changed", "BYTE")
    assert datetime.fromisoformat(mine["at"]) == datetime.fromisoformat(receipt["received_at"])


async def test_the_receipt_says_where_to_look(business: Business) -> None:
    number = await filed(business, ACCEPTS, "accepted")
    url = f"{business.live.intake}/v1/dossiers/{number}/withdrawals"
    headers = await business.live.headers() | {"idempotency-key": "k"}
    async with business.live.http.post(url, json={"reason": "r"}, headers=headers) as answer:
        assert (answer.status, answer.headers["location"]) == (202, f"/v1/dossiers/{number}")
    assert (await business.hears(number, "accepted", "withdrawal-requested"))["possible"] == []


async def test_the_same_key_gives_the_same_receipt_whatever_has_become_of_the_dossier(business: Business) -> None:
    number = await filed(business, WANTS_FEE | {"BYTE fee-paid": ISSUES}, "accepted", "fee-requested")
    first = await business.ask(number, "payment", PAID, "k")
    assert first[0] == 202
    heard = ["accepted", "fee-requested", "fee-paid", "result-issued"]
    await business.hears(number, *heard)
    assert [await business.ask(number, "payment", PAID, "k") for _ in range(3)] == [first] * 3
    status, problem = await business.ask(number, "payment", PAID, "another")
    assert (status, problem["type"]) == (409, "urn:nsw:problem:not-possible")
    await business.live.drained()
    await business.hears(number, *heard)


async def test_the_same_key_with_another_body_or_command_is_refused(business: Business) -> None:
    number = await filed(business, WANTS_FEE, "accepted", "fee-requested")
    first = await business.ask(number, "payment", PAID, "k")
    for command, changed in (("payment", PAID | {"amount": "400000"}), ("withdrawal", {"reason": "r"})):
        status, problem = await business.ask(number, command, changed, "k")  # type: ignore[arg-type]
        assert (status, problem["type"]) == (422, "urn:nsw:problem:idempotency-key-reused")
    assert await business.ask(number, "payment", PAID, "k") == first, "the first one stands"
    await business.hears(number, "accepted", "fee-requested", "fee-paid")


async def test_another_dossier_may_use_the_same_key(business: Business) -> None:
    numbers = [await filed(business, {}) for _ in range(2)]
    receipts = [await business.ask(number, "withdrawal", {"reason": "r"}, "k") for number in numbers]
    assert [status for status, _ in receipts] == [202, 202]
    assert len({receipt["command_id"] for _, receipt in receipts}) == 2


async def test_the_same_command_at_once_is_had_once(business: Business) -> None:
    number = await filed(business, ASKS, "accepted", "supplement-requested")
    asked = body(business, "supplement")
    answers = await asyncio.gather(*(business.ask(number, "supplement", asked, "k") for _ in range(20)))
    assert {status for status, _ in answers} == {202}
    assert len({json.dumps(receipt) for _, receipt in answers}) == 1
    await business.live.drained()
    await business.hears(number, "accepted", "supplement-requested", "supplemented")


async def test_two_bodies_at_once_under_one_key_are_one_command(business: Business) -> None:
    number = await filed(business, WANTS_FEE, "accepted", "fee-requested")
    bodies = [PAID | {"reference": f"FT{index}"} for index in range(10)]
    answers = await asyncio.gather(*(business.ask(number, "payment", one, "k") for one in bodies))
    assert sorted(status for status, _ in answers) == [202] + [422] * 9
    await business.live.drained()
    await business.hears(number, "accepted", "fee-requested", "fee-paid")


@pytest.mark.parametrize(
    ("answers", "heard", "command", "possible"),
    [
        ({}, [], "supplement", ["amendment", "withdrawal"]),
        (ACCEPTS, ["accepted"], "payment", ["amendment", "withdrawal"]),
        (ASKS, ["accepted", "supplement-requested"], "amendment", ["supplement", "withdrawal"]),
        (WANTS_FEE, ["accepted", "fee-requested"], "supplement", ["payment", "withdrawal"]),
        ({"BYTE submitted": [decision("refused")]}, ["refused"], "withdrawal", []),
    ],
)
async def test_what_is_not_possible_is_refused_at_the_door_with_what_is(
    business: Business, answers: dict[str, Any], heard: list[str], command: Command, possible: list[str]
) -> None:
    number = await filed(business, answers, *heard)
    status, problem = await business.ask(number, command, body(business, command))
    assert (status, problem["status"], problem["type"]) == (409, 409, "urn:nsw:problem:not-possible")
    then = f"Possible now: {', '.join(possible)}." if possible else "Nothing can be asked for"
    assert then in problem["detail"]
    assert (await business.shown(number))["possible"] == possible
    await business.live.drained()
    await business.hears(number, *heard)


@pytest.mark.parametrize("command", PATHS)
@pytest.mark.parametrize("number", [UNKNOWN, "260000000018", "1", "x" * 12])
async def test_an_unknown_number_is_not_found(business: Business, number: str, command: Command) -> None:
    status, problem = await business.ask(number, command, body(business, command))
    assert (status, problem["type"]) == (404, "urn:nsw:problem:unknown-dossier")


BAD: dict[str, tuple[Command, Any, int, str, list[str]]] = {
    "malformed JSON": ("withdrawal", b'{"reason": ', 400, "malformed", []),
    "a key twice": ("withdrawal", b'{"reason": "r", "reason": "s"}', 400, "malformed", ["/reason"]),
    "NUL": ("withdrawal", {"reason": "a\x00"}, 400, "malformed", ["/reason"]),
    "no object": ("withdrawal", [1], 422, "invalid-dossier", [""]),
    "no reason": ("withdrawal", {}, 422, "invalid-dossier", ["/reason"]),
    "a field nobody knows": ("withdrawal", {"reason": "r", "because": "s"}, 422, "invalid-dossier", ["/because"]),
    "no dossier": ("supplement", {"note": "n"}, 422, "invalid-dossier", ["/dossier"]),
    "a dossier that is none": ("amendment", {"reason": "r", "dossier": {"form": []}}, 422, "invalid-dossier", [
        "/dossier/procedure", "/dossier/declarant", "/dossier/consignment", "/dossier/form", "/dossier/contact",
    ]),
    "an amount in words": ("payment", PAID | {"amount": "nhiều"}, 422, "invalid-dossier", ["/amount"]),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD)
async def test_a_bad_body_is_refused_with_its_pointers(business: Business, name: str) -> None:
    command, sent, status, kind, pointers = BAD[name]
    number = await filed(business, {})
    url = f"{business.live.intake}/v1/dossiers/{number}/{PATHS[command]}"
    headers = {"content-type": "application/json", "idempotency-key": uuid4().hex}
    data = sent if isinstance(sent, bytes) else json.dumps(sent)
    said, problem = await business.live.ask("POST", url, data=data, headers=headers)
    assert (said, problem["type"]) == (status, f"urn:nsw:problem:{kind}")
    assert [error["pointer"] for error in problem.get("errors", [])] == pointers


async def test_a_key_and_json_are_needed(business: Business) -> None:
    number = await filed(business, {})
    url = f"{business.live.intake}/v1/dossiers/{number}/withdrawals"
    status, problem = await business.live.ask("POST", url, json={"reason": "r"})
    assert (status, problem["type"]) == (400, "urn:nsw:problem:idempotency-key")
    headers = {"content-type": "text/plain", "idempotency-key": "k"}
    status, problem = await business.live.ask("POST", url, data=b"{}", headers=headers)
    assert (status, problem["type"]) == (415, "urn:nsw:problem:media-type")


async def test_the_dossier_it_brings_is_judged_by_its_pack(business: Business) -> None:
    number = await filed(business, ASKS, "accepted", "supplement-requested")
    good = body(business, "supplement")["dossier"]
    for wrong, pointer in (
        (good | {"documents": []}, "/dossier/documents"),
        (good | {"form": {}}, "/dossier/form"),
        (good | {"procedure": "BYTE0500009"}, "/dossier"),
        (good | {"declarant": {"tax_code": Business(business.live).tax_code, "name": "Khác"}}, "/dossier"),
    ):
        status, problem = await business.ask(number, "supplement", {"dossier": wrong})
        assert (status, problem["type"]) == (422, "urn:nsw:problem:invalid-dossier")
        assert {error["pointer"] for error in problem["errors"]} == {pointer}


# --- what routing refuses --------------------------------------------------------------------------------------------


async def refused_by_routing(business: Business, number: str, heard: Sequence[str], receipt: Any) -> dict[str, Any]:
    """The fact in the timeline's end that says so."""
    shown = await business.hears(number, *heard, "command-refused")
    refused: dict[str, Any] = shown["timeline"][-1]
    assert (refused["type"], refused["command_id"]) == ("command-refused", receipt["command_id"])
    assert refused["command"] == receipt["command"]
    assert refused.get("possible", []) == shown["possible"]
    return refused


async def test_of_two_that_race_the_second_is_refused_in_the_timeline(business: Business) -> None:
    number = await filed(business, ASKS, "accepted", "supplement-requested")
    first = await business.ask(number, "supplement", body(business, "supplement"))
    second = await business.ask(number, "supplement", body(business, "supplement", in_answer_to=99))
    assert (first[0], second[0]) == (202, 202), "who answers something newer than intake knows is let through"
    heard = ["accepted", "supplement-requested", "supplemented"]
    refused = await refused_by_routing(business, number, heard, second[1])
    assert refused["explanation"]["en"].startswith("You cannot supplement the dossier: ")
    assert refused["explanation"]["vi"].startswith("Không thể bổ sung hồ sơ: ")
    assert (refused["status"], refused["possible"]) == ("accepted", ["amendment", "withdrawal"])


@pytest.mark.parametrize(
    ("paid", "why"),
    [
        (PAID | {"amount": "299999.99"}, "BYTE asks for 300000 VND"),
        (PAID | {"currency": "USD"}, "BYTE asks for 300000 VND"),
        (PAID | {"agency": "BCT"}, "Awaiting a fee: BYTE"),
    ],
)
async def test_a_payment_that_does_not_cover_the_fee_is_refused(
    business: Business, paid: dict[str, str], why: str
) -> None:
    number = await filed(business, WANTS_FEE | {"BYTE fee-paid": ISSUES}, "accepted", "fee-requested")
    status, receipt = await business.ask(number, "payment", paid)
    assert status == 202
    refused = await refused_by_routing(business, number, ["accepted", "fee-requested"], receipt)
    assert why in refused["explanation"]["en"]
    assert (refused["status"], refused["possible"]) == ("fee_due", ["payment", "withdrawal"])
    assert (await business.ask(number, "payment", PAID))[0] == 202, "it may try again"
    await business.hears(number, "accepted", "fee-requested", "command-refused", "fee-paid", "result-issued")


# --- many at once ----------------------------------------------------------------------------------------------------


async def test_bulk_takes_dossiers_and_commands_together_and_answers_in_order(business: Business) -> None:
    paying = await filed(business, WANTS_FEE, "accepted", "fee-requested")
    await business.agencies_answer({})
    waiting = await business.file(business.dossier(pack_today(LICENCE)))
    new = business.dossier(pack_today(LICENCE))
    wrong = body(business, "amendment") | {"dossier": new | {"documents": []}}

    def command(number: Any, name: Any, sent: Any, key: str = "") -> dict[str, Any]:
        return {"idempotency_key": key or uuid4().hex, "number": number, "command": name, "body": sent}

    lines: list[tuple[dict[str, Any], int, list[str]]] = [
        (command(paying, "payment", PAID, "k"), 202, []),
        ({"idempotency_key": uuid4().hex, "dossier": new}, 202, []),
        (command(waiting, "payment", PAID), 409, []),
        (command(paying, "payment", PAID, "k"), 202, []),
        (command(paying, "payment", PAID | {"amount": "1"}, "k"), 422, []),
        (command(UNKNOWN, "withdrawal", {"reason": "r"}), 404, []),
        (command(5, "withdrawal", {"reason": "r"}), 404, []),
        (command(waiting, "withdrawal", {}), 422, ["/body/reason"]),
        (command(waiting, "steal", {}), 422, ["/command"]),
        (command(waiting, "withdrawal", {"reason": "r"}, " "), 422, ["/idempotency_key"]),
        (command(waiting, "amendment", wrong), 422, ["/body/dossier/documents"]),
        ({"idempotency_key": "a", "dossier": new, "command": "withdrawal"}, 400, ["/dossier"]),
        ({"idempotency_key": "a", "dossier": new | {"procedure": "BYTE0999999"}}, 422, ["/dossier/procedure"]),
        (command(waiting, "withdrawal", {"reason": "r"}), 202, []),
        (command(waiting, "withdrawal", None), 422, ["/body"]),
    ]
    sent = "\n".join(json.dumps(line) for line, _, _ in lines)
    live = business.live
    status, said = await live.ask("POST", f"{live.intake}/v1/dossiers/bulk", data=sent, headers=NDJSON)
    assert status == 200
    results = [json.loads(line) for line in said.splitlines()]
    assert [one["line"] for one in results] == list(range(1, len(lines) + 1))
    assert [one["status"] for one in results] == [status for _, status, _ in lines]
    for result, (_, _, pointers) in zip(results, lines, strict=True):
        errors = result.get("problem", {}).get("errors", [])
        assert sorted({error["pointer"] for error in errors}) == pointers, result
    assert results[0]["receipt"] == results[3]["receipt"]
    assert results[0]["receipt"]["command"] == "payment"
    assert results[4]["problem"]["type"] == "urn:nsw:problem:idempotency-key-reused"
    assert "command" not in results[1]["receipt"]
    await business.hears(paying, "accepted", "fee-requested", "fee-paid")
    assert (await business.hears(waiting, "withdrawn"))["status"] == "withdrawn"
    await business.hears(results[1]["receipt"]["number"])
