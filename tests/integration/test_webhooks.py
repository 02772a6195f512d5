"""Webhooks as a business receives them, verified by the standard's own library."""

import json
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any

import pytest
from aiohttp import web
from standardwebhooks import Webhook, WebhookVerificationError
from support.dossiers import dossier, file_one
from support.live import Live
from support.polling import until


class Business:
    """A business's own door, which keeps what comes."""

    def __init__(self) -> None:
        self.came: list[tuple[dict[str, str], str]] = []
        self.url = ""

    async def hear(self, request: web.Request) -> web.Response:
        self.came.append((dict(request.headers), await request.text()))
        return web.Response()


@pytest.fixture
async def business(live: Live) -> AsyncIterator[Business]:
    door = Business()
    app = web.Application()
    app.router.add_post("/hook", door.hear)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    door.url = "http://{}:{}/hook".format(*runner.addresses[0][:2])
    yield door
    await live.drained()  # while the door is still there: what is on its way to it would wait for ever
    async with live.owner() as owner:
        await owner.execute("delete from notifier.subscription where url = $1", door.url)
    await runner.cleanup()


async def subscribe(live: Live, door: Business, declarant: str, delivery: str) -> str:
    line = {"declarant": declarant, "url": door.url, "delivery": delivery, "events": "all"}
    status, answer = await live.ask(
        "POST", f"{live.system.services['notifier']}/v1/subscriptions", data=json.dumps(line),
        headers={"content-type": "application/x-ndjson"},
    )  # fmt: skip
    assert status == 200
    return str(json.loads(answer)["secret"])


def verified(secret: str, headers: dict[str, str], body: str) -> Any:
    lower = {name.lower(): value for name, value in headers.items()}
    with pytest.raises(WebhookVerificationError):
        Webhook(secret).verify(body + " ", lower)
    with pytest.raises(WebhookVerificationError):
        Webhook(secret).verify(body, lower | {"webhook-id": "another"})
    return Webhook(secret).verify(body, lower)


@pytest.mark.parametrize("delivery", ["single", "batch"])
async def test_every_change_is_told_signed_and_in_order(live: Live, business: Business, delivery: str) -> None:
    declarant = dossier(3)["declarant"]["tax_code"]
    secret = await subscribe(live, business, declarant, delivery)
    _, receipt = await file_one(live, body=dossier(3))
    number = receipt["number"]

    def events() -> list[dict[str, Any]]:
        found = []
        for headers, body in business.came:
            content = verified(secret, headers, body)
            if content["type"] == "vn.nsw.dossier.batch.v1":
                found += content["data"]["events"]
            else:
                assert content["id"] == {name.lower(): value for name, value in headers.items()}["webhook-id"]
                found.append(content)
        return [event for event in found if event["data"]["number"] == number]

    async def told() -> bool:
        _, seen = await live.ask("GET", f"{live.intake}/v1/dossiers/{number}")
        final = seen["status"] not in {"submitted", "accepted"}
        return final and len(events()) == len(seen["timeline"]) - 1

    await until(told, "every change to be told")
    _, seen = await live.ask("GET", f"{live.intake}/v1/dossiers/{number}")
    assert [(each["data"]["revision"], each["data"]["status"]) for each in events()] == [
        (each["revision"], each["status"]) for each in seen["timeline"][1:]
    ]
    for event in events():
        assert event["type"] == "vn.nsw.dossier.status-changed.v1"
        assert datetime.fromisoformat(event["timestamp"]).tzinfo is not None
        assert event["data"]["declarant"] == declarant
        assert "contact" not in json.dumps(event), "no personal data goes out"


async def test_an_unusable_subscription_is_refused_and_none_is_put_in_force(live: Live, business: Business) -> None:
    lines = [
        {"declarant": dossier(3)["declarant"]["tax_code"], "url": business.url},
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
            "select exists (select from notifier.subscription where url = $1)", business.url
        )
