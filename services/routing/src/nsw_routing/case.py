"""The case of a dossier: how far it is at each of its agencies, and the status that follows for the dossier. Pure data.

The first of a case's agencies leads. The dossier's status is never set, it is derived: the lead agency's final word
ends it whatever the others said (Decree 85/2019/NĐ-CP, article 34); before that, whatever asks the business to act
shows first.
"""

from datetime import datetime
from typing import Any, Final, Literal, Self

import msgspec
from nsw_contracts.lifecycle import FINAL, Status
from nsw_procedures.calendar import Term

Role = Literal["lead", "coordinating"]
Request = Literal["amendment", "withdrawal"]


class Frozen(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """Base of what a case is made of: a case changes some twenty times in its life, and this changes quickest."""

    def but(self, **changes: Any) -> Self:
        """The same with some fields changed."""
        return msgspec.structs.replace(self, **changes)


class Clock(Frozen, frozen=True, omit_defaults=True, gc=False):
    """An agency's time.

    Running: `due_at` is there, and `warn_at` until the warning was stated. Standing: `left` is there.
    `overdue`: it was stated that `due_at` has passed.
    """

    due_at: datetime | None = None
    warn_at: datetime | None = None
    left: Term | None = None
    overdue: bool = False

    @property
    def next_at(self) -> datetime | None:
        """When this clock has something to say next."""
        return None if self.overdue else self.warn_at or self.due_at


NO_CLOCK: Final = Clock()


class AtAgency(Frozen, frozen=True, omit_defaults=True, gc=False):
    """A dossier at one agency.

    `accepted`: it was taken in for processing. `before`: where the business's answer leads back to, while it must act.
    `reference`: what the agency calls it. `outcome` and `reason` are of the agency's last word; `amount` in `currency`
    is the fee it waits for.
    """

    agency: str
    role: Role
    status: Status = "submitted"
    accepted: bool = False
    before: Status | None = None
    reference: str = ""
    outcome: str = ""
    reason: str = ""
    amount: str = ""
    currency: str = ""
    delivered_at: datetime | None = None
    clock: Clock = NO_CLOCK

    @property
    def final(self) -> bool:
        """Whether the agency has said its final word."""
        return self.status in FINAL


class Case(Frozen, frozen=True, gc=False):
    """One dossier. `revision` counts its public facts; `request` is what the lead agency has still to answer.

    `goods` are the keys of its inspected goods under the procedure's policy, `drawn` of those that the random check
    took: an edit does not lose them. `asked_goods` are those of the amended dossier that the lead agency has not
    agreed to yet.
    """

    number: str
    procedure: str
    pack_version: str
    declarant: str
    agencies: tuple[AtAgency, ...]
    changed_at: datetime
    request: Request | None = None
    revision: int = 0
    goods: tuple[str, ...] = ()
    drawn: tuple[str, ...] = ()
    asked_goods: tuple[str, ...] = ()

    @property
    def lead(self) -> AtAgency:
        """The dossier at its lead agency."""
        return self.agencies[0]

    @property
    def ended(self) -> bool:
        """Whether the lead agency, or the business by withdrawing, has ended the dossier."""
        return self.lead.final

    @property
    def status(self) -> Status:
        """The dossier's status."""
        if self.request is not None:
            return "amendment_requested" if self.request == "amendment" else "withdrawal_requested"
        if self.ended:
            return self.lead.status
        asking = {at.status for at in self.agencies}
        if "supplement_requested" in asking:
            return "supplement_requested"
        if "fee_due" in asking:
            return "fee_due"
        return self.lead.status

    @property
    def next_at(self) -> datetime | None:
        """When one of its clocks has something to say next."""
        return min((at for one in self.agencies if (at := one.clock.next_at) is not None), default=None)

    def at(self, agency: str) -> AtAgency | None:
        """The dossier at one of its agencies; None where that agency takes no part."""
        for one in self.agencies:
            if one.agency == agency:
                return one
        return None

    def with_agency(self, changed: AtAgency) -> "Case":
        """The case with one agency's part changed."""
        if len(self.agencies) == 1:
            return self.but(agencies=(changed,))
        return self.but(agencies=tuple(changed if one.agency == changed.agency else one for one in self.agencies))
