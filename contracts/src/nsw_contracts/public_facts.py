"""What a business hears of its dossier. Routing states it."""

from datetime import date
from typing import Annotated, Literal

from pydantic import AwareDatetime, Field, StringConstraints

from nsw_contracts.lifecycle import Command, Status
from nsw_contracts.parts import (
    AgencyCode,
    Document,
    DossierFact,
    Explanation,
    LineInspection,
    PackVersion,
    Part,
    ProcedureCode,
    Sha256,
    TaxCode,
)


class AgencyStatus(Part):
    """How far a dossier is at one agency."""

    agency: AgencyCode
    role: Literal["lead", "coordinating"]
    status: Status


class PublicFact(DossierFact):
    """Base of what a business hears. `revision` counts a dossier's public facts from 1, without gaps.

    `status` is the dossier's own after it, derived from its agencies'; `changed_at` is when it happened; `agency` is
    whose doing it was, and the lead agency of what the business did itself.
    """

    revision: int = Field(ge=1)
    status: Status
    procedure: ProcedureCode
    pack_version: PackVersion
    declarant: TaxCode
    agency: AgencyCode
    changed_at: AwareDatetime


class StatusChanged(PublicFact):
    """Something happened to the dossier; mostly its status changed.

    `what` is what happened, in the words of `AgencySays` and `Told`. `explanation` is the window's own.
    `agencies` are there where several decide. `answer_by`: until when the business should act; `due_at`: until when the
    agency should. `document` is a result's own, to be had from the dossier's documents.
    """

    what: Annotated[str, StringConstraints(max_length=40)] = ""
    reason: str = ""
    items: tuple[str, ...] = ()
    outcome: str = ""
    certificate_number: str = ""
    document: Document | None = None
    amount: str = ""
    currency: str = ""
    due_at: AwareDatetime | None = None
    answer_by: AwareDatetime | None = None
    explanation: Explanation | None = None
    agencies: tuple[AgencyStatus, ...] = ()


class CommandRefused(PublicFact):
    """What the business asked for could not be done then; nothing changed.

    `command_id` is the id of the fact that filed it; `possible` are the commands that the dossier's status allows.
    """

    command: Command
    command_id: str
    explanation: Explanation
    possible: tuple[Command, ...] = ()


class DeadlineNear(PublicFact):
    """The agency's deadline comes near."""

    due_at: AwareDatetime


class Overdue(PublicFact):
    """The agency's deadline has passed; the dossier still waits."""

    due_at: AwareDatetime


class InspectionDecided(PublicFact):
    """How the goods are inspected, line by line, each explained (facts of the goods, not of their owner).

    `day` and `commitment` name the secret of the random check, which is revealed when the day is over.
    """

    lines: tuple[LineInspection, ...]
    day: date
    commitment: Sha256
