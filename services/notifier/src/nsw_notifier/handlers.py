"""What the notifier hears: public facts, each of which becomes something still to be sent to whoever wants it."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from nsw_contracts.envelope import fact_id
from nsw_contracts.events import NOTIFIED, PublicFact
from nsw_runtime.clock import Clock
from nsw_runtime.database import Connection
from nsw_runtime.handling import Applied, Event, Intent, Outcome, Quarantine

from nsw_notifier import store, stream_store
from nsw_notifier.directory import Directory
from nsw_notifier.stream_store import Kept
from nsw_notifier.subscription import Subscription
from nsw_notifier.webhook import event_json


class Heard(NamedTuple):
    """What is held of one dossier: its declarant's subscriptions, and events to be kept for its live stream."""

    subscriptions: Sequence[Subscription]
    kept: tuple[Kept, ...] = ()


class StatusHandler:
    """The directory remembers each subscription that was read."""

    def __init__(self, directory: Directory, clock: Clock) -> None:
        self._directory = directory
        self._clock = clock

    async def load(self, connection: Connection, events: Sequence[Event]) -> dict[str, Heard]:
        """The subscriptions of the businesses these events are about, by dossier."""
        declarant = {event.key: event.fact.declarant for event in events if isinstance(event.fact, PublicFact)}
        changes = self._directory.changes
        found = await store.of_declarants(connection, sorted(set(declarant.values())))
        for known in found.values():
            self._directory.remember(known, changes)
        held = {business: Heard(known) for business, known in found.items()}
        return {number: held[business] for number, business in declarant.items() if business in held}

    def handle(self, event: Event, state: Heard | None) -> Outcome[Heard]:
        """One intent for each subscription that wants the event; for the live stream it is kept."""
        change = event.fact
        if not isinstance(change, PublicFact):
            return Quarantine(f"{event.type} does not belong on {event.topic}")
        wanted = [one for one in state.subscriptions if one.wants(change)] if state is not None else ()
        if state is None or not wanted:
            return Applied()
        body = event_json(event.id, event.type, change.changed_at, event.value)
        intents = [
            Intent(one.id, fact_id(event.id, NOTIFIED, one.id), event.key, body, event.traceparent)
            for one in wanted
            if one.kind != "stream"
        ]
        kept = tuple(
            Kept(change.declarant, one.id, event.key, change.procedure, event.type, event.traceparent, body)
            for one in wanted
            if one.kind == "stream" and one.state == "active"
        )
        if not kept:
            return Applied(intents=intents)
        return Applied(state=state._replace(kept=state.kept + kept), intents=intents)

    async def save(self, connection: Connection, changed: Mapping[str, Heard]) -> None:
        """Keep what live streams go on from."""
        kept = [one for heard in changed.values() for one in heard.kept]
        if kept:
            await stream_store.keep(connection, kept, self._clock())
