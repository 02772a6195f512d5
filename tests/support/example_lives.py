"""Packs' examples as they are lived: the story of one, stage by stage, with what each agency answers to which message.

A stage begins with filing or with a command of the business. What agencies say in it are answers to the last message
each of them got; who gets one is worked out here, by article and not by routing's table.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, cast

from nsw_contracts.lifecycle import AgencySays, Command
from nsw_procedures.pack import Example, Pack

from support.businesses import FEE, PAID, Business, decision

_FINAL = ("refused", "result-issued", "result-amended", "result-revoked")


@dataclass
class Stage:
    """`command`: what the business does; None, it files. `answers`: the agencies' script from then on.

    `heard`: (agency, what) of everything public that has happened when the stage is over.
    """

    command: Command | None
    answers: dict[str, list[dict[str, Any]]]
    heard: Counter[tuple[str, str]] = field(default_factory=Counter)


class _Parts:
    """Who waits for what, as far as it decides who is told."""

    def __init__(self, pack: Pack) -> None:
        self.lead, *_ = self.agencies = pack.agencies
        self.asking: set[str] = set()
        self.unpaid: set[str] = set()
        self.accepted: set[str] = set()
        self.final: set[str] = set()

    def say(self, agency: str, word: str) -> None:
        self.asking.discard(agency)
        if word == "accepted":
            self.accepted.add(agency)
        elif word == "supplement-requested":
            self.asking.add(agency)
        elif word == "fee-requested":
            self.unpaid.add(agency)
        elif word in _FINAL:
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


def stages(pack: Pack, example: Example) -> list[Stage]:
    """The example's story."""
    parts = _Parts(pack)
    found = [Stage(None, {f"{agency} submitted": [] for agency in pack.agencies})]
    at = {agency: (0, f"{agency} submitted") for agency in pack.agencies}  # where each one's last message is answered
    heard: Counter[tuple[str, str]] = Counter()
    for who, word, outcome in _steps(example):
        if who == "declarant":
            what, told = parts.ask(word)
            found.append(Stage(cast("Command", word), {f"{agency} {each}": [] for agency, each in told.items()}))
            at |= {agency: (len(found) - 1, f"{agency} {each}") for agency, each in told.items()}
            heard[pack.lead_agency, what] += 1
        else:
            stage, key = at[who]
            said = decision(cast("AgencySays", word), **({"outcome": outcome} if outcome else {}))
            found[stage].answers[key].append(said)
            parts.say(who, word)
            heard[who, word] += 1
        found[-1].heard = heard.copy()
    return found


def own_words(example: Example, agency: str) -> list[str]:
    """What one agency says in the story, in order."""
    return [word for who, word, _ in _steps(example) if who == agency]


def body(business: Business, pack: Pack, example: Example, command: Command, revision: int) -> dict[str, Any]:
    """The body of the business's next command, in answer to the last it heard of."""
    bodies: dict[Command, dict[str, Any]] = {
        "supplement": {"dossier": business.dossier(pack, example), "note": "Theo yêu cầu"},
        "amendment": {"dossier": business.dossier(pack, example), "reason": "Sửa"},
        "withdrawal": {"reason": "Không còn nhu cầu"},
        "payment": PAID | FEE,
    }
    return bodies[command] | {"in_answer_to": revision}


def _steps(example: Example) -> Iterator[tuple[str, str, str]]:
    for step in example.story:
        who, word, *outcome = step.split()
        yield who, word, outcome[0] if outcome else ""
