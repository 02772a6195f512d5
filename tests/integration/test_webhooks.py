"""Webhooks as a business receives them from the running system, verified by the standard's own library."""

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from nsw_contracts.events import NotDelivered, SubscriptionDisabled
from standardwebhooks import Webhook, WebhookVerificationError
from support.businesses import Business, decision, pack_today
from support.dossiers import dossier, file_one
from support.hearing import Door, open_door, stated, subscriptions_url
from support.live import Live
from support.polling import until

LICENCE, OTHER = "BCT9800001", "BCT9800002"  # one agency, no inspection
ACCEPTS = {"BCT submitted": [decision("accepted"), decision("result-issued")]}


@pytest.fixture
async def door(live: Live) -> AsyncIterator[Door]:
    async with open_door(live) as opened:
        yield opened


async def file_one_more(business: Business, procedure: str = LICENCE) -> str:
    """File a dossier that its agency accepts and licenses; its number."""
    await business.agencies_answer(ACCEPTS)
    return await business.file(business.dossier(pack_today(procedure)))


async def heard(door: Door, secret: str, number: str, events: int = 2) -> list[dict[str, Any]]:
    """Wait until so many events of a dossier have come."""

    async def condition() -> list[dict[str, Any]] | None:
        found = door.events([secret], number)
        return found if len(found) >= events else None

    found: list[dict[str, Any]] = await until(condition, f"{events} events of {number}", seconds=20)
    assert len(found) == events
    return found


async def shown(live: Live, subscription: str) -> dict[str, Any]:
    status, said = await live.ask("GET", f"{subscriptions_url(live)}/{subscription}")
    assert status == 200
    found: dict[str, Any] = said
    return found


async def waits(live: Live, subscription: str, events: int) -> None:
    async def condition() -> bool:
        return bool((await shown(live, subscription))["waiting"] == events)

    await until(condition, f"{events} events to wait", seconds=60)


@pytest.mark.parametrize("delivery", ["single", "batch"])
async def test_every_change_is_told_signed_and_in_order(live: Live, door: Door, delivery: str) -> None:
    declarant = dossier(3)["declarant"]["tax_code"]
    made = await door.subscribe(declarant, delivery=delivery)
    _, receipt = await file_one(live, body=dossier(3))
    number = receipt["number"]

    async def told() -> bool:
        _, seen = await live.ask("GET", f"{live.intake}/v1/dossiers/{number}")
        final = seen["status"] not in {"submitted", "accepted"}
        return final and len(door.events([made["secret"]], number)) == len(seen["timeline"]) - 1

    await until(told, "every change to be told")
    _, seen = await live.ask("GET", f"{live.intake}/v1/dossiers/{number}")
    events = door.events([made["secret"]], number)
    assert [(each["data"]["revision"], each["data"]["status"]) for each in events] == [
        (each["revision"], each["status"]) for each in seen["timeline"][1:]
    ]
    for event in events:
        assert event["type"] == "vn.nsw.dossier.status-changed.v1"
        assert datetime.fromisoformat(event["timestamp"]).tzinfo is not None
        assert event["data"]["declarant"] == declarant
        assert "contact" not in json.dumps(event), "no personal data goes out"
    headers, body = door.came[0]
    for wrong_body, wrong_headers in ((body + " ", headers), (body, headers | {"webhook-id": "another"})):
        with pytest.raises(WebhookVerificationError):
            Webhook(made["secret"]).verify(wrong_body, wrong_headers)


async def test_nothing_goes_to_an_endpoint_that_does_not_answer_the_challenge(live: Live, door: Door) -> None:
    door.echoes = False
    business = Business(live)
    made = await door.ask_for(business.tax_code)
    assert made["state"] == "unverified"
    unheard = await file_one_more(business)
    await business.hears(unheard, "accepted", "result-issued")

    async def given_up() -> bool:
        said = await shown(live, made["id"])
        return "does not hold the challenge" in said["note"]

    await until(given_up, "the challenge to be given up")
    await live.drained()
    assert door.came == []
    headers, body = door.challenges[0]
    Webhook(made["secret"]).verify(body, headers)
    door.echoes = True
    status, _ = await live.ask("POST", f"{subscriptions_url(live)}/{made['id']}/verify")
    assert status == 202
    await until(lambda: door.state(made["id"], "active"), "the second challenge to be answered")
    await heard(door, made["secret"], await file_one_more(business))
    assert door.events([made["secret"]], unheard) == []


async def test_a_new_secret_signs_beside_the_one_before(live: Live, door: Door) -> None:
    business = Business(live)
    made = await door.subscribe(business.tax_code)
    status, rotated = await live.ask("POST", f"{subscriptions_url(live)}/{made['id']}/secret")
    assert status == 200
    assert rotated["secret"] != made["secret"]
    assert datetime.fromisoformat(rotated["previous_secret_until"]) > datetime.now(UTC) + timedelta(hours=20)
    assert "secret" not in await shown(live, made["id"]), "shown once"
    number = await file_one_more(business)
    await heard(door, made["secret"], number)
    assert len(door.events([rotated["secret"]], number)) == 2


async def test_what_comes_while_paused_waits_and_goes_out_afterwards(live: Live, door: Door) -> None:
    business = Business(live)
    made = await door.subscribe(business.tax_code)
    url = f"{subscriptions_url(live)}/{made['id']}"
    assert (await live.ask("POST", f"{url}/pause"))[1]["state"] == "paused"
    number = await file_one_more(business)
    await waits(live, made["id"], 2)
    assert door.came == []
    await live.ask("POST", f"{url}/resume")
    await heard(door, made["secret"], number)


async def test_a_flapping_endpoint_gets_everything_once_in_order(live: Live, door: Door) -> None:
    business = Business(live)
    made = await door.subscribe(business.tax_code)
    door.answers = [500, 503, 200, 500, 429, 200]
    number = await file_one_more(business)
    events = await heard(door, made["secret"], number, 6)
    revisions = [each["data"]["revision"] for each in events]
    assert revisions == [1, 1, 1, 2, 2, 2], "in order, and each tried again until it was taken"
    await waits(live, made["id"], 0)
    url = f"{subscriptions_url(live)}/{made['id']}/deliveries"
    _, log = await live.ask("GET", url)
    assert [each["answer"] for each in log["deliveries"]] == [200, 429, 500, 200, 503, 500], "the latest first"
    assert [each["attempt"] for each in log["deliveries"]] == [3, 2, 1, 3, 2, 1]
    _, page = await live.ask("GET", f"{url}?limit=2&before={log['deliveries'][1]['id']}")
    assert page["deliveries"] == log["deliveries"][2:4]
    _, failed = await live.ask("GET", f"{url}?status=failed")
    assert [each["status"] for each in failed["deliveries"]] == ["failed"] * 4
    said = await shown(live, made["id"])
    assert (said["state"], said["failing_since"]) == ("active", None)


async def test_an_endpoint_that_is_gone_is_disabled_and_resumes_without_loss(live: Live, door: Door) -> None:
    business = Business(live)
    made = await door.subscribe(business.tax_code)
    door.usual = 410
    number = await file_one_more(business)
    await until(lambda: door.state(made["id"], "disabled"), "it to be disabled")
    await waits(live, made["id"], 2)
    assert "410" in (await shown(live, made["id"]))["note"]
    failed, disabled = await stated(live, made["id"])
    assert isinstance(failed, NotDelivered)
    assert (failed.key, failed.channel, failed.answer, failed.attempt) == (business.tax_code, "webhook", 410, 1)
    assert failed.message_id == door.came[0][0]["webhook-id"]
    assert isinstance(disabled, SubscriptionDisabled)
    assert "410" in disabled.reason
    door.usual = 200
    door.came.clear()
    await live.ask("POST", f"{subscriptions_url(live)}/{made['id']}/resume")
    await heard(door, made["secret"], number)
    assert len(await stated(live, made["id"])) == 2, "what was told is stated of its dossier"


async def test_what_was_delivered_goes_out_again_on_request(live: Live, door: Door) -> None:
    business = Business(live)
    made = await door.subscribe(business.tax_code, delivery="batch")
    url = f"{subscriptions_url(live)}/{made['id']}"
    number = await file_one_more(business)
    first = await heard(door, made["secret"], number)
    await waits(live, made["id"], 0)
    log = (await live.ask("GET", f"{url}/deliveries?status=delivered"))[1]["deliveries"]
    assert [one["id"] for each in reversed(log) for one in each["contents"]] == [each["id"] for each in first]
    oldest = log[-1]
    status, said = await live.ask("POST", f"{url}/deliveries/{oldest['id']}/replay")
    assert (status, said) == (202, {"events": oldest["events"]})
    await heard(door, made["secret"], number, 2 + oldest["events"])
    await waits(live, made["id"], 0)
    status, said = await live.ask("POST", f"{url}/replay", params={"since": oldest["at"]})
    assert (status, said) == (202, {"events": 2 + oldest["events"]})
    again = await heard(door, made["secret"], number, 2 * (2 + oldest["events"]))
    assert {each["id"] for each in again} == {each["id"] for each in first}
    status, problem = await live.ask("POST", f"{url}/replay", params={"since": "yesterday"})
    assert (status, problem["errors"][0]["pointer"]) == (422, "/since")
    status, problem = await live.ask("POST", f"{url}/deliveries/1/replay")
    assert (status, problem["type"]) == (404, "urn:nsw:problem:no-such-delivery")


async def test_a_test_webhook_says_what_the_endpoint_answered(live: Live, door: Door) -> None:
    made = await door.subscribe(Business(live).tax_code)
    url = f"{subscriptions_url(live)}/{made['id']}/test"
    status, said = await live.ask("POST", url)
    assert (status, said["status"], said["answer"]) == (200, "delivered", 200)
    ((headers, body),) = door.came
    assert Webhook(made["secret"]).verify(body, headers)["type"] == "vn.nsw.subscription.test.v1"
    door.answers = [500]
    _, said = await live.ask("POST", url)
    assert (said["status"], said["answer"], said["error"]) == ("failed", 500, "the endpoint answered 500")


async def test_one_procedure_or_kind_of_event_can_be_chosen_and_changed(live: Live, door: Door) -> None:
    business = Business(live)
    made = await door.subscribe(business.tax_code, events="results", procedures=[LICENCE])
    other = await file_one_more(business, OTHER)
    await business.hears(other, "accepted", "result-issued")
    number = await file_one_more(business)
    (event,) = await heard(door, made["secret"], number, 1)
    await live.drained()
    assert len(door.came) == 1
    assert event["data"]["status"] == "result_issued"
    url = f"{subscriptions_url(live)}/{made['id']}"
    status, changed = await live.ask("PATCH", url, json={"dossiers": [number], "rate": 7})
    assert (status, changed["dossiers"], changed["rate"], changed["events"]) == (200, [number], 7, "results")
    status, problem = await live.ask("PATCH", url, json={"rate": 0})
    assert (status, problem["errors"][0]["pointer"]) == (422, "/rate")


async def test_a_removed_subscription_looks_like_one_that_never_was(live: Live, door: Door) -> None:
    business = Business(live)
    made = await door.subscribe(business.tax_code)
    url = f"{subscriptions_url(live)}/{made['id']}"
    wanted = {"declarant": business.tax_code, "url": door.url}
    status, problem = await live.ask("POST", subscriptions_url(live), json=wanted)
    assert (status, problem["type"]) == (409, "urn:nsw:problem:subscription-exists")
    assert (await live.ask("DELETE", url))[0] == 204
    for method, path in (("GET", ""), ("PATCH", ""), ("DELETE", ""), ("POST", "/pause"), ("POST", "/replay")):
        status, problem = await live.ask(method, f"{url}{path}", json={} if method == "PATCH" else None)
        assert (status, problem["type"]) == (404, "urn:nsw:problem:no-such-subscription"), path
    _, listed = await live.ask("GET", f"{subscriptions_url(live)}?declarant={business.tax_code}")
    assert listed == {"subscriptions": []}


async def test_anothers_subscription_looks_like_one_that_never_was(live: Live, door: Door) -> None:
    mine, other = Business(live), Business(live)
    made = await door.subscribe(mine.tax_code)
    await live.register(other.tax_code, subject="stranger")
    url = f"{subscriptions_url(live)}/{made['id']}"

    async def known() -> bool:
        listed = f"{subscriptions_url(live)}?declarant={other.tax_code}"
        return (await live.ask("GET", listed, caller="stranger"))[0] == 200

    await until(known, "the stranger to be registered")
    for method, path in (
        ("GET", ""), ("PATCH", ""), ("DELETE", ""), ("POST", "/pause"), ("POST", "/resume"), ("POST", "/verify"),
        ("POST", "/secret"), ("POST", "/test"), ("GET", "/deliveries"), ("POST", "/replay"),
        ("POST", "/deliveries/1/replay"),
    ):  # fmt: skip
        body = {} if method == "PATCH" else None
        status, problem = await live.ask(method, f"{url}{path}", caller="stranger", json=body)
        assert (status, problem["type"]) == (404, "urn:nsw:problem:no-such-subscription"), path
    listed = f"{subscriptions_url(live)}?declarant={mine.tax_code}"
    assert (await live.ask("GET", listed, caller="stranger"))[0] == 403
    wanted = {"declarant": mine.tax_code, "url": door.url}
    assert (await live.ask("POST", subscriptions_url(live), caller="stranger", json=wanted))[0] == 403
    assert await door.state(made["id"], "active"), "and nothing was done to it"


async def test_an_unusable_subscription_is_refused_and_none_is_put_in_force(live: Live, door: Door) -> None:
    lines = [
        {"declarant": dossier(3)["declarant"]["tax_code"], "url": door.url},
        {"declarant": "x", "url": "ftp://nowhere", "events": "some"},
    ]
    status, problem = await live.ask(
        "POST",
        f"{live.system.services['notifier']}/v1/subscriptions",
        data="\n".join(map(json.dumps, lines)),
    )
    assert (status, problem["type"]) == (422, "urn:nsw:problem:invalid-subscription")
    assert {error["pointer"] for error in problem["errors"]} >= {"/declarant", "/events"}
    async with live.owner() as owner:
        assert not await owner.fetchval(
            "select exists (select from notifier.subscription where address = $1)", door.url
        )
