"""How services that read the topic of registrations keep their copy: beside their own handler, in its transactions."""

from collections.abc import Mapping, Sequence
from typing import Generic, TypeVar, cast

from nsw_contracts.events import RegistrationFact

from nsw_runtime.database import Connection
from nsw_runtime.handling import Applied, Event, Handler, Outcome
from nsw_runtime.identity import registration_store as store

S = TypeVar("S")


class _Heard(list[RegistrationFact]):
    """What was said of one party's registrations: its state here."""


class WithRegistrations(Generic[S]):
    """A service's handler, and what it hears of registrations; the handler itself sees none of those."""

    def __init__(self, handler: Handler[S]) -> None:
        self._handler = handler

    async def load(self, connection: Connection, events: Sequence[Event]) -> dict[str, "S | _Heard"]:
        """The states the handler needs."""
        others = [event for event in events if not isinstance(event.fact, RegistrationFact)]
        return cast("dict[str, S | _Heard]", await self._handler.load(connection, others)) if others else {}

    def handle(self, event: Event, state: "S | _Heard | None") -> "Outcome[S | _Heard]":
        """Note a registration, or let the handler decide."""
        if isinstance(event.fact, RegistrationFact):
            return Applied(state=_Heard([*cast("_Heard | tuple[()]", state or ()), event.fact]))
        return cast("Outcome[S | _Heard]", self._handler.handle(event, cast("S | None", state)))

    async def save(self, connection: Connection, changed: "Mapping[str, S | _Heard]") -> None:
        """Write both."""
        heard = [fact for state in changed.values() if isinstance(state, _Heard) for fact in state]
        if heard:
            await store.apply(connection, heard)
        others = {key: state for key, state in changed.items() if not isinstance(state, _Heard)}
        if others:
            await self._handler.save(connection, others)
