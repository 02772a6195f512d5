"""What becomes of a dossier in the replay: a story, a pure function of its number and of who filed it.

Agencies answer by it, businesses act by it and the judge expects by it, so none has to tell the others anything. In the
mix `plain` no business acts after it has filed; `full` is the whole life of a dossier. A business can ask for something
after acceptance only if it hears of the acceptance: those stories are told of businesses that hear every change.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal, NamedTuple, TypeAlias, get_args
from zlib import crc32

from nsw_contracts.lifecycle import BUSINESS_ACTS, FINAL, AgencySays, Command, Status, Told

from nsw_benchmarks.businesses import hears_everything

Mix = Literal["plain", "full"]
MIXES: Final[tuple[Mix, ...]] = get_args(Mix)
Step: TypeAlias = AgencySays | Told
Outcome = Literal["passed", "failed", "licensed"]

HEARD_BY_ALL: Final = FINAL | BUSINESS_ACTS
"""The statuses a business with a subscription to `results` hears of."""

FEE: Final = ("300000", "VND")
"""Amount and currency of every fee."""

# Our assumptions, in hundredths.
FAILED_SHARE = 2
LICENSED_SHARE = 40
COORDINATING_REFUSES_SHARE = 3

_STATUS: Final[dict[Step, Status]] = {
    "accepted": "accepted",
    "refused": "refused",
    "supplement-requested": "supplement_requested",
    "edited": "submitted",
    "withdrawn": "withdrawn",
    "withdrawal-requested": "withdrawal_requested",
    "withdrawal-agreed": "withdrawn",
    "withdrawal-refused": "accepted",
    "amendment-requested": "amendment_requested",
    "amendment-agreed": "accepted",
    "amendment-refused": "accepted",
    "inspection-started": "inspecting",
    "fee-requested": "fee_due",
    "fee-paid": "fee_paid",
    "fee-confirmed": "fee_paid",
    "result-issued": "result_issued",
    "result-amended": "result_amended",
    "result-revoked": "result_revoked",
}
_COMMANDS: Final[dict[Step, Command]] = {
    "edited": "amendment",
    "supplemented": "supplement",
    "withdrawn": "withdrawal",
    "withdrawal-requested": "withdrawal",
    "amendment-requested": "amendment",
    "fee-paid": "payment",
}


class Change(NamedTuple):
    """What a business hears of: what happened, and the dossier's status after it."""

    what: str
    status: str


class Revision(NamedTuple):
    """A change with the revision it has where one agency decides and no goods are inspected."""

    revision: int
    what: str
    status: str


@dataclass(frozen=True, slots=True)
class Story:
    """One way a dossier's life can go at its lead agency, which tells the story.

    `changes`: all that becomes public, in order. `told`: what the lead agency is told. `answers`: what it then decides.
    `command`: what the business does, once, after it heard of `trigger`; without one, as soon as it has its receipt.
    `ends`: the last status.
    """

    name: str
    changes: tuple[Revision, ...]
    results: tuple[Revision, ...]
    told: tuple[str, ...]
    answers: dict[str, tuple[str, ...]]
    command: Command | None
    trigger: Change | None
    ends: str

    def expected(self, *, every_change: bool) -> tuple[Revision, ...]:
        """What a business hears of it: everything, or what a subscription to `results` lets through."""
        return self.changes if every_change else self.results


def _story(name: str, *steps: Step) -> Story:
    """The story that goes by these steps: what the agency says, and what it is told of the business's doing."""
    changes: list[Revision] = []
    told = ["submitted"]
    answers: dict[str, list[str]] = {"submitted": []}
    command: Command | None = None
    trigger: Change | None = None
    for step in steps:
        status = _STATUS[step] if step != "supplemented" else "accepted" if "accepted" in steps[:2] else "submitted"
        if (asked := _COMMANDS.get(step)) is not None:
            command, trigger = asked, Change(*changes[-1][1:]) if changes else None
            told.append(step)
            answers[step] = []
        else:
            answers[told[-1]].append(step)
        changes.append(Revision(len(changes) + 1, step, status))
    return Story(
        name=name,
        changes=tuple(changes),
        results=tuple(change for change in changes if change.status in HEARD_BY_ALL),
        told=tuple(told),
        answers={what: tuple(said) for what, said in answers.items()},
        command=command,
        trigger=trigger,
        ends=changes[-1].status,
    )


_RESULT: Final = _story("result", "accepted", "result-issued")
_REFUSED: Final = _story("refused", "refused")
_STOPS_AT_SUPPLEMENT: Final = _story("supplement", "supplement-requested")

# In thousandths of all dossiers. Our assumptions; what is left has a result and nothing else happens.
_PLAIN: Final = ((30, _REFUSED), (50, _STOPS_AT_SUPPLEMENT))
_FULL: Final = (
    (30, _REFUSED),
    (28, _story("supplement", "supplement-requested", "supplemented", "accepted", "result-issued")),
    (12, _story("supplement", "accepted", "supplement-requested", "supplemented", "result-issued")),
    (25, _story("fee", "accepted", "fee-requested", "fee-paid", "result-issued")),
    (15, _story("fee", "accepted", "fee-requested", "fee-paid", "fee-confirmed", "result-issued")),
    (5, _story("withdrawal", "withdrawn")),
    (10, _story("edit", "edited", "accepted", "result-issued")),
    (30, _story("inspection", "accepted", "inspection-started", "result-issued")),
    (3, _story("result amended", "accepted", "result-issued", "result-amended")),
    (2, _story("result revoked", "accepted", "result-issued", "result-revoked")),
)
# In thousandths of the dossiers of businesses that hear everything: they file three quarters of all.
_ASKED_AFTERWARDS: Final = (
    (5, _story("withdrawal", "accepted", "withdrawal-requested", "withdrawal-agreed")),
    (2, _story("withdrawal", "accepted", "withdrawal-requested", "withdrawal-refused", "result-issued")),
    (5, _story("amendment", "accepted", "amendment-requested", "amendment-agreed", "result-issued")),
    (2, _story("amendment", "accepted", "amendment-requested", "amendment-refused", "result-issued")),
)

_THOUSAND = 1000
_GOLDEN_RATIO_32 = 0x9E3779B1  # Knuth's multiplier: neighbouring numbers land far apart
_32_BITS = 0xFFFFFFFF


def _dealt(shares: Sequence[tuple[int, Story]]) -> tuple[Story, ...]:
    told = [story for share, story in shares for _ in range(share)]
    return (*told, *[_RESULT] * (_THOUSAND - len(told)))


_PLAIN_STORIES: Final = _dealt(_PLAIN)
_OF_THOSE_WHO_HEAR_RESULTS: Final = _dealt(_FULL)
_OF_THOSE_WHO_HEAR_EVERYTHING: Final = _dealt((*_FULL, *_ASKED_AFTERWARDS))

STORIES: Final[tuple[Story, ...]] = tuple(
    {id(story): story for story in (*_PLAIN_STORIES, *_OF_THOSE_WHO_HEAR_EVERYTHING)}.values()
)
"""Every story of both mixes."""

NAMES: Final[tuple[str, ...]] = tuple(dict.fromkeys(story.name for story in (_RESULT, *STORIES)))
"""The stories' names; several ways of one kind share a name."""


def story(number: str, declarant: str, mix: Mix = "plain") -> Story:
    """The story of the dossier of this number, filed by the business of this tax code; the same every time."""
    return _told(number, mix, everything=hears_everything(declarant))


def answers(number: str, what: str, declarant: str, mix: Mix) -> tuple[str, ...]:
    """What the lead agency decides when it is told `what`. Who filed matters only for `submitted`."""
    # Later messages need not say who filed; what only some businesses ask for, only they ask for.
    told = _told(number, mix, everything=what != "submitted" or hears_everything(declarant))
    return told.answers.get(what, ())


def outcome(number: str) -> Outcome:
    """The outcome of the dossier's result, if it has one."""
    draw = (_spread(number) & 0xFFFF) % 100
    if draw < FAILED_SHARE:
        return "failed"
    return "licensed" if draw < FAILED_SHARE + LICENSED_SHARE else "passed"


def coordinating(number: str, agency: str) -> tuple[str, ...]:
    """What a coordinating agency decides when it gets the dossier; it decides nothing afterwards."""
    refuses = crc32(f"{number} {agency}".encode()) % 100 < COORDINATING_REFUSES_SHARE
    return ("refused",) if refuses else ("accepted", "result-issued")


def _told(number: str, mix: Mix, *, everything: bool) -> Story:
    if mix == "plain":
        stories = _PLAIN_STORIES
    else:
        stories = _OF_THOSE_WHO_HEAR_EVERYTHING if everything else _OF_THOSE_WHO_HEAR_RESULTS
    return stories[(_spread(number) >> 16) % _THOUSAND]


def _spread(number: str) -> int:
    return crc32(number.encode()) * _GOLDEN_RATIO_32 & _32_BITS
