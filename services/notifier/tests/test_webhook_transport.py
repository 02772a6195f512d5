"""Webhooks to a real HTTP server: singly and many at once, signed, in order, and what each answer comes to."""

import json
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from typing import Any

import aiohttp
import pytest
from hook_door import Hooks, open_hooks
from nsw_contracts.events import NOTIFIED, Notified
from nsw_contracts.topics import NOTIFICATIONS
from nsw_notifier.settings import NotifierSettings
from nsw_notifier.subscriptions import Subscription, new_secret
from nsw_notifier.transport import SINGLE_GROUP, TRIES_BEFORE_PARKING, WebhookTransport
from nsw_notifier.webhook import event_json
from nsw_runtime.intents import Pending
from nsw_runtime.sender import Attempt, Dead, Done, Held, Retry
from nsw_runtime.telemetry import Telemetry
from standardwebhooks.webhooks import Webhook

SECRET = new_secret()
SETTINGS = NotifierSettings(database_url="-", kafka_bootstrap_servers="-", batch_wait_seconds=3, batch_events=7)


def pending(which: int, attempts: int = 0) -> Pending:
    data = b'{"number":"%012d","declarant":"0100109106","revision":%d}' % (which, which)
    body = event_json(f"event{which}", "vn.nsw.dossier.status-changed.v1", datetime.now(UTC), data)
    return Pending("sub", which, f"{which:032x}", f"{which:012d}", body, None, attempts, datetime.now(UTC))


@pytest.fixture
async def hooks() -> AsyncIterator[Hooks]:
    async with open_hooks() as door:
        yield door


async def send(hooks: Hooks, delivery: str, events: Sequence[Pending], **settings: Any) -> list[Attempt]:
    async with aiohttp.ClientSession() as session:
        told = SETTINGS.model_copy(update=settings)
        transport = WebhookTransport(
            settings=told, pool=None, session=session,  # type: ignore[arg-type]  # the subscription is known
            clock=lambda: datetime.now(UTC), telemetry=Telemetry("notifier", told),
        )  # fmt: skip
        transport.remember([Subscription("sub", "0100109106", hooks.url, delivery, "all", SECRET)])
        return list(await transport.send("sub", events))


def read(hooks: Hooks) -> list[tuple[str, Any]]:
    """What came, verified by the published library: webhook id and body."""
    return [(headers["webhook-id"], Webhook(SECRET).verify(body, headers)) for headers, body in hooks.received]


def told(attempt: Attempt) -> Notified:
    assert isinstance(attempt, Done)
    (fact,) = attempt.facts
    assert (fact.topic, fact.type) == (NOTIFICATIONS.name, NOTIFIED)
    return Notified.model_validate_json(fact.value)


async def test_singles_go_one_after_the_other_each_with_its_events_id(hooks: Hooks) -> None:
    hooks.answers = [200, 204, 299]
    attempts = await send(hooks, "single", [pending(which, attempts=which) for which in (1, 2, 3)])
    assert [(webhook, body["id"]) for webhook, body in read(hooks)] == [(f"event{n}", f"event{n}") for n in (1, 2, 3)]
    facts = [told(attempt) for attempt in attempts]
    assert [(fact.event_id, fact.revision, fact.attempts, fact.answer) for fact in facts] == [
        ("event1", 1, 2, 200), ("event2", 2, 3, 204), ("event3", 3, 4, 299),
    ]  # fmt: skip
    assert {(fact.subscription, fact.channel, fact.declarant) for fact in facts} == {("sub", "webhook", "0100109106")}
    assert [one.facts[0].id for one in attempts if isinstance(one, Done)] == [f"{n:032x}" for n in (1, 2, 3)]


async def test_after_a_single_that_was_not_taken_nothing_goes(hooks: Hooks) -> None:
    hooks.answers = [200, 500]
    attempts = await send(hooks, "single", [pending(which) for which in (1, 2, 3, 4)])
    assert [type(attempt) for attempt in attempts] == [Done, Retry, Held, Held]
    assert len(hooks.received) == 2


async def test_a_batch_is_one_request_with_every_event_and_one_fact_each(hooks: Hooks) -> None:
    events = [pending(which) for which in (1, 2, 3)]
    attempts = await send(hooks, "batch", events)
    ((_, body),) = read(hooks)
    assert [event["id"] for event in body["data"]["events"]] == ["event1", "event2", "event3"]
    assert [told(attempt).event_id for attempt in attempts] == ["event1", "event2", "event3"]
    assert hooks.received[0][0]["content-type"] == "application/json"


async def test_a_batch_sent_again_has_the_same_id(hooks: Hooks) -> None:
    hooks.answers = [503]
    events = [pending(which) for which in (1, 2, 3)]
    assert {type(attempt) for attempt in await send(hooks, "batch", events)} == {Retry}
    await send(hooks, "batch", [one._replace(attempts=1) for one in events])
    await send(hooks, "batch", events[:2])
    first, again, other = [webhook for webhook, _ in read(hooks)]
    assert first == again != other


@pytest.mark.parametrize("delivery", ["single", "batch"])
@pytest.mark.parametrize("status", [301, 302, 307, 400, 401, 404, 410, 429, 500, 503])
async def test_what_is_not_taken_is_tried_again_then_parked(hooks: Hooks, status: int, delivery: str) -> None:
    hooks.answers = [status, status]
    (attempt,) = await send(hooks, delivery, [pending(1)])
    assert attempt == Retry(f"the endpoint answered {status}")
    (last,) = await send(hooks, delivery, [pending(1, attempts=TRIES_BEFORE_PARKING - 1)])
    assert last == Dead(f"the endpoint answered {status}")
    assert len(hooks.received) == 2, "a redirect is not followed"


async def test_an_endpoint_that_is_not_there_is_tried_again() -> None:
    (attempt,) = await send(Hooks("http://127.0.0.1:1/"), "single", [pending(1)])
    assert attempt == Retry("the endpoint cannot be reached: ClientConnectorError")


def test_lanes_have_the_pace_that_the_business_chose() -> None:
    transport = WebhookTransport(
        settings=SETTINGS, pool=None, session=None, clock=lambda: datetime.now(UTC),  # type: ignore[arg-type]
        telemetry=Telemetry("notifier", SETTINGS),
    )  # fmt: skip
    transport.remember(
        [Subscription(kind, "0100109106", "http://one.example/", kind, "all", SECRET) for kind in ("single", "batch")]
    )
    assert (transport.most("single"), transport.wait("single")) == (SINGLE_GROUP, 0.0)
    assert (transport.most("batch"), transport.wait("batch")) == (7, 3)


def test_bodies_are_json() -> None:
    assert json.loads(pending(1).body)["data"]["revision"] == 1
