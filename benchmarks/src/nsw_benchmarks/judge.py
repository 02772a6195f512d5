"""The judge: what the window acknowledged against what reached the agencies and the businesses.

It stands outside the system under test and believes only the simulators. Every acknowledged dossier owes each of its
agencies what its story has it told, and its declarant what that subscribed to, once and in order; nothing else may
arrive. A copy under the same message or event id is a wire repeat, which the receiver drops: counted, not blamed.

Where one agency decides and no goods are inspected, every revision is known beforehand. Where several decide side by
side, the order between them is free: `free_order` says what must hold then.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from nsw_benchmarks.free_order import wrong
from nsw_benchmarks.owed import Acknowledged, Delivery, Fault, Notice, most_often, required
from nsw_benchmarks.stories import Mix

EXAMPLES_PER_FAULT = 5


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


class _Blame:
    """Faults counted, and the first few of each in words."""

    def __init__(self) -> None:
        self.counts: Counter[Fault] = Counter()
        self.examples: list[str] = []

    def add(self, fault: Fault, what: str) -> None:
        self.counts[fault] += 1
        if self.counts[fault] <= EXAMPLES_PER_FAULT:
            self.examples.append(f"{fault}: {what}")

    def copy(self) -> "_Blame":
        copied = _Blame()
        copied.counts, copied.examples = self.counts.copy(), self.examples.copy()
        return copied


class Judge:
    """Hears the acknowledged dossiers, then the arrivals in the order they came, then gives its verdict."""

    def __init__(self, acknowledged: Iterable[Acknowledged], mix: Mix) -> None:
        self._mix: Mix = mix
        self._owed: dict[str, Acknowledged] = {}
        self._told: Counter[tuple[str, str, str]] = Counter()  # number, agency, what
        self._revisions: dict[str, int] = {}  # a bit for each revision heard
        self._free: dict[str, list[Notice]] = {}  # of dossiers whose order is free
        self._blame = _Blame()
        self._wire_repeats = 0
        for dossier in acknowledged:
            if dossier.number in self._owed:
                self._blame.add("lost", f"{dossier.number} was given to two dossiers")
            self._owed[dossier.number] = dossier

    def delivered(self, delivery: Delivery) -> None:
        """Hear of a message at an agency."""
        self._wire_repeats += delivery.copies - 1
        number, agency, what = delivery.number, delivery.agency, delivery.what
        owed = self._owed.get(number)
        if owed is None:
            self._blame.add("unexpected", f"{_message(delivery)}: no such dossier was acknowledged")
            return
        if agency not in owed.agencies:
            self._blame.add("unexpected", f"{_message(delivery)}: the dossier is {' and '.join(owed.agencies)}'s")
            return
        most = most_often(owed, agency, what, self._mix)
        told = self._told[number, agency, what]
        if not most:
            self._blame.add("unexpected", f"{_message(delivery)}: its story does not tell the agency so")
        elif told == most:
            self._blame.add("repeated", f"{_message(delivery)}: the agency had it under another message id")
        else:
            self._told[number, agency, what] += 1
            if what != "submitted" and not self._told[number, agency, "submitted"]:
                self._blame.add("out_of_order", f"{_message(delivery)}: the dossier itself had not arrived")

    def notified(self, notice: Notice) -> bool:
        """Hear of an event at a business's door; gives whether it may be due and is the first of its kind."""
        self._wire_repeats += notice.copies - 1
        number, revision = notice.number, notice.revision
        owed = self._owed.get(number)
        if owed is None or owed.declarant != notice.declarant:
            whose = "no such dossier was acknowledged" if owed is None else f"it is {owed.declarant}'s"
            self._blame.add("unexpected", f"{_event(notice)}: {whose}")
            return False
        if not owed.free_order and (revision, notice.what, notice.status) not in owed.expected(self._mix):
            self._blame.add("unexpected", f"{_event(notice)}: no such change was due to this business")
            return False
        heard, bit = self._revisions.get(number, 0), 1 << revision
        if heard & bit:
            self._blame.add("repeated", f"{_event(notice)}: heard before under another event id")
            return False
        if heard > bit:
            self._blame.add("out_of_order", f"{_event(notice)}: a later revision arrived before it")
        self._revisions[number] = heard | bit
        if owed.free_order:
            self._free.setdefault(number, []).append(notice)
        return True

    def verdict(self, bad_signatures: int = 0) -> Verdict:
        """What was found; may be asked again after more arrivals.

        Args:
            bad_signatures: webhooks whose signature the businesses could not verify.
        """
        blame = self._blame.copy()
        for owed in self._owed.values():
            missing = [
                f"{what} to {agency}"
                for agency, what in required(owed, self._mix)
                if not self._told[owed.number, agency, what]
            ]
            if owed.free_order:
                for fault, what in wrong(owed, self._free.get(owed.number, ()), self._mix):
                    if fault == "lost":
                        missing.append(what)
                    else:
                        blame.add(fault, f"{owed.number} of {owed.declarant}: {what}")
            else:
                heard = self._revisions.get(owed.number, 0)
                missing += [
                    f"{what} event" for revision, what, _ in owed.expected(self._mix) if not heard & 1 << revision
                ]
            if missing:
                blame.add("lost", f"{owed.number} of {owed.declarant}: {', '.join(missing)} missing")
        return Verdict(
            lost=blame.counts["lost"],
            repeated=blame.counts["repeated"],
            out_of_order=blame.counts["out_of_order"],
            unexpected=blame.counts["unexpected"],
            wire_repeats=self._wire_repeats,
            bad_signatures=bad_signatures,
            examples=tuple(blame.examples),
        )


def _message(delivery: Delivery) -> str:
    return f"message {delivery.message_id} ({delivery.number} {delivery.what}) at {delivery.agency}"


def _event(notice: Notice) -> str:
    what = f"{notice.number} revision {notice.revision} {notice.what}, {notice.status}"
    return f"event {notice.event_id} ({what}) at {notice.declarant}"
