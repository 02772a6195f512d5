"""What intake hears: the public status of dossiers, for businesses that ask."""

from collections.abc import Mapping, Sequence

from nsw_contracts.events import PublicFact
from nsw_runtime.database import Connection
from nsw_runtime.handling import Applied, Event, Outcome, Quarantine

from nsw_intake import store

Heard = tuple[Event, ...]
"""Public facts of one dossier, as they came."""


class StatusHandler:
    """Notes each public fact in the dossier's timeline; a dossier's state here is the facts to be noted."""

    async def load(self, connection: Connection, events: Sequence[Event]) -> dict[str, Heard]:
        """Nothing needs to be read: the timeline only grows."""
        del connection, events
        return {}

    def handle(self, event: Event, state: Heard | None) -> Outcome[Heard]:
        """Add the fact."""
        if not isinstance(event.fact, PublicFact):
            return Quarantine(f"{event.type} does not belong on {event.topic}")
        return Applied(state=(*(state or ()), event))

    async def save(self, connection: Connection, changed: Mapping[str, Heard]) -> None:
        """Write the facts."""
        await store.hear(connection, [event for events in changed.values() for event in events])
