"""What a service gives the batch consumer: a pure handler between two store calls.

`load` reads (and locks, in sorted order) what the batch needs, `handle` decides event by event without any I/O, `save`
writes what changed. The consumer owns the transaction, the progress and the journal.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, NamedTuple, Protocol, TypeAlias, TypeVar

from nsw_contracts.events import Fact

from nsw_runtime.database import Connection
from nsw_runtime.journal import Entry


class Event(NamedTuple):
    """One readable fact from a stream. `value` is the JSON that `fact` was read from."""

    topic: str
    partition: int
    position: int
    type: str
    id: str
    traceparent: str | None
    fact: Fact
    value: bytes

    @property
    def key(self) -> str:
        """What it is about: the dossier's number, or the party of a registration."""
        return self.fact.key


S = TypeVar("S")


class Intent(NamedTuple):
    """An effect on the outside, to be carried out after the commit. `id` stays the same however often it is tried."""

    lane: str
    id: str
    dossier: str
    body: bytes
    traceparent: str | None


@dataclass(slots=True)
class Applied(Generic[S]):
    """The event took effect: the dossier's new state (None: unchanged), the facts and intents that follow from it."""

    state: S | None = None
    facts: Sequence[Entry] = ()
    intents: Sequence[Intent] = ()


@dataclass(slots=True)
class Park:
    """The event cannot be applied now; its dossier waits, other dossiers go on."""

    reason: str


@dataclass(slots=True)
class Quarantine:
    """The event can never be applied: it contradicts what is known. It is put aside with the reason."""

    reason: str


Outcome: TypeAlias = Applied[S] | Park | Quarantine


class Handler(Protocol[S]):
    """One service's part in consuming."""

    async def load(self, connection: Connection, events: Sequence[Event]) -> dict[str, S]:
        """The states of what `events` are about, by key, where there is one; rows locked in the order of keys."""
        ...

    def handle(self, event: Event, state: S | None) -> Outcome[S]:
        """Decide. No I/O, no clock but the injected one; the same event and state give the same outcome."""
        ...

    async def save(self, connection: Connection, changed: Mapping[str, S]) -> None:
        """Write the states that changed."""
        ...


class ClockedHandler(Handler[S], Protocol[S]):
    """A handler whose states have clocks: something follows from time alone."""

    async def due(self, connection: Connection, now: datetime, most: int) -> dict[str, S]:
        """The states from which something follows by `now`, locked as `load` locks; the earliest, at most so many."""
        ...

    def tick(self, state: S, now: datetime) -> Applied[S]:
        """Decide what follows. No I/O; the state given is due no more."""
        ...
