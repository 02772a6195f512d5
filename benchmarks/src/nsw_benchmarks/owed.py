"""What the window owes for a dossier it acknowledged: messages to its agencies, events to its declarant."""

from collections.abc import Iterator
from typing import Final, Literal, NamedTuple

from nsw_benchmarks.stories import Mix, Revision, Story, story

Fault = Literal["lost", "repeated", "out_of_order", "unexpected"]


class Acknowledged(NamedTuple):
    """A dossier with a receipt; the first of its agencies leads.

    `every_change`: its declarant subscribed to all changes, not only to those that are final or ask it to act.
    `inspected`: the window decides how its goods are inspected.
    """

    number: str
    agencies: tuple[str, ...]
    declarant: str
    every_change: bool
    inspected: bool = False

    @property
    def free_order(self) -> bool:
        """Whether its revisions are not all known beforehand."""
        return self.inspected or len(self.agencies) > 1

    def expected(self, mix: Mix) -> tuple[Revision, ...]:
        """What its declarant hears, where that is known beforehand."""
        return self.story(mix).expected(every_change=self.every_change)

    def story(self, mix: Mix) -> Story:
        """What becomes of it."""
        return story(self.number, self.declarant, mix)


class Delivery(NamedTuple):
    """The first arrival of a message at an agency, and how many copies of it came in all."""

    number: str
    message_id: str
    agency: str
    what: str
    copies: int


class Notice(NamedTuple):
    """The first arrival of an event at a business's door, and how many copies of it came in all."""

    number: str
    revision: int
    what: str
    status: str
    agency: str
    event_id: str
    declarant: str
    copies: int


_OTHERS_HEAR: Final[dict[str, frozenset[str]]] = {
    "supplemented": frozenset({"edited"}),
    "edited": frozenset({"edited"}),
    "withdrawn": frozenset({"withdrawn"}),
    "withdrawal-requested": frozenset({"withdrawn"}),
    "amendment-requested": frozenset({"amendment-requested", "amendment-agreed", "amendment-refused"}),
}
"""What coordinating agencies that have not decided yet are told, when the lead agency is told this or answers it."""


def required(owed: Acknowledged, mix: Mix) -> Iterator[tuple[str, str]]:
    """(agency, what) of each message that must arrive."""
    lead, *others = owed.agencies
    for what in owed.story(mix).told:
        yield lead, what
    for agency in others:
        yield agency, "submitted"


def most_often(owed: Acknowledged, agency: str, what: str, mix: Mix) -> int:
    """How many messages may tell one of a dossier's agencies so; 0: none."""
    if what == "submitted":
        return 1
    lead, *others = owed.agencies
    told = owed.story(mix).told
    if agency == lead:
        return len(others) if what == "coordinating-decided" else int(what in told)
    return int(what == "closed" or any(what in _OTHERS_HEAR.get(each, ()) for each in told))
