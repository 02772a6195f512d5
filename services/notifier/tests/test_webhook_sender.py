"""Webhooks to a real HTTP server: singly and many at once, signed, in order, and what each answer comes to."""

import json
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network
from typing import Any

import pytest
from hook_door import Hooks, open_hooks
from nsw_contracts.events import NOTIFIED, Notified
from nsw_contracts.topics import NOTIFICATIONS
from nsw_notifier import trying
from nsw_notifier.endpoints import Endpoints
from nsw_notifier.outcome import Group
from nsw_notifier.settings import NotifierSettings
from nsw_notifier.subscription import Subscription, new_secret
from nsw_notifier.webhook import event_json
from nsw_notifier.webhook_sender import SINGLE_GROUP, WebhookSender
from nsw_runtime.intents import Pending
from nsw_runtime.sender import Attempt, Dead, Done, Held, Retry
from nsw_runtime.telemetry import Telemetry
from standardwebhooks.webhooks import Webhook

SECRET = new_secret()
SETTINGS = NotifierSettings(database_url="-", kafka_bootstrap_servers="-", batch_wait_seconds=3, batch_events=7)
SUBSCRIPTION = Subscription("sub", "0100109106", "webhook", "", secret=SECRET)


def pending(which: int, attempts: int = 0, dossier: int = 0) -> Pending:
    number = dossier or which
    data = b'{"number":"%012d","declarant":"0100109106","revision":%d}' % (number, which)
    body = event_json(f"event{which}", "vn.nsw.dossier.status-changed.v1", datetime.now(UTC), data)
    return Pending("sub", which, f"{which:032x}", f"{number:012d}", body, None, attempts, datetime.now(UTC))


@pytest.fixture
async def hooks() -> AsyncIterator[Hooks]:
    async with open_hooks() as door:
        yield door


def sender(endpoints: Endpoints, settings: NotifierSettings = SETTINGS) -> WebhookSender:
    return WebhookSender(
        settings=settings, endpoints=endpoints, clock=lambda: datetime.now(UTC),
        telemetry=Telemetry("notifier", settings),
    )  # fmt: skip


async def send(hooks: Hooks, delivery: str, events: Sequence[Pending], **wishes: Any) -> Group:
    told = SETTINGS.model_copy(update={"webhook_networks": (ip_network("127.0.0.0/8"),)})
    endpoints = Endpoints(told)
    try:
        to = SUBSCRIPTION._replace(address=hooks.url, delivery=delivery, **wishes)
        return await sender(endpoints, told).send(to, events)
    finally:
        await endpoints.close()


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
    group = await send(hooks, "single", [pending(which, attempts=which) for which in (1, 2, 3)])
    assert [(webhook, body["id"]) for webhook, body in read(hooks)] == [(f"event{n}", f"event{n}") for n in (1, 2, 3)]
    facts = [told(attempt) for attempt in group.attempts]
    assert [(fact.event_id, fact.revision, fact.attempts, fact.answer) for fact in facts] == [
        ("event1", 1, 2, 200), ("event2", 2, 3, 204), ("event3", 3, 4, 299),
    ]  # fmt: skip
    assert {(fact.subscription, fact.channel, fact.declarant) for fact in facts} == {("sub", "webhook", "0100109106")}
    assert [one.facts[0].id for one in group.attempts if isinstance(one, Done)] == [f"{n:032x}" for n in (1, 2, 3)]
    assert [(row.message_id, row.answer, row.attempt, row.events) for row in group.deliveries] == [
        ("event1", 200, 2, 1), ("event2", 204, 3, 1), ("event3", 299, 4, 1),
    ]  # fmt: skip


async def test_after_a_single_that_was_not_taken_nothing_goes(hooks: Hooks) -> None:
    hooks.answers = [200, 500]
    group = await send(hooks, "single", [pending(which) for which in (1, 2, 3, 4)])
    assert [type(attempt) for attempt in group.attempts] == [Done, Retry, Held, Held]
    assert len(hooks.received) == 2
    assert [(row.answer, row.error, row.body is None) for row in group.deliveries] == [
        (200, "", False), (500, "the endpoint answered 500", True),
    ]  # fmt: skip


async def test_an_event_that_is_refused_holds_its_dossier_alone_and_is_put_aside_in_the_end(hooks: Hooks) -> None:
    hooks.refuses = {"event2"}
    events = [pending(1), pending(2, dossier=9), pending(3, dossier=9), pending(4)]
    group = await send(hooks, "single", events)
    assert [type(attempt) for attempt in group.attempts] == [Done, Retry, Held, Done]
    refused = group.attempts[1]
    assert isinstance(refused, Retry)
    assert refused.alone
    last = await send(hooks, "single", [pending(2, attempts=trying.TRIES_OF_AN_EVENT - 1)])
    assert last.attempts == [Dead("the endpoint answered 422")]


async def test_a_batch_is_one_request_with_every_event_and_one_fact_each(hooks: Hooks) -> None:
    events = [pending(which) for which in (1, 2, 3)]
    group = await send(hooks, "batch", events)
    ((_, body),) = read(hooks)
    assert [event["id"] for event in body["data"]["events"]] == ["event1", "event2", "event3"]
    assert [told(attempt).event_id for attempt in group.attempts] == ["event1", "event2", "event3"]
    assert hooks.received[0][0]["content-type"] == "application/json"
    (row,) = group.deliveries
    assert row.events == 3
    assert row.body == b"\n".join(one.body for one in events)


async def test_a_batch_sent_again_has_the_same_id(hooks: Hooks) -> None:
    hooks.answers = [503]
    events = [pending(which) for which in (1, 2, 3)]
    group = await send(hooks, "batch", events)
    assert [type(attempt) for attempt in group.attempts] == [Retry, Held, Held]
    await send(hooks, "batch", [one._replace(attempts=1) for one in events])
    await send(hooks, "batch", events[:2])
    first, again, other = [webhook for webhook, _ in read(hooks)]
    assert first == again != other


async def test_a_batch_that_is_refused_goes_again_in_halves_until_the_event_is_found(hooks: Hooks) -> None:
    told_to = SETTINGS.model_copy(update={"webhook_networks": (ip_network("127.0.0.0/8"),)})
    endpoints = Endpoints(told_to)
    hooks.refuses = {'"event3"'}
    batches, to = sender(endpoints, told_to), SUBSCRIPTION._replace(address=hooks.url, delivery="batch")
    waiting = [pending(which, attempts=0) for which in range(1, 8)]
    sizes, dead = [], []
    while waiting:
        sizes.append(batches.most(to))
        group = await batches.send(to, waiting[: sizes[-1]])
        kept = [one for one, done in zip(waiting, group.attempts, strict=False) if not isinstance(done, (Done, Dead))]
        dead += [one.id for one, done in zip(waiting, group.attempts, strict=False) if isinstance(done, Dead)]
        tried = [one._replace(attempts=one.attempts + 1) for one in kept[:1]] + kept[1:]
        waiting = tried + waiting[sizes[-1] :]
    await endpoints.close()
    assert dead == [f"{3:032x}"], "the others all went out"
    assert sizes[:3] == [7, 3, 1]


@pytest.mark.parametrize("delivery", ["single", "batch"])
@pytest.mark.parametrize("status", [301, 302, 307, 401, 403, 404, 429, 500, 503])
async def test_what_keeps_an_endpoint_from_taking_anything_is_tried_for_days(
    hooks: Hooks, status: int, delivery: str
) -> None:
    hooks.answers = [status, status]
    group = await send(hooks, delivery, [pending(1)])
    (attempt,) = group.attempts
    assert isinstance(attempt, Retry)
    assert (attempt.reason, attempt.alone) == (f"the endpoint answered {status}", False)
    assert group.turn == "failing"
    late = datetime.now(UTC) - timedelta(days=4.9)
    again = await send(hooks, delivery, [pending(1, attempts=150)], failing_since=late)
    assert isinstance(again.attempts[0], Retry)
    assert again.turn is None
    assert len(hooks.received) == 2, "a redirect is not followed"


async def test_an_endpoint_that_stays_dead_is_disabled_and_one_that_is_gone_at_once(hooks: Hooks) -> None:
    hooks.answers = [500, 410]
    long_ago = datetime.now(UTC) - timedelta(days=5, seconds=1)
    group = await send(hooks, "single", [pending(1, attempts=150)], failing_since=long_ago)
    assert group.turn == "dead"
    assert "5 days" in group.why
    assert isinstance(group.attempts[0], Retry), "nothing is lost: it waits"
    gone = await send(hooks, "single", [pending(1)])
    assert (gone.turn, type(gone.attempts[0])) == ("dead", Retry)


async def test_an_endpoint_that_takes_events_again_is_well(hooks: Hooks) -> None:
    group = await send(hooks, "single", [pending(1)], failing_since=datetime.now(UTC) - timedelta(days=9))
    assert group.turn == "well"
    assert (await send(hooks, "single", [pending(1)])).turn is None


async def test_an_endpoint_that_is_not_there_is_tried_again() -> None:
    (attempt,) = (await send(Hooks("http://127.0.0.1:1/"), "single", [pending(1)])).attempts
    assert isinstance(attempt, Retry)
    assert attempt.reason == "the endpoint: no connection could be made"


async def test_an_endpoint_says_how_long_to_wait(hooks: Hooks) -> None:
    hooks.answers, hooks.headers = [503], {"retry-after": "120"}
    (attempt,) = (await send(hooks, "single", [pending(1)])).attempts
    assert isinstance(attempt, Retry)
    assert attempt.after == 120.0


def test_waits_grow_to_an_hour_and_are_spread() -> None:
    for tries in range(1, 200):
        longest = trying.WAITS[min(tries, len(trying.WAITS)) - 1]
        found = [trying.wait(tries) for _ in range(20)]
        assert all(longest / 2 <= one <= longest for one in found)
        assert len(set(found)) > 1
    assert list(trying.WAITS) == sorted(trying.WAITS)


async def test_no_more_webhooks_a_second_than_the_business_wants(hooks: Hooks) -> None:
    group = await send(hooks, "single", [pending(which) for which in range(1, 6)], rate=2)
    assert len(group.deliveries) == 5
    first, last = group.deliveries[0].at, group.deliveries[-1].at
    assert last - first >= timedelta(seconds=1.9), "five at two a second take the third second"


def test_lanes_have_the_group_that_the_business_chose() -> None:
    batches = sender(None)  # type: ignore[arg-type]
    assert batches.most(SUBSCRIPTION) == SINGLE_GROUP
    assert batches.most(SUBSCRIPTION._replace(delivery="batch")) == 7


def test_bodies_are_json() -> None:
    assert json.loads(pending(1).body)["data"]["revision"] == 1
