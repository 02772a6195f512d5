"""The simulators as their clients meet them: processes of their own, over loopback."""

import base64
import json
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import aiohttp
import pytest
from nsw_benchmarks.decisions import decide
from nsw_benchmarks.simulators import running

SECRET = "whsec_" + base64.b64encode(b"a business's own secret").decode()
TAX_CODE = "9794833052"
AT_HEALTH = {"x-nsw-agency": "BYTE"}


def _delivery(message_id: str, number: str) -> dict[str, Any]:
    return {
        "message_id": message_id,
        "traceparent": None,
        "dossier": {"number": number, "procedure": "BYTE0500009"},
    }


def _number(kind: str) -> str:
    return next(number for serial in count() if decide(number := f"26{serial:010d}").kind == kind)


def _event(number: str = "260000000001", revision: int = 1, status: str = "accepted") -> dict[str, Any]:
    return {"number": number, "revision": revision, "status": status, "agency": "BYTE"}


class Door:
    """One simulator as a test talks to it."""

    def __init__(self, client: aiohttp.ClientSession, url: str) -> None:
        self.client = client
        self.url = url

    async def post(self, path: str, content: Any, headers: dict[str, str] | None = None) -> tuple[int, Any]:
        body = content if isinstance(content, str) else json.dumps(content)
        async with self.client.post(self.url + path, data=body, headers=headers) as reply:
            return reply.status, json.loads(await reply.read() or b"null")

    async def order(self, faults: dict[str, Any]) -> None:
        assert await self.post("/faults", faults) == (200, None)

    async def seen(self, query: str = "") -> list[dict[str, Any]]:
        async with self.client.get(f"{self.url}/seen{query}") as reply:
            return [json.loads(line) for line in (await reply.text()).splitlines()]

    async def summary(self) -> dict[str, Any]:
        async with self.client.get(f"{self.url}/summary") as reply:
            return json.loads(await reply.read())


@pytest.fixture
def agency(client: aiohttp.ClientSession, agencies: str) -> Door:
    return Door(client, agencies)


@pytest.fixture
async def business(client: aiohttp.ClientSession, businesses: str) -> Door:
    secrets = json.dumps({"id": "1", "declarant": TAX_CODE, "secret": SECRET})
    await client.put(f"{businesses}/secrets", data=secrets, raise_for_status=True)
    return Door(client, businesses)


async def test_an_agency_answers_a_batch_in_order_with_all_decisions(agency: Door) -> None:
    numbers = [_number(kind) for kind in ("refused", "accepted", "supplement-requested")]
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
    assert accepted[1]["outcome"] == decide(numbers[1]).outcome
    assert accepted[1]["certificate_number"] == f"BYTE-{numbers[1]}"
    assert accepted[1]["valid_until"] > before.date().isoformat()


async def test_a_failed_result_has_no_certificate(agency: Door) -> None:
    number = next(number for serial in count() if decide(number := f"26{serial:010d}").outcome == "failed")
    _, answer = await agency.post("/agencies/BYTE/delivery", _delivery("m1", number), AT_HEALTH)
    assert set(answer["decisions"][1]) == {"kind", "decided_at", "outcome"}


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
    }
    (seen,) = await agency.seen()
    assert seen | {"at": 0} == {
        "message_id": "m1", "number": "260000000001", "agency": "BYTE", "at": 0, "copies": 3,
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


async def test_a_business_hears_a_signed_event(business: Door, signed: Callable[..., dict[str, str]]) -> None:
    body = json.dumps({"type": "vn.nsw.dossier.status-changed.v1", "data": _event()})
    for _ in range(2):
        status, _ = await business.post(f"/hooks/{TAX_CODE}", body, signed(SECRET, "e1", body))
        assert status == 200
    (seen,) = await business.seen()
    assert seen | {"at": 0} == {
        "event_id": "e1",
        "number": "260000000001",
        "revision": 1,
        "status": "accepted",
        "declarant": TAX_CODE,
        "at": 0,
        "copies": 2,
    }
    summary = await business.summary()
    assert (summary["requests"], summary["events"], summary["wire_repeats"]) == (2, 1, 1)


async def test_a_batchs_events_count_by_their_own_ids(business: Door, signed: Callable[..., dict[str, str]]) -> None:
    events = [
        {"id": "e1", "data": _event()},
        {"id": "e2", "data": _event(revision=2, status="result_issued")},
    ]
    body = json.dumps({"type": "vn.nsw.dossier.batch.v1", "data": {"events": events}})
    assert (await business.post(f"/hooks/{TAX_CODE}", body, signed(SECRET, "batch", body)))[0] == 200
    single = json.dumps({"type": "vn.nsw.dossier.status-changed.v1", "data": _event()})
    assert (await business.post(f"/hooks/{TAX_CODE}", single, signed(SECRET, "e1", single)))[0] == 200
    assert [(each["event_id"], each["copies"]) for each in await business.seen()] == [("e1", 2), ("e2", 1)]


async def test_a_webhook_not_rightly_signed_is_turned_away(
    business: Door, signed: Callable[..., dict[str, str]]
) -> None:
    body = json.dumps({"type": "vn.nsw.dossier.status-changed.v1", "data": _event()})
    other = "whsec_" + base64.b64encode(b"another secret").decode()
    good = signed(SECRET, "e1", body)
    old = signed(SECRET, "e1", body, at=datetime.now(UTC) - timedelta(minutes=6))
    for path, content, headers in (
        (f"/hooks/{TAX_CODE}", body, signed(other, "e1", body)),
        (f"/hooks/{TAX_CODE}", body + " ", good),
        (f"/hooks/{TAX_CODE}", body, good | {"webhook-id": "e2"}),
        (f"/hooks/{TAX_CODE}", body, old),
        (f"/hooks/{TAX_CODE}", body, None),
        ("/hooks/9000000000", body, good),
    ):
        assert (await business.post(path, content, headers))[0] == 401
    assert await business.seen() == []
    assert (await business.summary())["bad_signatures"] == 6


async def test_a_rotating_secret_signs_twice(business: Door, signed: Callable[..., dict[str, str]]) -> None:
    body = json.dumps({"type": "vn.nsw.dossier.status-changed.v1", "data": _event()})
    headers = signed(SECRET, "e1", body)
    headers["webhook-signature"] = f"v1,AAAA {headers['webhook-signature']}"
    assert (await business.post(f"/hooks/{TAX_CODE}", body, headers))[0] == 200


async def test_a_port_already_taken_is_said(agency: Door) -> None:
    port = int(agency.url.rpartition(":")[2])
    with pytest.raises(RuntimeError, match=f"did not start on port {port}"), running("agency", port):
        pass
