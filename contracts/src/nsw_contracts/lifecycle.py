"""The words of a dossier's life: its statuses, what a business may ask for in each, what agencies say and are told.

The state machine itself is routing's. Intake refuses early by `POSSIBLE`, routing refuses for good by the same table.
"""

from collections.abc import Mapping
from typing import Final, Literal, get_args

Status = Literal[
    "submitted",
    "accepted",
    "refused",
    "supplement_requested",
    "amendment_requested",
    "withdrawal_requested",
    "withdrawn",
    "inspecting",
    "fee_due",
    "fee_paid",
    "result_issued",
    "result_amended",
    "result_revoked",
]
"""A dossier's public status, and that of its part at each agency. `submitted`: waits for the agency to take it in."""

STATUSES: Final[tuple[Status, ...]] = get_args(Status)

FINAL: Final[frozenset[Status]] = frozenset(
    {"refused", "withdrawn", "result_issued", "result_amended", "result_revoked"}
)
"""The agency has nothing more to do, unless it amends or revokes its result, or is asked to."""

ENDED: Final[frozenset[Status]] = frozenset({"refused", "withdrawn", "result_revoked"})
"""Nothing follows: a business that goes on files a new dossier."""

BUSINESS_ACTS: Final[frozenset[Status]] = frozenset({"supplement_requested", "fee_due"})
"""The business must act; the agencies' clocks stand still."""

Command = Literal["supplement", "amendment", "withdrawal", "payment"]
"""What a business asks for after it has filed."""

COMMANDS: Final[tuple[Command, ...]] = get_args(Command)

POSSIBLE: Final[dict[Status, tuple[Command, ...]]] = {
    "submitted": ("amendment", "withdrawal"),
    "accepted": ("amendment", "withdrawal"),
    "inspecting": ("amendment", "withdrawal"),
    "fee_paid": ("amendment", "withdrawal"),
    "supplement_requested": ("supplement", "withdrawal"),
    "fee_due": ("payment", "withdrawal"),
    "amendment_requested": (),
    "withdrawal_requested": (),
    "result_issued": ("amendment",),
    "result_amended": ("amendment",),
    "refused": (),
    "withdrawn": (),
    "result_revoked": (),
}
"""The commands a dossier's status allows. While it is `submitted`, an amendment is an edit and a withdrawal needs no
consent (functions 02, 04); later both are requests, which the lead agency answers (functions 11, 08)."""

Told = Literal[
    "submitted",
    "edited",
    "supplemented",
    "withdrawn",
    "withdrawal-requested",
    "amendment-requested",
    "amendment-agreed",
    "amendment-refused",
    "fee-paid",
    "coordinating-decided",
    "closed",
]
"""What an agency is told: functions 01, 02, 03, 04, 08, 11, 12, 13, 19; then, to the lead agency, what a coordinating
one has decided, and to coordinating ones that the lead agency's word has ended the dossier (Decree 85/2019/NĐ-CP,
art. 34)."""

AgencySays = Literal[
    "delivered",
    "technical-error",
    "accepted",
    "refused",
    "supplement-requested",
    "withdrawal-agreed",
    "withdrawal-refused",
    "amendment-agreed",
    "amendment-refused",
    "inspection-started",
    "fee-requested",
    "fee-confirmed",
    "result-issued",
    "result-amended",
    "result-revoked",
]
"""What an agency says: functions 99, 00, 05, 06, 07, 09, 10, 12, 13, then the procedure's own from 14 on."""

_PROCESSING: Final[dict[AgencySays, Status]] = {
    "inspection-started": "inspecting",
    "fee-requested": "fee_due",
    "supplement-requested": "supplement_requested",
    "refused": "refused",
    "result-issued": "result_issued",
}
_AMENDABLE: Final[dict[AgencySays, Status]] = {"result-amended": "result_amended", "result-revoked": "result_revoked"}

MAY_SAY: Final[dict[Status, Mapping[AgencySays, Status]]] = {
    "submitted": {"accepted": "accepted", "refused": "refused", "supplement-requested": "supplement_requested"},
    "supplement_requested": {
        "accepted": "accepted",
        "refused": "refused",
        "supplement-requested": "supplement_requested",
        "result-issued": "result_issued",
    },
    "accepted": _PROCESSING | {"fee-confirmed": "accepted"},
    "inspecting": _PROCESSING | {"fee-confirmed": "inspecting"},
    "fee_paid": _PROCESSING | {"fee-confirmed": "fee_paid"},
    "fee_due": _PROCESSING | {"fee-confirmed": "fee_paid"},
    "refused": {},
    "withdrawn": {},
    "result_issued": _AMENDABLE,
    "result_amended": _AMENDABLE,
    "result_revoked": {},
}
"""What an agency may say about its part in each status → the status that follows. Requests to amend or withdraw are the
dossier's, not a part's. Routing judges by it for good, an officer's desk beforehand."""
