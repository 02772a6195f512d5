"""What intake answers, as models. A field that an answer has and its model has not fails a test."""

from datetime import date
from typing import Annotated, Any, Literal

from nsw_contracts.lifecycle import Command, Status
from nsw_contracts.parts import AgencyCode, Number, PackVersion, ProcedureCode, Sha256, TaxCode
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

Jws = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+){2}$")]
"""A compact JWS by the window over the receipt's other fields; `GET /v1/keys` verifies it."""


class Said(BaseModel):
    """Base of everything that is answered."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class WrongField(Said):
    """A wrong field: its JSON pointer (RFC 6901) in the body, or `/` and the name of a parameter or header."""

    pointer: str
    detail: str


class ProblemDetails(Said):
    """RFC 9457. `type` names the problem for machines; `detail` says what to do; `errors` where."""

    type: Annotated[str, Field(pattern="^urn:nsw:problem:[a-z0-9-]+$")]
    title: str
    status: Annotated[int, Field(ge=400, le=599)]
    detail: str
    errors: list[WrongField] = Field(default=[], description="at most twenty")


class DossierReceipt(Said):
    """A dossier is taken in: its number, the SHA-256 of its JSON in the window's own form, and when."""

    number: Number
    content_sha256: Sha256
    received_at: AwareDatetime
    status: Literal["submitted"]
    jws: Jws


class CommandReceipt(Said):
    """A command is taken in; whether it can be had the dossier's timeline says. `command_id` is named there."""

    number: Number
    command: Command
    command_id: str
    received_at: AwareDatetime
    jws: Jws


class LineReceipt(Said):
    """A line was taken in."""

    line: Annotated[int, Field(ge=1)]
    status: Literal[202]
    receipt: DossierReceipt | CommandReceipt


class LineProblem(Said):
    """A line was not taken in; the others were judged by themselves."""

    line: Annotated[int, Field(ge=1)]
    status: Annotated[int, Field(ge=400, le=599)]
    problem: ProblemDetails


class TimelineEntry(BaseModel):
    """One thing that became known of the dossier; more fields by `type`, as the facts of nsw.status.v1 have them."""

    model_config = ConfigDict(frozen=True, extra="allow")

    revision: Annotated[int, Field(ge=0)]
    type: str
    status: Status
    at: AwareDatetime
    agency: AgencyCode | Literal[""] | None = None


class DossierShown(Said):
    """A dossier as its business sees it: where it stands, what may be asked for now, and how it came there."""

    number: Number
    declarant: TaxCode
    procedure: ProcedureCode
    pack_version: PackVersion
    status: Status
    possible: list[Command]
    submitted_at: AwareDatetime
    content_sha256: Sha256
    timeline: list[TimelineEntry]


class DocumentHeld(Said):
    """A document as it is held for a business."""

    sha256: Sha256
    size: Annotated[int, Field(ge=1)]
    media_type: str
    uploaded_at: AwareDatetime


class LinkGiven(Said):
    """A link that needs no token, and the second (since 1970) in which it ends."""

    url: str
    expires: int


class CertificateShown(Said):
    """A certificate that a business signs with. `good_at`: when its authority last said that it is good."""

    sha256: Sha256
    declarant: TaxCode
    holder: str
    issuer: str
    serial: str
    not_before: AwareDatetime
    not_after: AwareDatetime
    registered_at: AwareDatetime
    good_at: AwareDatetime | None = None
    revoked_at: AwareDatetime | None = None
    ended_at: AwareDatetime | None = None


class CertificatesShown(Said):
    """A business's certificates, the ended ones too."""

    certificates: list[CertificateShown]


class RegisteredLines(Said):
    """How many lines came, and how many registrations are new or changed."""

    lines: Annotated[int, Field(ge=0)]
    registered: Annotated[int, Field(ge=0)]


class RevokedCount(Said):
    """How many registrations are in force no more."""

    revoked: Annotated[int, Field(ge=0)]


class KeySet(Said):
    """A JSON Web Key Set (RFC 7517)."""

    keys: list[dict[str, Any]]


class ProcedureNames(Said):
    """A procedure's names."""

    vi: str
    en: str


class ProcedureSummary(Said):
    """One procedure in a list. `status`: its stage on that day; null: not agreed yet."""

    code: ProcedureCode
    lead_agency: AgencyCode
    coordinating_agencies: list[AgencyCode]
    status: Literal["agreeing", "testing", "connected", "live", "retired"] | None
    version: PackVersion
    effective_from: date
    names: ProcedureNames
    placeholder: bool
    provisional_code: bool


class ProceduresFound(Said):
    """A page of the procedures that were asked for, as they stand on a local day."""

    on: date
    total: Annotated[int, Field(ge=0)]
    limit: Annotated[int, Field(ge=1)]
    offset: Annotated[int, Field(ge=0)]
    procedures: list[ProcedureSummary]


class VersionOf(Said):
    """A version of a procedure's rules."""

    version: PackVersion
    effective_from: date


class ProcedureShown(Said):
    """One procedure with all its rules; `pack.form` is the JSON Schema of a dossier's `form`."""

    on: date
    status: Literal["agreeing", "testing", "connected", "live", "retired"] | None
    versions: list[VersionOf]
    pack: dict[str, Any]


class Alive(Said):
    """The process runs."""

    service: Literal["intake"]
    alive: Literal[True]


class Readiness(Said):
    """Whether it takes part, and what stands against that, in words that name the next step."""

    service: Literal["intake"]
    ready: bool
    against: dict[str, str]
