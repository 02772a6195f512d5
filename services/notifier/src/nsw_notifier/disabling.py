"""Disabling a subscription: its state, the fact, and word to its owner's mailboxes are one transaction."""

import logging
from collections.abc import Sequence
from datetime import datetime

from nsw_contracts.envelope import fact_id
from nsw_contracts.events import SUBSCRIPTION_DISABLED, SubscriptionDisabled
from nsw_contracts.topics import NOTIFICATIONS
from nsw_runtime import intents
from nsw_runtime.database import Connection
from nsw_runtime.handling import Intent
from nsw_runtime.journal import Entry, entry

from nsw_notifier import store
from nsw_notifier.subscription import Subscription
from nsw_notifier.webhook import control_json

log = logging.getLogger(__name__)


async def disable(
    connection: Connection, dead: Subscription, why: str, mend: str, now: datetime, *, when: Sequence[str]
) -> list[Entry]:
    """Disable it where it is in one of the states `when`; the fact to state. `mend`: what its business does next."""
    note = f"{why}. {mend}"
    if not await store.set_state(connection, dead.id, "disabled", note, when=when):
        return []
    log.warning("subscription disabled", extra={"subscription": dead.id, "why": why})
    body = control_json(SUBSCRIPTION_DISABLED, now, {"subscription": dead.id, "address": dead.address, "why": note})
    known = await store.of_declarants(connection, [dead.declarant])
    mailboxes = [one for one in known.get(dead.declarant, ()) if one.kind == "email" and one.id != dead.id]
    cause = f"{dead.id}/{now.isoformat()}"
    told = [
        Intent(one.id, fact_id(cause, SUBSCRIPTION_DISABLED, one.id), "", body, None)
        for one in mailboxes
        if one.state == "active"
    ]
    if told:
        await intents.add(connection, told, now)
    fact = SubscriptionDisabled(
        declarant=dead.declarant, subscription=dead.id, channel=dead.kind, reason=why[:500], disabled_at=now
    )
    identity = fact_id(cause, SUBSCRIPTION_DISABLED)
    return [entry(NOTIFICATIONS, SUBSCRIPTION_DISABLED, fact, fact_id=identity, traceparent=None)]
