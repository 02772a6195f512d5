"""Packs' examples as they are lived: the story of one, stage by stage, with what each agency answers to which message.

A stage begins with filing or with a command of the business. What agencies say in it are answers to the last message
each of them got; who gets one is worked out by article and not by routing's table (`nsw_procedures.story`).
"""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any, cast

from nsw_contracts.lifecycle import AgencySays, Command
from nsw_procedures.pack import Example, Pack
from nsw_procedures.story import Parts, steps

from support.businesses import FEE, PAID, Business, decision


@dataclass
class Stage:
    """`command`: what the business does; None, it files. `answers`: the agencies' script from then on.

    `heard`: (agency, what) of everything public that has happened when the stage is over.
    """

    command: Command | None
    answers: dict[str, list[dict[str, Any]]]
    heard: Counter[tuple[str, str]] = field(default_factory=Counter)


def stages(pack: Pack, example: Example) -> list[Stage]:
    """The example's story."""
    parts = Parts(pack)
    found = [Stage(None, {f"{agency} submitted": [] for agency in pack.agencies})]
    at = {agency: (0, f"{agency} submitted") for agency in pack.agencies}  # where each one's last message is answered
    heard: Counter[tuple[str, str]] = Counter()
    for who, word, outcome in steps(example):
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
    return [word for who, word, _ in steps(example) if who == agency]


def body(business: Business, pack: Pack, example: Example, command: Command, revision: int) -> dict[str, Any]:
    """The body of the business's next command, in answer to the last it heard of."""
    bodies: dict[Command, dict[str, Any]] = {
        "supplement": {"dossier": business.dossier(pack, example), "note": "Theo yêu cầu"},
        "amendment": {"dossier": business.dossier(pack, example), "reason": "Sửa"},
        "withdrawal": {"reason": "Không còn nhu cầu"},
        "payment": PAID | FEE,
    }
    return bodies[command] | {"in_answer_to": revision}
