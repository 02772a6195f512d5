"""The business simulator as the window meets it: a process of its own, over loopback."""

import base64
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp
import pytest
from nsw_benchmarks.stories import story
from simulator_door import TAX_CODE, Door, number_of

SECRET = "whsec_" + base64.b64encode(b"a business's own secret").decode()


def _event(
    number: str = "260000000001", revision: int = 1, status: str = "accepted", what: str = "accepted"
) -> dict[str, Any]:
    return {"number": number, "revision": revision, "status": status, "what": what, "agency": "BYTE"}


@pytest.fixture
async def business(client: aiohttp.ClientSession, businesses: str) -> Door:
    secrets = json.dumps({"id": "1", "declarant": TAX_CODE, "secret": SECRET})
    await client.put(f"{businesses}/secrets", data=secrets, raise_for_status=True)
    return Door(client, businesses)


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
        "what": "accepted",
        "status": "accepted",
        "agency": "BYTE",
        "declarant": TAX_CODE,
        "at": 0,
        "copies": 2,
    }
    summary = await business.summary()
    assert (summary["requests"], summary["events"], summary["wire_repeats"]) == (2, 1, 1)


async def test_a_batchs_events_count_by_their_own_ids(business: Door, signed: Callable[..., dict[str, str]]) -> None:
    changed = "vn.nsw.dossier.status-changed.v1"
    events = [
        {"id": "e1", "type": changed, "data": _event()},
        {"id": "e2", "type": changed, "data": _event(revision=2, status="result_issued")},
    ]
    body = json.dumps({"type": "vn.nsw.dossier.batch.v1", "data": {"events": events}})
    assert (await business.post(f"/hooks/{TAX_CODE}", body, signed(SECRET, "batch", body)))[0] == 200
    single = json.dumps({"type": "vn.nsw.dossier.status-changed.v1", "data": _event()})
    assert (await business.post(f"/hooks/{TAX_CODE}", single, signed(SECRET, "e1", single)))[0] == 200
    assert [(each["event_id"], each["copies"]) for each in await business.seen()] == [("e1", 2), ("e2", 1)]


async def test_a_fact_that_does_not_say_what_happened_is_called_by_its_type(
    business: Door, signed: Callable[..., dict[str, str]]
) -> None:
    data = _event(status="submitted")
    del data["what"]
    body = json.dumps({"type": "vn.nsw.dossier.inspection-decided.v1", "data": data})
    await business.post(f"/hooks/{TAX_CODE}", body, signed(SECRET, "e1", body))
    assert [each["what"] for each in await business.seen()] == ["inspection-decided"]


async def test_a_business_knows_what_it_must_do_and_when_its_dossier_has_ended(
    business: Door, signed: Callable[..., dict[str, str]]
) -> None:
    steps = ("accepted", "fee-requested", "fee-paid", "result-issued")
    number = number_of(*steps, mix="full")
    await business.post("/mix", {"mix": "full"})

    async def hears(revision: int, times: int = 1) -> None:
        change = story(number, TAX_CODE, "full").changes[revision - 1]
        data = _event(number, revision, change.status, change.what)
        body = json.dumps({"type": "vn.nsw.dossier.status-changed.v1", "data": data})
        for _ in range(times):
            await business.post(f"/hooks/{TAX_CODE}", body, signed(SECRET, f"e{revision}", body))

    async def tasks(offset: int = 0) -> list[dict[str, Any]]:
        async with business.client.get(f"{business.url}/tasks?offset={offset}") as reply:
            return [json.loads(line) for line in (await reply.text()).splitlines()]

    await hears(1)
    assert await tasks() == []
    await hears(2, times=2)
    assert await tasks() == [{"number": number, "revision": 2}]
    assert await tasks(offset=1) == []
    await hears(3)
    assert (await business.summary())["ended"] == 0
    await hears(4, times=2)
    assert (await business.summary())["ended"] == 1
    assert len(await tasks()) == 1


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
