"""The dossier case and its state machine. Pure: no I/O, and no clock but the times that facts carry.

The table below is the whole of it: what an agency may say in which status, and the status that follows. Whatever is not
in the table contradicts what is known and changes nothing.
"""

from datetime import datetime
from typing import Final, NamedTuple

from nsw_contracts.events import (
    ACCEPTED,
    DELIVERED,
    REFUSED,
    RESULT_ISSUED,
    SUPPLEMENT_REQUESTED,
    Status,
)


class Case(NamedTuple):
    """One dossier at its agency. `revision` counts the changes of its public status."""

    number: str
    procedure: str
    pack_version: str
    declarant: str
    agency: str
    status: Status
    revision: int
    delivered_at: datetime | None
    changed_at: datetime


NEXT: Final[dict[tuple[Status, str], Status]] = {
    ("submitted", ACCEPTED): "accepted",
    ("submitted", REFUSED): "refused",
    ("submitted", SUPPLEMENT_REQUESTED): "supplement_requested",
    ("accepted", RESULT_ISSUED): "result_issued",
    ("accepted", REFUSED): "refused",
    ("accepted", SUPPLEMENT_REQUESTED): "supplement_requested",
    ("supplement_requested", ACCEPTED): "accepted",
    ("supplement_requested", REFUSED): "refused",
}
"""(status, what the agency says) → the status that follows."""

RECEIPT: Final = DELIVERED
"""The technical receipt: it is noted and changes no status."""


def next_status(status: Status, fact_type: str) -> Status | None:
    """The status that follows, or None where the agency may not say this now."""
    return NEXT.get((status, fact_type))


def allowed(status: Status) -> list[str]:
    """What the agency may say in this status."""
    return [fact_type for at, fact_type in NEXT if at == status]
