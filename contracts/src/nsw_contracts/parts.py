"""What facts are made of: the dossier's content and its pieces. Personal data lives in `Contact` alone.

Readers ignore fields they do not know, and every field added later has a default: release N and N+1 read each other.
"""

from datetime import UTC, datetime
from typing import Annotated, Literal

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

Reason = Annotated[str, StringConstraints(min_length=1, max_length=2000)]
Reference = Annotated[str, StringConstraints(max_length=100)]
PackVersion = Annotated[str, StringConstraints(max_length=20)]
Amount = Annotated[str, StringConstraints(pattern=r"^(0|[1-9][0-9]{0,14})(\.[0-9]{1,2})?$")]
"""An amount of money as text, so that no digit is lost."""

Currency = Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]
Outcome = Literal["passed", "failed", "licensed"]
Moment = Annotated[AwareDatetime, Field(ge=datetime(1900, 1, 1, tzinfo=UTC), le=datetime(2999, 12, 31, tzinfo=UTC))]
"""A time that every zone can write: year 1 or 9999 in the wrong one has no UTC, and no reader could store it."""

InspectionMode = Literal["tight", "normal", "reduced", "exempt"]


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
    """What moves, which way, through which gate, from or to which country. A ship has no goods of its own."""

    direction: Literal["import", "export", "transit"]
    border_gate: Text
    partner_country: Country
    goods: tuple[Goods, ...] = Field(default=(), max_length=200)


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


class Signer(Part):
    """Who signed: the SHA-256 of the signing certificate, and the business it is for. Never a person's name."""

    certificate: Sha256
    holder: TaxCode


class Explanation(Part):
    """A sentence of the window's own to a business, in both languages."""

    vi: Text
    en: Text


class LineInspection(Part):
    """How one line of goods is inspected, and why (`facts` of the line's goods, never of their owner).

    `drawn`: the random check took this line although its mode would have spared it.
    """

    line: int = Field(ge=1, le=999)
    hs_code: HsCode
    mode: InspectionMode
    drawn: bool = False
    why: Explanation


class DossierContent(Part):
    """What the business filed. `form` holds the procedure's own fields."""

    procedure: ProcedureCode
    declarant: Declarant
    consignment: Consignment
    form: dict[str, JsonValue] = Field(default_factory=dict, max_length=500)
    documents: tuple[Document, ...] = Field(default=(), max_length=100)
    contact: Contact


class Fact(Part):
    """Base of every fact. `key` is what it is about, and its Kafka key: facts of one key keep their order."""

    @property
    def key(self) -> str:
        """The dossier's number, the party of a registration, or whose a subscription is."""
        raise NotImplementedError


class DossierFact(Fact):
    """Base of what is said of one dossier. Those that give a reason have it in `reason`."""

    number: Number

    @property
    def key(self) -> str:
        return self.number
