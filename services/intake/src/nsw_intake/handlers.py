"""What intake hears: the public status of dossiers, for businesses that ask."""

from collections.abc import Mapping, Sequence

from nsw_contracts.events import PublicFact, StatusChanged
from nsw_runtime.database import Connection
from nsw_runtime.handling import Applied, Event, Outcome, Quarantine

from nsw_intake import store
from nsw_intake.documents import records

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
        """Write the facts; the documents that results came with are filed from now on."""
        heard = [event for events in changed.values() for event in events]
        await store.hear(connection, heard)
        results = {
            (fact.agency, fact.document.sha256): fact.changed_at
            for fact in (event.fact for event in heard)
            if isinstance(fact, StatusChanged) and fact.document
        }
        if results:
            held = await records.lock(connection, list(results))
            await records.mark_filed(connection, sorted(held), max(results.values()))
