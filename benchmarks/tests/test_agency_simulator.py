"""The agency simulator as its clients meet it: a process of its own, over loopback."""

import time
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp
import pytest
from nsw_benchmarks.simulators import running
from nsw_benchmarks.stories import FEE, coordinating, outcome
from simulator_door import SMALL, TAX_CODE, Door, number_of

AT_HEALTH = {"x-nsw-agency": "BYTE"}


def _delivery(
    message_id: str, number: str, what: str = "submitted", role: str = "lead", declarant: str = TAX_CODE
) -> dict[str, Any]:
    content = {"content": {"procedure": "BYTE0500009", "declarant": {"tax_code": declarant}}}
    dossier = {"number": number, "what": what, "role": role} | (content if what == "submitted" else {})
    return {"message_id": message_id, "traceparent": None, "dossier": dossier}


@pytest.fixture
def agency(client: aiohttp.ClientSession, agencies: str) -> Door:
    return Door(client, agencies)


async def test_an_agency_answers_a_batch_in_order_with_all_decisions(agency: Door) -> None:
    numbers = [number_of(*steps) for steps in (("refused",), ("accepted", "result-issued"), ("supplement-requested",))]
    deliveries = [_delivery(f"m{number}", number) for number in numbers]
    before = datetime.now(UTC) - timedelta(milliseconds=1)
    status, body = await agency.post("/agencies/BYTE/deliveries", {"deliveries": deliveries}, AT_HEALTH)
    assert status == 200
    assert [answer["message_id"] for answer in body["answers"]] == [f"m{number}" for number in numbers]
    assert all(before <= datetime.fromisoformat(answer["received_at"]) for answer in body["answers"])
    refused, accepted, supplement = (answer["decisions"] for answer in body["answers"])
    assert [decision["kind"] for decision in refused] == ["refused"]
    assert refused[0]["reason"]
    assert [decision["kind"] for decision in supplement] == ["supplement-requested"]
    assert supplement[0]["items"]
    assert [decision["kind"] for decision in accepted] == ["accepted", "result-issued"]
    assert accepted[0]["reference"]
    assert accepted[1]["outcome"] == outcome(numbers[1])
    assert accepted[1]["certificate_number"] == f"BYTE-{numbers[1]}"
    assert accepted[1]["valid_until"] > before.date().isoformat()


async def test_a_failed_result_has_no_certificate(agency: Door) -> None:
    number = number_of("accepted", "result-issued", found="failed")
    _, answer = await agency.post("/agencies/BYTE/delivery", _delivery("m1", number), AT_HEALTH)
    assert set(answer["decisions"][1]) == {"kind", "decided_at", "outcome"}


async def test_an_agency_goes_on_when_the_business_has_acted(agency: Door) -> None:
    number = number_of("accepted", "fee-requested", "fee-paid", "fee-confirmed", "result-issued", mix="full")
    assert await agency.post("/mix", {"mix": "full"}) == (200, None)
    _, answer = await agency.post("/agencies/BYTE/delivery", _delivery("m1", number), AT_HEALTH)
    accepted, fee = answer["decisions"]
    assert (accepted["kind"], fee["kind"], fee["amount"], fee["currency"]) == ("accepted", "fee-requested", *FEE)
    _, answer = await agency.post("/agencies/BYTE/delivery", _delivery("m2", number, "fee-paid"), AT_HEALTH)
    assert [decision["kind"] for decision in answer["decisions"]] == ["fee-confirmed", "result-issued"]
    for what in ("withdrawn", "closed", "coordinating-decided"):
        _, answer = await agency.post("/agencies/BYTE/delivery", _delivery(what, number, what), AT_HEALTH)
        assert answer["decisions"] == []
    assert (await agency.summary())["by_what"] == {
        "submitted": 1, "fee-paid": 1, "withdrawn": 1, "closed": 1, "coordinating-decided": 1,
    }  # fmt: skip


@pytest.mark.parametrize("found", ["passed", "licensed", "failed"])
async def test_who_inspects_passes_or_fails(agency: Door, found: str) -> None:
    number = number_of("accepted", "inspection-started", "result-issued", mix="full", found=found)
    await agency.post("/mix", {"mix": "full"})
    _, answer = await agency.post("/agencies/BYTE/delivery", _delivery("m1", number), AT_HEALTH)
    assert answer["decisions"][1]["place"]
    assert answer["decisions"][2]["outcome"] == ("failed" if found == "failed" else "passed")


async def test_a_coordinating_agency_decides_by_itself(agency: Door) -> None:
    number = number_of("refused")
    at_finance = {"x-nsw-agency": "BTC"}
    _, answer = await agency.post("/agencies/BTC/delivery", _delivery("m1", number, role="coordinating"), at_finance)
    assert tuple(decision["kind"] for decision in answer["decisions"]) == coordinating(number, "BTC")
    assert all(decision.get("outcome", "passed") == "passed" for decision in answer["decisions"])
    edited = _delivery("m2", number, "edited", "coordinating")
    assert (await agency.post("/agencies/BTC/delivery", edited, at_finance))[1]["decisions"] == []


async def test_a_script_decides_its_declarants_dossiers(agency: Door) -> None:
    script = {
        "declarant": SMALL,
        "answers": {
            "BYTE submitted": [{"kind": "accepted", "reference": "TN-1"}, {"kind": "fee-requested", "amount": "1"}],
            "BYTE fee-paid": [{"kind": "result-issued", "outcome": "licensed"}],
        },
    }
    assert await agency.post("/scripts", script) == (200, None)
    number, other = "260000000001", "260000000002"
    delivery = _delivery("m1", number, declarant=SMALL)
    first = await agency.post("/agencies/BYTE/delivery", delivery, AT_HEALTH)
    assert [decision["kind"] for decision in first[1]["decisions"]] == ["accepted", "fee-requested"]
    assert all(datetime.fromisoformat(decision["decided_at"]) for decision in first[1]["decisions"])
    assert await agency.post("/agencies/BYTE/delivery", delivery, AT_HEALTH) == first
    _, paid = await agency.post("/agencies/BYTE/delivery", _delivery("m2", number, "fee-paid"), AT_HEALTH)
    assert [(decision["kind"], decision["outcome"]) for decision in paid["decisions"]] == [
        ("result-issued", "licensed")
    ]
    _, told = await agency.post("/agencies/BYTE/delivery", _delivery("m3", number, "withdrawn"), AT_HEALTH)
    assert told["decisions"] == []
    _, by_story = await agency.post("/agencies/BYTE/delivery", _delivery("m4", other), AT_HEALTH)
    assert by_story["decisions"][0].get("reference") != "TN-1"


async def test_an_unknown_mix_is_refused(agency: Door) -> None:
    status, problem = await agency.post("/mix", {"mix": "other"})
    assert status == 400
    assert "plain, full" in problem["detail"]


async def test_a_repeat_gets_the_first_answer_and_is_counted(agency: Door) -> None:
    delivery = _delivery("m1", "260000000001")
    first = await agency.post("/agencies/BYTE/delivery", delivery, AT_HEALTH)
    again = await agency.post("/agencies/BYTE/deliveries", {"deliveries": [delivery, delivery]}, AT_HEALTH)
    assert again == (200, {"answers": [first[1], first[1]]})
    assert await agency.summary() == {
        "requests": 2,
        "messages": 1,
        "wire_repeats": 2,
        "by_agency": {"BYTE": 1},
        "by_what": {"submitted": 1},
    }
    (seen,) = await agency.seen()
    assert seen | {"at": 0} == {
        "message_id": "m1", "number": "260000000001", "agency": "BYTE", "what": "submitted",
        "decisions": [decision["kind"] for decision in first[1]["decisions"]], "at": 0, "copies": 3,
    }  # fmt: skip
    assert abs(seen["at"] - time.time()) < 60


async def test_seen_comes_in_order_of_arrival_and_in_pages(agency: Door) -> None:
    for place in (3, 1, 2):
        await agency.post("/agencies/BYTE/delivery", _delivery(f"m{place}", f"26000000000{place}"), AT_HEALTH)
    assert [each["message_id"] for each in await agency.seen()] == ["m3", "m1", "m2"]
    assert [each["message_id"] for each in await agency.seen("?offset=1&limit=1")] == ["m1"]
    assert await agency.seen("?offset=3&limit=5") == []


@pytest.mark.parametrize(
    ("path", "content", "headers", "status"),
    [
        ("/agencies/BYTE/deliveries", "{", AT_HEALTH, 400),
        ("/agencies/BYTE/deliveries", {"deliveries": [_delivery("m1", "260000000001"), {}]}, AT_HEALTH, 400),
        ("/agencies/BYTE/delivery", _delivery('m"1', "x"), AT_HEALTH, 400),
        ("/agencies/BYTE/delivery", _delivery("m1", "260000000001"), {"x-nsw-agency": "BCT"}, 400),
        ("/agencies/XYZ/delivery", _delivery("m1", "260000000001"), {"x-nsw-agency": "XYZ"}, 404),
        ("/elsewhere", {}, None, 404),
        ("/faults", {"drop_replies": -1}, None, 400),
        ("/faults", {"no_such_fault": 1}, None, 400),
    ],
)
async def test_what_an_agency_cannot_read_has_no_effect(
    agency: Door, path: str, content: Any, headers: dict[str, str] | None, status: int
) -> None:
    answered, problem = await agency.post(path, content, headers)
    assert answered == status
    assert problem["title"]
    assert await agency.seen() == []


async def test_a_dropped_reply_was_applied(agency: Door) -> None:
    await agency.order({"drop_replies": 1})
    delivery = _delivery("m1", "260000000001")
    # A client is free to send such a request again by itself; a fresh connection keeps aiohttp from it.
    async with aiohttp.ClientSession() as fresh:
        with pytest.raises(aiohttp.ClientError):
            await Door(fresh, agency.url).post("/agencies/BYTE/delivery", delivery, AT_HEALTH)
    assert len(await agency.seen()) == 1
    assert (await agency.post("/agencies/BYTE/delivery", delivery, AT_HEALTH))[0] == 200
    assert (await agency.summary())["wire_repeats"] == 1


async def test_an_unavailable_agency_applies_nothing_and_the_others_go_on(agency: Door) -> None:
    await agency.order({"unavailable": 1, "only": "BYTE"})
    body = _delivery("m1", "260000000001")
    assert (await agency.post("/agencies/BCT/delivery", body, {"x-nsw-agency": "BCT"}))[0] == 200
    body = _delivery("m2", "260000000002")
    assert (await agency.post("/agencies/BYTE/delivery", body, AT_HEALTH))[0] == 503
    assert [each["message_id"] for each in await agency.seen()] == ["m1"]
    assert (await agency.post("/agencies/BYTE/delivery", body, AT_HEALTH))[0] == 200


async def test_a_slow_agency_answers_late_until_told_otherwise(agency: Door) -> None:
    await agency.order({"delay_ms": 500})
    started = time.monotonic()
    assert (await agency.post("/agencies/BYTE/delivery", _delivery("m1", "260000000001"), AT_HEALTH))[0] == 200
    assert time.monotonic() - started >= 0.5
    await agency.order({})
    started = time.monotonic()
    await agency.post("/agencies/BYTE/delivery", _delivery("m2", "260000000002"), AT_HEALTH)
    assert time.monotonic() - started < 0.5


async def test_a_port_already_taken_is_said(agency: Door) -> None:
    port = int(agency.url.rpartition(":")[2])
    with pytest.raises(RuntimeError, match=f"did not start on port {port}"), running("agency", port):
        pass
