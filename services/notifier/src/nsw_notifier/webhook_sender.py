"""Webhooks out: singly, or, where the business chose it, many events in one request. Each delivery becomes a fact."""

import asyncio
import time
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from nsw_runtime.clock import Clock
from nsw_runtime.intents import Pending
from nsw_runtime.journal import Entry
from nsw_runtime.sender import Attempt, Dead, Done, Held, Retry, end_span
from nsw_runtime.telemetry import DOSSIER, Telemetry
from opentelemetry.trace import Span, SpanKind

from nsw_notifier import trying
from nsw_notifier.deliveries import Delivery
from nsw_notifier.endpoints import Answer, Endpoints, Unreached
from nsw_notifier.facts import notified
from nsw_notifier.outcome import Group
from nsw_notifier.settings import NotifierSettings
from nsw_notifier.subscription import Subscription
from nsw_notifier.webhook import EventReference, batch_id, batch_json, sign

SINGLE_GROUP: Final = 20  # webhooks of one endpoint sent one after the other before their results are committed
JSON: Final = {"content-type": "application/json"}


class WebhookSender:
    """Sends one subscription's events, in order."""

    def __init__(self, *, settings: NotifierSettings, endpoints: Endpoints, clock: Clock, telemetry: Telemetry) -> None:
        self._settings = settings
        self._endpoints = endpoints
        self._clock = clock
        self._telemetry = telemetry
        self._disable_after = timedelta(days=settings.disable_after_days)
        self._smaller: dict[str, int] = {}  # batches that were refused whole go again in halves
        self._seconds: dict[str, tuple[float, int]] = {}  # by subscription: a second's beginning, webhooks in it

    def most(self, subscription: Subscription) -> int:
        """A batch's events, or as many singles as share a commit."""
        if subscription.delivery == "single":
            return SINGLE_GROUP
        return self._smaller.get(subscription.id, self._settings.batch_events)

    async def send(self, subscription: Subscription, pending: Sequence[Pending]) -> Group:
        """Send them; what came of it."""
        if subscription.delivery == "batch":
            return await self._send_batch(subscription, pending)
        return await self._send_singly(subscription, pending)

    async def _send_singly(self, subscription: Subscription, pending: Sequence[Pending]) -> Group:
        attempts: list[Attempt] = []
        group = Group(subscription, attempts)
        held: set[str] = set()  # dossiers of which an event was refused
        stopped = False
        for one in pending:
            if stopped or one.dossier in held:
                attempts.append(Held())
                continue
            event = EventReference.model_validate_json(one.body)
            await self._pace(subscription)
            said = await self._post(group, [one], [event], event.id, one.body)
            tries = one.attempts + 1
            match trying.meaning(said):
                case "taken":
                    attempts.append(Done([self._notified(subscription, one, event, said, tries)]))
                case "event":
                    held.add(one.dossier)
                    attempts.append(_refused(said, tries))
                case _:
                    stopped = True
                    attempts.append(Retry(trying.reason(said), trying.wait(tries, said)))
        return group

    async def _send_batch(self, subscription: Subscription, pending: Sequence[Pending]) -> Group:
        group = Group(subscription, ())
        events = [EventReference.model_validate_json(one.body) for one in pending]
        body = batch_json([one.body for one in pending], self._clock())
        said = await self._post(group, pending, events, batch_id([event.id for event in events]), body)
        tries = pending[0].attempts + 1
        means = trying.meaning(said)
        if means == "taken":
            if (smaller := self._smaller.pop(subscription.id, None)) and smaller * 2 < self._settings.batch_events:
                self._smaller[subscription.id] = smaller * 2
            group.attempts = [
                Done([self._notified(subscription, one, event, said, tries)])
                for one, event in zip(pending, events, strict=True)
            ]
            return group
        first: Attempt = Retry(trying.reason(said), trying.wait(tries, said))
        if means == "event" and len(pending) > 1:
            self._smaller[subscription.id] = len(pending) // 2
            first = Retry(trying.reason(said), trying.wait(1))
        elif means == "event":
            first = _refused(said, tries)
        group.attempts = [first, *(Held() for _ in pending[1:])]
        return group

    async def _pace(self, subscription: Subscription) -> None:
        """No more webhooks a second than the business wants."""
        now = time.monotonic()
        began, count = self._seconds.get(subscription.id, (now, 0))
        if now - began >= 1.0:
            began, count = now, 0
        if count >= subscription.rate:
            await asyncio.sleep(began + 1.0 - now)
            began, count = time.monotonic(), 0
        if len(self._seconds) > 10_000:  # noqa: PLR2004  # a second's worth and more; whoever is in it begins anew
            self._seconds.clear()
        self._seconds[subscription.id] = (began, count + 1)

    async def _post(
        self, group: Group, pending: Sequence[Pending], events: Sequence[EventReference], message_id: str, body: bytes
    ) -> Answer | Unreached:
        """Send one request, and note it and what it says of the endpoint."""
        subscription, now = group.subscription, self._clock()
        headers = sign(subscription.secrets(now), message_id, now, body) | JSON
        spans = [self._span(one) for one in pending] if self._telemetry.enabled else []
        said = await self._endpoints.post(subscription.address, headers, body)
        taken = isinstance(said, Answer) and said.taken
        for span in spans:
            end_span(span, Done(()) if taken else Retry(""))
        group.deliveries.append(
            Delivery(
                subscription=subscription.id,
                declarant=subscription.declarant,
                message_id=message_id,
                at=now,
                took_ms=said.took_ms,
                attempt=pending[0].attempts + 1,
                answer=said.status if isinstance(said, Answer) else 0,
                error="" if taken else trying.reason(said),
                events=len(events),
                body=b"\n".join(one.body for one in pending) if taken else None,
            )
        )
        self._turn(group, said, now)
        return said

    def _turn(self, group: Group, said: Answer | Unreached, now: datetime) -> None:
        since = None if group.turn == "well" else group.subscription.failing_since
        means = trying.meaning(said)
        if means == "taken":
            group.turn = "well" if since is not None else None
        elif means == "gone":
            group.turn, group.why = "dead", "the endpoint answered 410: it is gone"
        elif since is None:
            group.turn = "failing"
        elif now - since >= self._disable_after:
            days = f"{self._settings.disable_after_days:g}"
            group.turn, group.why = "dead", f"nothing got through for {days} days; last: {trying.reason(said)}"

    def _span(self, one: Pending) -> Span | None:
        attributes: dict[str, str | int] = {
            DOSSIER: one.dossier,
            "http.request.method": "POST",
            "http.request.resend_count": one.attempts,
        }
        return self._telemetry.span("notify webhook", one.traceparent, kind=SpanKind.CLIENT, attributes=attributes)

    def _notified(
        self, subscription: Subscription, one: Pending, event: EventReference, said: Answer | Unreached, tries: int
    ) -> Entry:
        return notified(
            event,
            declarant=subscription.declarant,
            subscription=subscription.id,
            channel="webhook",
            identity=one.id,
            answer=said.status if isinstance(said, Answer) else 0,
            at=self._clock(),
            attempts=tries,
            traceparent=one.traceparent,
        )


def _refused(said: Answer | Unreached, tries: int) -> Attempt:
    """The endpoint does not want this event: a few tries, then it is put aside."""
    if tries >= trying.TRIES_OF_AN_EVENT:
        return Dead(trying.reason(said))
    return Retry(trying.reason(said), trying.wait(tries), alone=True)
