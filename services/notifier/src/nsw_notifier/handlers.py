"""What the notifier hears: public facts, each of which becomes something still to be sent to whoever wants it."""

from collections.abc import Mapping, Sequence

from nsw_contracts.envelope import fact_id
from nsw_contracts.events import NOTIFIED, PublicFact
from nsw_runtime.database import Connection
from nsw_runtime.handling import Applied, Event, Intent, Outcome, Quarantine

from nsw_notifier import store
from nsw_notifier.directory import Directory
from nsw_notifier.subscription import Subscription
from nsw_notifier.webhook import event_json


class StatusHandler:
    """The state of a dossier here is its declarant's subscriptions. The directory remembers each that was read."""

    def __init__(self, directory: Directory) -> None:
        self._directory = directory

    async def load(self, connection: Connection, events: Sequence[Event]) -> dict[str, list[Subscription]]:
        """The subscriptions of the businesses these events are about, by dossier."""
        declarant = {event.key: event.fact.declarant for event in events if isinstance(event.fact, PublicFact)}
        changes = self._directory.changes
        found = await store.of_declarants(connection, sorted(set(declarant.values())))
        for known in found.values():
            self._directory.remember(known, changes)
        return {number: found[business] for number, business in declarant.items() if business in found}

    def handle(self, event: Event, state: list[Subscription] | None) -> Outcome[list[Subscription]]:
        """One intent for each subscription that wants the event."""
        change = event.fact
        if not isinstance(change, PublicFact):
            return Quarantine(f"{event.type} does not belong on {event.topic}")
        wanted = [one for one in state or () if one.wants(change)]
        if not wanted:
            return Applied()
        body = event_json(event.id, event.type, change.changed_at, event.value)
        return Applied(
            intents=[
                Intent(one.id, fact_id(event.id, NOTIFIED, one.id), event.key, body, event.traceparent)
                for one in wanted
            ]
        )

    async def save(self, connection: Connection, changed: Mapping[str, list[Subscription]]) -> None:
        """Nothing changes but the intents."""
