"""The facts that pass between services, one frozen model each.

A fact says what happened, once, about one dossier, and stands by itself. Readers ignore fields they do not know, and
every field added later has a default: release N and N+1 read each other. Personal data lives in `Contact` alone.
Times are UTC.
"""

from datetime import date
from typing import Annotated, Final, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, JsonValue, StringConstraints

Number = Annotated[str, StringConstraints(pattern=r"^[0-9]{12}$")]
"""A dossier number; its check digit is judged where a number enters the window (`nsw_contracts.number`)."""

TaxCode = Annotated[str, StringConstraints(pattern=r"^[0-9]{10}(-[0-9]{3})?$")]
HsCode = Annotated[str, StringConstraints(pattern=r"^[0-9]{6}([0-9]{2}([0-9]{2})?)?$")]
Country = Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")]
Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
ProcedureCode = Annotated[str, StringConstraints(pattern=r"^[A-Z]{3,8}[0-9]{7}$")]
AgencyCode = Annotated[str, StringConstraints(pattern=r"^[A-Z]{3,8}$")]
Quantity = Annotated[
    str,
    StringConstraints(pattern=r"^(0*[1-9][0-9]{0,11}(\.[0-9]{1,6})?|0+\.[0-9]{0,5}[1-9][0-9]{0,5})$", max_length=24),
]
"""A decimal number above zero, as text so that no digit is lost: up to twelve digits, and six after the point."""

Text = Annotated[str, StringConstraints(min_length=1, max_length=500)]

Status = Literal["submitted", "accepted", "refused", "supplement_requested", "result_issued"]
"""The public status of a dossier; `submitted` means: waits for the agency to take it in."""

FINAL: Final[frozenset[Status]] = frozenset({"refused", "result_issued"})


class Part(BaseModel):
    """Base of everything inside a fact."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class Declarant(Part):
    """The business that files: its tax code (ten digits, branches add -NNN) and its registered name."""

    tax_code: TaxCode
    name: Text


class Goods(Part):
    """One line of goods. `quantity` is in `unit` (a UN/ECE Recommendation 20 code such as KGM)."""

    line: int = Field(ge=1, le=999)
    hs_code: HsCode
    description: Text
    origin_country: Country
    quantity: Quantity
    unit: Annotated[str, StringConstraints(pattern=r"^[A-Z0-9]{2,3}$")]


class Consignment(Part):
    """What moves, which way, through which gate, from or to which country."""

    direction: Literal["import", "export", "transit"]
    border_gate: Text
    partner_country: Country
    goods: tuple[Goods, ...] = Field(min_length=1, max_length=200)


class Document(Part):
    """A document by reference: the bytes are stored elsewhere under their SHA-256. `size` is in bytes."""

    sha256: Sha256
    name: Text
    media_type: Annotated[str, StringConstraints(pattern=r"^[a-z0-9.+-]+/[a-z0-9.+-]+$", max_length=100)]
    size: int = Field(ge=1, le=2**40)
    kind: Annotated[str, StringConstraints(pattern=r"^[a-z0-9-]{1,40}$")]


class Contact(Part):
    """Personal data: the person to talk to. Never in logs, traces, metrics or statuses."""

    name: Text
    phone: Annotated[str, StringConstraints(max_length=50)] = ""
    email: Annotated[str, StringConstraints(max_length=250)] = ""
    address: Annotated[str, StringConstraints(max_length=250)] = ""


class DossierContent(Part):
    """What the business filed. `form` holds the procedure's own fields."""

    procedure: ProcedureCode
    declarant: Declarant
    consignment: Consignment
    form: dict[str, JsonValue] = Field(default_factory=dict, max_length=500)
    documents: tuple[Document, ...] = Field(default=(), max_length=100)
    contact: Contact


class Fact(Part):
    """Base of every fact: it is about one dossier."""

    number: Number


class SubmittedHead(Fact):
    """`Submitted` without its content."""

    submitted_at: AwareDatetime
    content_sha256: Sha256
    idempotency_key: Annotated[str, StringConstraints(min_length=1, max_length=255)]


class Submitted(SubmittedHead):
    """The business filed a dossier and the window took it in (function 01; Decree 85, articles 12 and 13).

    `content_sha256` is the SHA-256 of the content's JSON as it stands in this fact.
    """

    content: DossierContent


class RoutedHead(Fact):
    """`Routed` without its content."""

    agency: AgencyCode
    role: Literal["lead", "coordinating"]
    pack_version: str
    routed_at: AwareDatetime


class Routed(RoutedHead):
    """Work for one agency: the dossier it must decide, judged by version `pack_version` of the procedure."""

    content: DossierContent


class AgencyFact(Fact):
    """Base of what an agency did. `message_id` is the delivery it answers: the id of the `Routed` fact."""

    agency: AgencyCode
    message_id: str


class Delivered(AgencyFact):
    """The agency's system has technically received the dossier (function 99; article 19)."""

    delivered_at: AwareDatetime


class Accepted(AgencyFact):
    """The agency takes the dossier in for processing (function 05)."""

    decided_at: AwareDatetime
    reference: Annotated[str, StringConstraints(max_length=100)] = ""


class Refused(AgencyFact):
    """The agency refuses the dossier and says why (function 06)."""

    decided_at: AwareDatetime
    reason: Annotated[str, StringConstraints(min_length=1, max_length=2000)]


class SupplementRequested(AgencyFact):
    """The agency asks the business to amend or add (function 07)."""

    decided_at: AwareDatetime
    reason: Annotated[str, StringConstraints(min_length=1, max_length=2000)]
    items: tuple[Text, ...] = ()


class ResultIssued(AgencyFact):
    """The agency's result: goods passed or failed, or a licence was issued (function 14 and up; article 20)."""

    decided_at: AwareDatetime
    outcome: Literal["passed", "failed", "licensed"]
    certificate_number: Annotated[str, StringConstraints(max_length=100)] = ""
    valid_until: date | None = None


class StatusChanged(Fact):
    """The dossier's public status changed. `revision` counts a dossier's changes from 1, without gaps."""

    revision: int = Field(ge=1)
    status: Status
    procedure: ProcedureCode
    pack_version: str
    declarant: TaxCode
    agency: AgencyCode
    changed_at: AwareDatetime
    reason: str = ""
    items: tuple[str, ...] = ()
    outcome: str = ""
    certificate_number: str = ""


class Notified(Fact):
    """A business was told of a status change. `event_id` is the `StatusChanged` fact's id, `answer` the HTTP status."""

    declarant: TaxCode
    subscription: str
    channel: Literal["webhook"]
    event_id: str
    revision: int
    attempts: int = Field(ge=1)
    answer: int
    notified_at: AwareDatetime


SUBMITTED: Final = "vn.nsw.dossier.submitted.v1"
ROUTED: Final = "vn.nsw.dossier.routed.v1"
DELIVERED: Final = "vn.nsw.dossier.delivered.v1"
ACCEPTED: Final = "vn.nsw.dossier.accepted.v1"
REFUSED: Final = "vn.nsw.dossier.refused.v1"
SUPPLEMENT_REQUESTED: Final = "vn.nsw.dossier.supplement-requested.v1"
RESULT_ISSUED: Final = "vn.nsw.dossier.result-issued.v1"
STATUS_CHANGED: Final = "vn.nsw.dossier.status-changed.v1"
NOTIFIED: Final = "vn.nsw.dossier.notified.v1"

FACTS: Final[dict[str, type[Fact]]] = {
    SUBMITTED: Submitted,
    ROUTED: Routed,
    DELIVERED: Delivered,
    ACCEPTED: Accepted,
    REFUSED: Refused,
    SUPPLEMENT_REQUESTED: SupplementRequested,
    RESULT_ISSUED: ResultIssued,
    STATUS_CHANGED: StatusChanged,
    NOTIFIED: Notified,
}
"""Every fact type and its model. A change that readers of today could not read needs a `.v2` beside the `.v1`."""

READ_AS: Final[dict[str, type[Fact]]] = FACTS | {ROUTED: RoutedHead}
"""What readers validate of each type. Work for an agency is handed on with its content unread: intake and routing have
validated it, the agency will, and reading it once more is the dearest step between them."""

AGENCY_FACTS: Final = (DELIVERED, ACCEPTED, REFUSED, SUPPLEMENT_REQUESTED, RESULT_ISSUED)
