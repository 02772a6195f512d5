"""Webhooks out: singly, or, where the business chose it, many events in one request. Each delivery becomes a fact."""

import logging
from collections.abc import Sequence
from datetime import datetime
from typing import Final

import aiohttp
from nsw_contracts.events import NOTIFIED, Notified
from nsw_contracts.topics import NOTIFICATIONS
from nsw_runtime.clock import Clock
from nsw_runtime.database import UNAVAILABLE, Pool
from nsw_runtime.intents import Pending
from nsw_runtime.journal import Entry, entry
from nsw_runtime.sender import Attempt, Dead, Done, Held, Retry, end_span
from nsw_runtime.telemetry import DOSSIER, Telemetry
from opentelemetry.trace import Span, SpanKind

from nsw_notifier import subscriptions
from nsw_notifier.settings import NotifierSettings
from nsw_notifier.subscriptions import Subscription
from nsw_notifier.webhook import EventReference, batch_id, batch_json, sign

log = logging.getLogger(__name__)

SINGLE_GROUP: Final = 20  # webhooks of one endpoint sent one after the other before their results are committed
TRIES_BEFORE_PARKING: Final = 20
REMEMBERED: Final = 100_000  # subscriptions kept in memory


class WebhookTransport:
    """Sends webhooks. A lane is one subscription."""

    def __init__(
        self,
        *,
        settings: NotifierSettings,
        pool: Pool,
        session: aiohttp.ClientSession,
        clock: Clock,
        telemetry: Telemetry,
    ) -> None:
        self._settings = settings
        self._pool = pool
        self._session = session
        self._clock = clock
        self._telemetry = telemetry
        self._timeout = aiohttp.ClientTimeout(total=settings.timeout_seconds)
        self._known: dict[str, Subscription] = {}

    def remember(self, known: Sequence[Subscription]) -> None:
        """Keep subscriptions at hand, or forget all of them when they are too many."""
        if len(self._known) > REMEMBERED:
            self._known.clear()
        self._known |= {one.id: one for one in known}

    def most(self, lane: str) -> int:
        """A batch's events, or as many singles as share a commit."""
        known = self._known.get(lane)
        return SINGLE_GROUP if known is not None and known.delivery == "single" else self._settings.batch_events

    def wait(self, lane: str) -> float:
        """Events for batches gather; singles go at once."""
        known = self._known.get(lane)
        return self._settings.batch_wait_seconds if known is not None and known.delivery == "batch" else 0.0

    async def send(self, lane: str, pending: Sequence[Pending]) -> Sequence[Attempt]:
        """Send one subscription's events, in order."""
        try:
            subscription = await self._subscription(lane)
        except UNAVAILABLE as error:
            return [Retry(f"Postgres: {type(error).__name__}")] * len(pending)
        if subscription is None:
            return [Dead("the subscription was removed")] * len(pending)
        if subscription.delivery == "batch":
            return await self._send_batch(subscription, pending)
        attempts: list[Attempt] = []
        for one in pending:
            if attempts and not isinstance(attempts[-1], Done):
                attempts.append(Held())
            else:
                event = EventReference.model_validate_json(one.body)
                attempts.append(await self._post(subscription, [one], [event], event.id, one.body))
        return attempts

    async def _send_batch(self, subscription: Subscription, pending: Sequence[Pending]) -> Sequence[Attempt]:
        events = [EventReference.model_validate_json(one.body) for one in pending]
        body = batch_json([one.body for one in pending], self._clock())
        attempt = await self._post(subscription, pending, events, batch_id([event.id for event in events]), body)
        if not isinstance(attempt, Done):
            return [attempt] * len(pending)
        return [Done([fact]) for fact in attempt.facts]

    async def _subscription(self, lane: str) -> Subscription | None:
        if lane not in self._known:
            async with self._pool.acquire() as connection:
                found = await subscriptions.by_id(connection, lane)
            if found is not None:
                self.remember([found])
        return self._known.get(lane)

    async def _post(
        self,
        subscription: Subscription,
        pending: Sequence[Pending],
        events: Sequence[EventReference],
        webhook_id: str,
        body: bytes,
    ) -> Attempt:
        """Send one request; what came of it, with one fact for each event in it."""
        now = self._clock()
        headers = sign(subscription.secret, webhook_id, now, body) | {"content-type": "application/json"}
        spans = [self._span(one) for one in pending] if self._telemetry.enabled else []
        attempt: Attempt
        try:
            async with self._session.post(
                subscription.url, data=body, headers=headers, allow_redirects=False,
                timeout=self._timeout,
            ) as response:  # fmt: skip
                if 200 <= response.status < 300:  # noqa: PLR2004
                    attempt = Done(
                        [
                            _notified(subscription, one, event, response.status, now)
                            for one, event in zip(pending, events, strict=True)
                        ]
                    )
                else:
                    attempt = _give_up(pending, f"the endpoint answered {response.status}")
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            attempt = _give_up(pending, f"the endpoint cannot be reached: {type(error).__name__}")
        for span in spans:
            end_span(span, attempt)
        return attempt

    def _span(self, one: Pending) -> Span | None:
        attributes: dict[str, str | int] = {
            DOSSIER: one.dossier,
            "http.request.method": "POST",
            "http.request.resend_count": one.attempts,
        }
        return self._telemetry.span("notify webhook", one.traceparent, kind=SpanKind.CLIENT, attributes=attributes)


def _notified(subscription: Subscription, one: Pending, event: EventReference, answer: int, at: datetime) -> Entry:
    told = Notified(
        number=one.dossier,
        declarant=subscription.declarant,
        subscription=subscription.id,
        channel="webhook",
        event_id=event.id,
        revision=event.data.revision,
        attempts=one.attempts + 1,
        answer=answer,
        notified_at=at,
    )
    return entry(NOTIFICATIONS, NOTIFIED, told, fact_id=one.id, traceparent=one.traceparent)


def _give_up(pending: Sequence[Pending], reason: str) -> Attempt:
    return Dead(reason) if pending[0].attempts + 1 >= TRIES_BEFORE_PARKING else Retry(reason)
