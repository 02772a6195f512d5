"""What every service says of itself, and the notifier's subscriptions."""

import json
from typing import Any
from uuid import uuid4

import pytest
from nsw_contracts.topics import SERVICES, Service
from prometheus_client.parser import text_string_to_metric_families
from support.businesses import new_tax_code
from support.live import Live

NDJSON = {"content-type": "application/x-ndjson"}
LABELS = {"topic", "partition", "reason", "cause", "outcome", "result", "le", "what", "agency"}
NOBODY = new_tax_code()  # no test files with it, so nothing is ever sent to these addresses
GOOD = {"declarant": NOBODY, "url": "https://one.example/hooks"}


@pytest.mark.parametrize("service", SERVICES)
async def test_alive_and_ready(live: Live, service: Service) -> None:
    base = live.system.services[service]
    assert await live.ask("GET", f"{base}/healthz") == (200, {"service": service, "alive": True})
    assert await live.ask("GET", f"{base}/readyz") == (200, {"service": service, "ready": True, "against": {}})


@pytest.mark.parametrize("service", SERVICES)
async def test_metrics_are_prometheus_and_name_no_dossier_and_no_business(live: Live, service: Service) -> None:
    async with live.http.get(f"{live.system.services[service]}/metrics") as answer:
        assert answer.status == 200
        text = await answer.text()
    labels = {
        (name, value)
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if sample.name.startswith("nsw_")
        for name, value in sample.labels.items()
    }
    assert {name for name, _ in labels} <= LABELS
    assert not [value for name, value in labels if name != "le" and len(value) >= 10 and value.isdigit()]


async def subscribe(live: Live, body: bytes) -> tuple[int, Any]:
    url = f"{live.system.services['notifier']}/v1/subscriptions"
    await live.register(NOBODY)
    return await live.ask_once_registered("POST", url, data=body, headers=NDJSON)


async def subscriptions(live: Live, url: str) -> int:
    async with live.owner() as owner:
        return await owner.fetchval("select count(*) from notifier.subscription where address = $1", url)


BAD = {
    "malformed JSON": (b"{", ""),
    "no object": (b"[1]", ""),
    "not UTF-8": (b'{"declarant": "\xff"}', ""),
    "no address": (json.dumps({"declarant": NOBODY}).encode(), ""),
    "another scheme": (json.dumps(GOOD | {"url": "ftp://one.example"}).encode(), "/url"),
    "a bad tax code": (json.dumps(GOOD | {"declarant": "12"}).encode(), "/declarant"),
    "an unknown way": (json.dumps(GOOD | {"delivery": "pigeon"}).encode(), "/delivery"),
    "an unknown field": (json.dumps(GOOD | {"secret": "mine"}).encode(), "/secret"),
}


@pytest.mark.parametrize("name", BAD)
async def test_one_bad_line_refuses_all_and_is_named(live: Live, name: str) -> None:
    line, pointer = BAD[name]
    url = f"https://{uuid4().hex}.example/"
    good = json.dumps(GOOD | {"url": url}).encode()
    status, problem = await subscribe(live, b"\n".join([good, b"", line, good]))
    assert (status, problem["type"]) == (422, "urn:nsw:problem:invalid-subscription")
    (error,) = problem["errors"]
    assert error["pointer"] == pointer
    assert error["detail"].startswith("line 2: ")
    assert await subscriptions(live, url) == 0


async def test_too_many_lines_are_refused(live: Live) -> None:
    status, problem = await subscribe(live, b"\n".join([b"{}"] * 5_001))
    assert (status, problem["type"]) == (413, "urn:nsw:problem:too-large")


async def test_a_subscription_asked_for_again_gets_a_new_secret_and_is_the_same_one(live: Live) -> None:
    urls = [f"https://{uuid4().hex}.example/hooks" for _ in range(2)]
    lines = [json.dumps(GOOD | {"url": url}).encode() for url in urls]
    status, first = await subscribe(live, b"\n".join([*lines, lines[0]]))
    assert status == 200
    said = [json.loads(each) for each in first.splitlines()]
    assert said[0] == said[2] != said[1]
    assert all(each["secret"].startswith("whsec_") for each in said)
    _, again = await subscribe(live, json.dumps(GOOD | {"url": urls[0], "delivery": "batch"}).encode())
    assert json.loads(again)["id"] == said[0]["id"]
    assert json.loads(again)["secret"] != said[0]["secret"], "a secret is shown once"
    assert await subscriptions(live, urls[0]) == 1
    async with live.owner() as owner:
        await owner.execute("delete from notifier.subscription where address = any($1)", urls)
