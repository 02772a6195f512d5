"""An example's story as what each agency is told and says: which message follows from which step.

Who is told what is worked out here by article, and not by routing's table, so that the two can be held to each other.
"""

from collections.abc import Iterator
from typing import NamedTuple

from nsw_procedures.pack import Example, Pack

FINAL = ("refused", "result-issued", "result-amended", "result-revoked")
"""Words after which an agency has nothing more to do."""


class Step(NamedTuple):
    """One step: who (an agency's code, or `declarant`), what it says or asks for, with which outcome."""

    who: str
    word: str
    outcome: str


def steps(example: Example) -> Iterator[Step]:
    """The story's steps, in order."""
    for line in example.story:
        who, word, *outcome = line.split()
        yield Step(who, word, outcome[0] if outcome else "")


class Parts:
    """Who waits for what, as far as it decides who is told."""

    def __init__(self, pack: Pack) -> None:
        self.lead, *_ = self.agencies = pack.agencies
        self.asking: set[str] = set()
        self.unpaid: set[str] = set()
        self.accepted: set[str] = set()
        self.final: set[str] = set()

    def say(self, agency: str, word: str) -> None:
        """An agency said something."""
        self.asking.discard(agency)
        if word == "accepted":
            self.accepted.add(agency)
        elif word == "supplement-requested":
            self.asking.add(agency)
        elif word == "fee-requested":
            self.unpaid.add(agency)
        elif word in FINAL:
            self.final.add(agency)

    def ask(self, command: str) -> tuple[str, dict[str, str]]:
        """What the business hears of its command, and what each agency is told."""
        deciding = [agency for agency in self.agencies if agency not in self.final]
        if command == "payment":
            (agency,) = self.unpaid
            self.unpaid = set()
            return "fee-paid", {agency: "fee-paid"}
        if command == "supplement":
            told = {agency: "supplemented" if agency in self.asking else "edited" for agency in deciding}
            self.asking = set()
            return "supplemented", told
        if command == "withdrawal" and self.lead in self.accepted:
            return "withdrawal-requested", {self.lead: "withdrawal-requested"}
        if command == "withdrawal":
            return "withdrawn", dict.fromkeys(deciding, "withdrawn")
        what = "amendment-requested" if self.lead in self.accepted else "edited"
        concerned = [self.lead] if self.lead in self.final else deciding
        return what, dict.fromkeys(concerned, what)
