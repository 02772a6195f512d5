"""The judge: what the window acknowledged against what reached the agencies and the businesses.

It stands outside the system under test and believes only the simulators. Every acknowledged dossier owes one
effect at its agency and each change its declarant subscribed to, once and in order; nothing else may arrive.
A copy under the same message or event id is a wire repeat, which the receiver drops: counted, not blamed.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, NamedTuple

from nsw_benchmarks.decisions import expected_changes

Fault = Literal["lost", "repeated", "out_of_order", "unexpected"]

EXAMPLES_PER_FAULT = 5


class Acknowledged(NamedTuple):
    """A dossier with a receipt; `every_change`: its declarant subscribed to all changes, not only finals."""

    number: str
    agency: str
    declarant: str
    every_change: bool


class Delivery(NamedTuple):
    """The first arrival of a message at an agency, and how many copies of it came in all."""

    number: str
    message_id: str
    agency: str
    copies: int


class Notice(NamedTuple):
    """The first arrival of an event at a business's door, and how many copies of it came in all."""

    number: str
    revision: int
    status: str
    event_id: str
    declarant: str
    copies: int


@dataclass(frozen=True, slots=True)
class Verdict:
    """Counts of dossiers (`lost`) and of arrivals (the others), with a few examples of each in words."""

    lost: int
    repeated: int
    out_of_order: int
    unexpected: int
    wire_repeats: int
    bad_signatures: int
    examples: tuple[str, ...]

    @property
    def clean(self) -> bool:
        """Whether every promise was kept; wire repeats break none."""
        return not (self.lost or self.repeated or self.out_of_order or self.unexpected or self.bad_signatures)


class Judge:
    """Hears the acknowledged dossiers, then the arrivals in the order they came, then gives its verdict."""

    def __init__(self, acknowledged: Iterable[Acknowledged]) -> None:
        self._owed: dict[str, Acknowledged] = {}
        self._delivered: set[str] = set()
        self._revisions: dict[str, int] = {}  # a bit for each revision heard
        self._counts: Counter[Fault] = Counter()
        self._examples: list[str] = []
        self._wire_repeats = 0
        for dossier in acknowledged:
            if dossier.number in self._owed:
                self._blame("lost", f"{dossier.number} was given to two dossiers")
            self._owed[dossier.number] = dossier

    def delivered(self, delivery: Delivery) -> None:
        """Hear of a message at an agency."""
        self._wire_repeats += delivery.copies - 1
        owed = self._owed.get(delivery.number)
        if owed is None:
            self._blame("unexpected", f"{_message(delivery)}: no such dossier was acknowledged")
        elif owed.agency != delivery.agency:
            self._blame("unexpected", f"{_message(delivery)}: the dossier is {owed.agency}'s")
        elif delivery.number in self._delivered:
            self._blame("repeated", f"{_message(delivery)}: the agency had it under another message id")
        else:
            self._delivered.add(delivery.number)

    def notified(self, notice: Notice) -> bool:
        """Hear of an event at a business's door; gives whether it was due and the first of its kind."""
        self._wire_repeats += notice.copies - 1
        number, revision = notice.number, notice.revision
        owed = self._owed.get(number)
        if owed is None or owed.declarant != notice.declarant:
            whose = "no such dossier was acknowledged" if owed is None else f"it is {owed.declarant}'s"
            self._blame("unexpected", f"{_event(notice)}: {whose}")
            return False
        if (revision, notice.status) not in expected_changes(number, every_change=owed.every_change):
            self._blame("unexpected", f"{_event(notice)}: no such change was due to this business")
            return False
        heard, bit = self._revisions.get(number, 0), 1 << revision
        if heard & bit:
            self._blame("repeated", f"{_event(notice)}: heard before under another event id")
            return False
        if heard > bit:
            self._blame("out_of_order", f"{_event(notice)}: a later revision arrived before it")
        self._revisions[number] = heard | bit
        return True

    def verdict(self, bad_signatures: int = 0) -> Verdict:
        """What was found; may be asked again after more arrivals.

        Args:
            bad_signatures: webhooks whose signature the businesses could not verify.
        """
        lost, examples = self._counts["lost"], list(self._examples)
        room = EXAMPLES_PER_FAULT - lost
        for owed in self._owed.values():
            missing = self._missing(owed)
            if missing:
                lost += 1
                if room > 0:
                    room -= 1
                    examples.append(f"lost: {owed.number} of {owed.declarant}: {', '.join(missing)} missing")
        return Verdict(
            lost=lost,
            repeated=self._counts["repeated"],
            out_of_order=self._counts["out_of_order"],
            unexpected=self._counts["unexpected"],
            wire_repeats=self._wire_repeats,
            bad_signatures=bad_signatures,
            examples=tuple(examples),
        )

    def _missing(self, owed: Acknowledged) -> list[str]:
        heard = self._revisions.get(owed.number, 0)
        delivery = [] if owed.number in self._delivered else [f"delivery to {owed.agency}"]
        return delivery + [
            f"{change.status} event"
            for change in expected_changes(owed.number, every_change=owed.every_change)
            if not heard & 1 << change.revision
        ]

    def _blame(self, fault: Fault, what: str) -> None:
        self._counts[fault] += 1
        if self._counts[fault] <= EXAMPLES_PER_FAULT:
            self._examples.append(f"{fault}: {what}")


def _message(delivery: Delivery) -> str:
    return f"message {delivery.message_id} ({delivery.number}) at {delivery.agency}"


def _event(notice: Notice) -> str:
    what = f"{notice.number} revision {notice.revision} {notice.status}"
    return f"event {notice.event_id} ({what}) at {notice.declarant}"
