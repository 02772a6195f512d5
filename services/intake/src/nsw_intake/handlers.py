"""What intake hears: the public status of dossiers, for businesses that ask."""

from collections.abc import Mapping, Sequence

from nsw_contracts.events import StatusChanged
from nsw_runtime.database import Connection
from nsw_runtime.handling import Applied, Event, Outcome, Quarantine

from nsw_intake import store


class StatusHandler:
    """Notes each status change in the dossier's timeline; a dossier's state here is the changes to be noted."""

    async def load(self, connection: Connection, events: Sequence[Event]) -> dict[str, tuple[StatusChanged, ...]]:
        """Nothing needs to be read: the timeline only grows."""
        del connection, events
        return {}

    def handle(self, event: Event, state: tuple[StatusChanged, ...] | None) -> Outcome[tuple[StatusChanged, ...]]:
        """Add the change."""
        if not isinstance(event.fact, StatusChanged):
            return Quarantine(f"{event.type} does not belong on {event.topic}")
        return Applied(state=(*(state or ()), event.fact))

    async def save(self, connection: Connection, changed: Mapping[str, tuple[StatusChanged, ...]]) -> None:
        """Write the changes."""
        await store.hear(connection, [change for changes in changed.values() for change in changes])
