"""What the notifier states: each event that was told, each try that failed; by the same words whatever the channel."""

from datetime import datetime

from nsw_contracts.envelope import fact_id
from nsw_contracts.events import NOT_DELIVERED, NOTIFIED, NotDelivered, Notified
from nsw_contracts.notice_facts import Channel
from nsw_contracts.topics import NOTIFICATIONS
from nsw_runtime.journal import Entry, entry

from nsw_notifier.deliveries import Delivery
from nsw_notifier.webhook import EventReference


def notified(
    event: EventReference,
    *,
    declarant: str,
    subscription: str,
    channel: Channel,
    identity: str,
    answer: int,
    at: datetime,
    attempts: int = 1,
    traceparent: str | None,
) -> Entry:
    """A business was told of an event; `identity` is the fact's id, `answer` what its receiver said."""
    fact = Notified(
        number=event.data.number,
        declarant=declarant,
        subscription=subscription,
        channel=channel,
        event_id=event.id,
        revision=event.data.revision,
        attempts=attempts,
        answer=answer,
        notified_at=at,
    )
    return entry(NOTIFICATIONS, NOTIFIED, fact, fact_id=identity, traceparent=traceparent)


def not_delivered(row: Delivery, channel: Channel, *, came_back: bool = False) -> Entry:
    """What is stated of a try that failed."""
    fact = NotDelivered(
        declarant=row.declarant,
        subscription=row.subscription,
        channel=channel,
        message_id=row.message_id,
        events=row.events,
        attempt=row.attempt,
        answer=row.answer,
        came_back=came_back,
        reason=row.error[:500],
        tried_at=row.at,
    )
    identity = fact_id(f"{row.subscription}/{row.message_id}/{row.at.isoformat()}", NOT_DELIVERED)
    return entry(NOTIFICATIONS, NOT_DELIVERED, fact, fact_id=identity, traceparent=None)
