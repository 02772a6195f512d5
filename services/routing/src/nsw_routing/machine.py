"""The state machine: what agencies and businesses may do with a dossier when, and what follows. Pure.

`MAY_SAY` of the contracts is the whole of what an agency may say about its part; `hear` adds what concerns the whole
dossier (the lead agency's word, answers to requests), `ask` what a business may ask for. Whatever is not possible
changes nothing and says why.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Final, NamedTuple, TypeAlias

from nsw_contracts.events import (
    Accepted,
    AgencyDecision,
    AmendmentFiledHead,
    CommandFact,
    Explanation,
    FeeRequested,
    PaymentFiled,
    ResultIssued,
    SupplementFiledHead,
    WithdrawalFiled,
)
from nsw_contracts.lifecycle import MAY_SAY, POSSIBLE, AgencySays, Command, Status, Told

from nsw_routing import words
from nsw_routing.case import AtAgency, Case

_ANSWERS: Final = frozenset({"withdrawal-agreed", "withdrawal-refused", "amendment-agreed", "amendment-refused"})
COMMANDS: Final[dict[type[CommandFact], Command]] = {
    SupplementFiledHead: "supplement",
    AmendmentFiledHead: "amendment",
    WithdrawalFiled: "withdrawal",
    PaymentFiled: "payment",
}


class Tell(NamedTuple):
    """An agency is to be told something; `about` is the agency it is about."""

    agency: str
    what: Told
    about: AtAgency | None = None
    with_content: bool = False


@dataclass(frozen=True, slots=True)
class Moved:
    """Something happened that the business hears of. `what` is what, in the words of the lifecycle."""

    case: Case
    what: str
    tell: tuple[Tell, ...] = ()
    explanation: Explanation | None = None


@dataclass(frozen=True, slots=True)
class Noted:
    """It is kept, and nobody is told: the dossier has ended, or the request has lapsed."""

    case: Case


@dataclass(frozen=True, slots=True)
class Contradiction:
    """The agency cannot say this now."""

    why: str


@dataclass(frozen=True, slots=True)
class NotPossible:
    """The business cannot have this now; nothing changes, and it hears why."""

    why: Explanation


Heard: TypeAlias = Moved | Noted | Contradiction
Asked: TypeAlias = Moved | NotPossible


def hear(case: Case, says: AgencySays, fact: AgencyDecision) -> Heard:  # noqa: PLR0911  # one for each outcome
    """What follows when an agency says something."""
    at = case.at(fact.agency)
    if at is None:
        return Contradiction(
            f"{fact.agency} speaks of a dossier that is at {', '.join(a.agency for a in case.agencies)}"
        )
    if says == "technical-error":
        return Noted(case) if case.ended else Moved(case, says)
    if says in _ANSWERS:
        return _answer(case, at, says)
    if at.status == "withdrawn":
        return Noted(case)  # it crossed the withdrawal, which needed nobody's consent or had it
    status = _next(at).get(says)
    if status is None:
        possible = ", ".join(_next(at)) or "nothing"
        return Contradiction(f"{fact.agency} cannot say {says} while its part is {at.status}; possible: {possible}")
    changed = _with_word(at, says, fact, status)
    after = case.with_agency(changed)
    if at.role == "coordinating":
        if case.ended:
            return Noted(after)
        tell = (Tell(case.lead.agency, "coordinating-decided", changed),) if changed.final else ()
        return Moved(after, says, tell)
    if not changed.final:
        return Moved(after, says)
    after = after.but(request=None, asked_goods=())
    if case.ended:
        return Moved(after, says)  # a result amended or revoked
    others = case.agencies[1:]
    closing = tuple(Tell(one.agency, "closed", changed) for one in others if not one.final)
    return Moved(after, says, closing, words.lead_decided(changed, others))


def _next(at: AtAgency) -> Mapping[AgencySays, Status]:
    found = MAY_SAY[at.status]
    if at.status != "supplement_requested":
        return found
    if not at.accepted:  # asked before it was taken in: no result can come of it yet
        return {says: status for says, status in found.items() if says != "result-issued"}
    return {**found, "accepted": at.before or "accepted"}  # the answer came another way; processing goes on


def _with_word(at: AtAgency, says: AgencySays, fact: AgencyDecision, status: Status) -> AtAgency:
    before = None
    if status == "supplement_requested":
        before = at.before if at.status == status else at.status
    changed = at.but(status=status, before=before, reason=fact.reason, accepted=at.accepted or says == "accepted")
    if isinstance(fact, Accepted):
        return changed.but(reference=fact.reference or at.reference)
    if isinstance(fact, ResultIssued):
        return changed.but(outcome=fact.outcome)
    if isinstance(fact, FeeRequested):
        return changed.but(amount=fact.amount, currency=fact.currency)
    return changed


def _answer(case: Case, at: AtAgency, says: AgencySays) -> Heard:
    """The lead agency answers a request; an answer to one that has lapsed is kept and has no effect."""
    subject = says.partition("-")[0]
    if at.role != "lead":
        return Contradiction(f"{at.agency} answers a request that is the lead agency's to answer")
    if case.request != subject:
        return Noted(case)
    answered = case.but(request=None, asked_goods=())
    others = [one for one in case.agencies[1:] if not one.final]
    if says == "withdrawal-agreed":
        return Moved(_withdrawn(answered), says, tuple(Tell(one.agency, "withdrawn") for one in others))
    if says == "amendment-agreed":
        goods = case.asked_goods or case.goods
        tell = tuple(Tell(one.agency, "amendment-agreed") for one in others)
        return Moved(answered.but(goods=goods), says, tell)
    if says == "amendment-refused":
        return Moved(answered, says, tuple(Tell(one.agency, "amendment-refused") for one in others))
    return Moved(answered, says)


def ask(case: Case, fact: CommandFact) -> Asked:
    """What follows when a business asks for something."""
    command = COMMANDS[type(fact)]
    if command not in POSSIBLE[case.status]:
        return NotPossible(words.not_possible(command, case.status))
    match fact:
        case SupplementFiledHead():
            return _supplement(case)
        case AmendmentFiledHead():
            return _amend(case)
        case PaymentFiled():
            return _pay(case, fact)
        case _:
            return _withdraw(case)


def _supplement(case: Case) -> Moved:
    tell = []
    after = case
    for at in case.agencies:
        if at.status == "supplement_requested":
            after = after.with_agency(at.but(status=at.before or "submitted", before=None))
            tell.append(Tell(at.agency, "supplemented", with_content=True))
        elif not at.final:
            tell.append(Tell(at.agency, "edited", with_content=True))
    return Moved(after, "supplemented", tuple(tell))


def _amend(case: Case) -> Moved:
    waiting = case.status == "submitted"
    tell: list[Tell] = []
    for at in case.agencies:
        if waiting and not at.final:
            tell.append(Tell(at.agency, "edited", with_content=True))
        elif not waiting and (at.role == "lead" or not (at.final or case.ended)):
            tell.append(Tell(at.agency, "amendment-requested", with_content=True))
    if waiting:
        return Moved(case, "edited", tuple(tell))
    return Moved(case.but(request="amendment"), "amendment-requested", tuple(tell))


def _withdraw(case: Case) -> Moved:
    if case.lead.accepted:
        asked = case.but(request="withdrawal")
        return Moved(asked, "withdrawal-requested", (Tell(case.lead.agency, "withdrawal-requested"),))
    tell = tuple(Tell(at.agency, "withdrawn") for at in case.agencies if not at.final)
    return Moved(_withdrawn(case), "withdrawn", tell)


def _withdrawn(case: Case) -> Case:
    """The dossier is withdrawn everywhere; what an agency had decided already stays said."""
    lead, *others = case.agencies
    gone = [at if at.final else at.but(status="withdrawn", before=None) for at in others]
    return case.but(agencies=(lead.but(status="withdrawn", before=None), *gone))


def _pay(case: Case, fact: PaymentFiled) -> Asked:
    waiting = [at for at in case.agencies if at.status == "fee_due"]
    meant = [at for at in waiting if fact.agency in (None, at.agency)]
    if len(meant) != 1:
        return NotPossible(words.which_fee([at.agency for at in waiting]))
    at = meant[0]
    if fact.currency != at.currency or Decimal(fact.amount) < Decimal(at.amount):
        return NotPossible(words.too_little(at))
    paid = at.but(status="fee_paid")
    return Moved(case.with_agency(paid), "fee-paid", (Tell(at.agency, "fee-paid"),))
