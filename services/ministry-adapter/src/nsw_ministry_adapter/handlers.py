"""What the adapter takes from an agency's topic: dossiers and news of them, each a delivery still to be made."""

from collections.abc import Mapping, Sequence
from typing import Final

from nsw_contracts.content import has_content
from nsw_contracts.events import AgencyWork, RoutedHead
from nsw_contracts.topics import AGENCY_TOPICS
from nsw_runtime.database import Connection
from nsw_runtime.handling import Applied, Event, Intent, Outcome, Quarantine

_TOPICS: Final = {agency: topic.name for agency, topic in AGENCY_TOPICS.items()}


class WorkHandler:
    """Turns work for an agency into intents to deliver it; keeps no state of its own."""

    async def load(self, connection: Connection, events: Sequence[Event]) -> dict[str, None]:
        """Nothing needs to be read."""
        del connection, events
        return {}

    def handle(self, event: Event, state: None) -> Outcome[None]:
        """The delivery's message id is the id of the work: it stays the same however often it is tried."""
        del state
        fact = event.fact
        if not isinstance(fact, AgencyWork) or _TOPICS.get(fact.agency) != event.topic:
            return Quarantine(f"{event.type} is no work for the agency of {event.topic}")
        if isinstance(fact, RoutedHead) and not has_content(event.value):
            return Quarantine("work without a dossier's content")
        return Applied(intents=[Intent(fact.agency, event.id, event.key, event.value, event.traceparent)])

    async def save(self, connection: Connection, changed: Mapping[str, None]) -> None:
        """Nothing is kept."""
