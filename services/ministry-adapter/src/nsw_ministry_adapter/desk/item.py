"""A dossier on an agency's desk: what is known of the agency's part, and what its officers may say of it. Pure.

The desk follows its part by the table routing judges by (`MAY_SAY`), so that an officer is not offered what would be
refused. Routing's word is the last one; what crossed on the way is told as a message and followed here.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final, Literal

from nsw_contracts.events import Forwarded, Routed
from nsw_contracts.lifecycle import BUSINESS_ACTS, FINAL, MAY_SAY, AgencySays, Status
from nsw_procedures.calendar import Term, due, left
from nsw_procedures.packs import packs

Subject = Literal["amendment", "withdrawal"]

_ANSWERS: Final[dict[Subject, tuple[AgencySays, AgencySays]]] = {
    "amendment": ("amendment-agreed", "amendment-refused"),
    "withdrawal": ("withdrawal-agreed", "withdrawal-refused"),
}


@dataclass(frozen=True, slots=True)
class Item:
    """One dossier on one desk.

    `content`: the message that brought the dossier as it now is; `asked`: the one that brought it as the business wants
    it to be. `due_at`: until when the agency should act; none while the business must, `left` being what remains.
    `ended`: the dossier is over for this agency, whatever its part. `officer`: who has taken it.
    """

    agency: str
    number: str
    procedure: str
    pack_version: str
    declarant: str
    role: Literal["lead", "coordinating"]
    arrived_at: datetime
    content: str
    status: Status = "submitted"
    before: Status | None = None
    accepted: bool = False
    request: Subject | None = None
    asked: str | None = None
    ended: bool = False
    due_at: datetime | None = None
    left: Term | None = None
    officer: str | None = None
    taken_at: datetime | None = None


def arrived(work: Routed, message_id: str) -> Item:
    """A dossier newly come."""
    content = work.content
    item = Item(
        agency=work.agency,
        number=work.number,
        procedure=content.procedure,
        pack_version=work.pack_version,
        declarant=content.declarant.tax_code,
        role=work.role,
        arrived_at=work.routed_at,
        content=message_id,
    )
    terms = _terms(item)
    return item if terms is None else replace(item, due_at=due(work.routed_at, terms[0]))


def told(item: Item, news: Forwarded, message_id: str) -> Item:  # noqa: C901, PLR0911  # one for each thing told
    """The dossier after the agency was told something of it."""
    match news.what:
        case "edited":
            return replace(item, content=message_id)
        case "supplemented":
            return _go_on(replace(item, content=message_id), item.before or "submitted", news.routed_at)
        case "fee-paid":
            return _go_on(item, "fee_paid", news.routed_at)
        case "withdrawal-requested":
            return replace(item, request="withdrawal")
        case "amendment-requested":
            return replace(item, request="amendment", asked=message_id)
        case "amendment-agreed":  # by the lead agency
            return replace(item, content=item.asked or item.content, asked=None, request=None)
        case "amendment-refused":
            return replace(item, asked=None, request=None)
        case "withdrawn":
            return replace(item, status="withdrawn", ended=True, request=None, due_at=None, left=None)
        case "closed":
            return replace(item, ended=True, request=None, due_at=None, left=None)
        case "submitted" | "coordinating-decided":
            return item


def may_say(item: Item) -> tuple[AgencySays, ...]:
    """What its officers may say now, in the order of a dossier's life."""
    if item.ended and item.status not in FINAL:
        return ()
    possible = tuple(MAY_SAY[item.status])
    if item.status == "supplement_requested" and not item.accepted:
        possible = tuple(one for one in possible if one != "result-issued")
    if item.request is not None and item.role == "lead":
        possible = (*_ANSWERS[item.request], *possible)
    return possible


def said(item: Item, kind: AgencySays, at: datetime) -> Item:  # noqa: PLR0911  # one for each kind of word
    """The dossier after an officer's decision, which `may_say` allowed."""
    if kind == "withdrawal-agreed":
        return replace(item, status="withdrawn", ended=True, request=None, due_at=None, left=None)
    if kind == "amendment-agreed":
        return replace(item, content=item.asked or item.content, asked=None, request=None)
    if kind in {"withdrawal-refused", "amendment-refused"}:
        return replace(item, asked=None, request=None)
    status = MAY_SAY[item.status][kind]
    if status == "supplement_requested":
        before = item.before if item.status == status else item.status
        return _stop(replace(item, status=status, before=before), at)
    if kind == "accepted":
        status = (item.before or "accepted") if item.accepted else "accepted"
        if not item.accepted:
            terms = _terms(item)
            item = replace(item, accepted=True, due_at=None if terms is None else due(at, terms[1]), left=None)
    if status == "fee_due":
        return _stop(replace(item, status=status), at)
    if status in FINAL:
        return replace(item, status=status, before=None, request=None, asked=None, due_at=None, left=None)
    return _go_on(item, status, at)


def _terms(item: Item) -> tuple[Term, Term] | None:
    """The agency's time to take the dossier in, and to decide; None for a pack this release does not know."""
    pack = packs().version(item.procedure, item.pack_version)
    if pack is None:
        return None
    deadlines = pack.deadlines.of(item.agency)
    return deadlines.acceptance, deadlines.decision


def _stop(item: Item, at: datetime) -> Item:
    """The business must act: the clock stands still with what is left."""
    terms = _terms(item)
    if item.due_at is None or terms is None or item.due_at <= at:
        return item
    unit = terms[1 if item.accepted else 0].unit
    return replace(item, due_at=None, left=left(at, item.due_at, unit))


def _go_on(item: Item, status: Status, at: datetime) -> Item:
    """The business has acted, or need not any more: the clock goes on with what was left."""
    if item.left is not None and status not in BUSINESS_ACTS:
        item = replace(item, due_at=due(at, item.left), left=None)
    return replace(item, status=status, before=None)
