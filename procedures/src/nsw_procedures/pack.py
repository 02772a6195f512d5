"""A procedure pack: everything the window must know of one procedure, in one dated version.

A pack is data. What is written here is its shape and the rules it must keep by itself; `packs` reads files, `filing`
judges dossiers by it. Dates are local days of Viet Nam. A version holds from `effective_from` until the next one's day.
"""

from collections.abc import Callable, Mapping
from datetime import date
from functools import cached_property
from itertools import pairwise
from typing import Annotated, Any, Final, Literal

from nsw_contracts.events import AgencyCode, ProcedureCode
from nsw_contracts.lifecycle import STATUSES, AgencySays, Told
from nsw_contracts.topics import AGENCIES
from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    StringConstraints,
    field_validator,
    model_validator,
)

from nsw_procedures.calendar import Term, parse_term, term_text
from nsw_procedures.form import FormError, checked_form, form_validator
from nsw_procedures.inspection_policy import InspectionPolicy
from nsw_procedures.wrong import wrong

Stage = Literal["agreeing", "testing", "connected", "live", "retired"]
STAGES: Final[tuple[Stage, ...]] = ("agreeing", "testing", "connected", "live", "retired")

MOST_SIGNATURES: Final = 5
VERSION: Final = r"^[0-9]{4}\.[0-9]{1,3}$"
Version = Annotated[str, StringConstraints(pattern=VERSION)]
"""A year and a serial within it: `2026.1`."""

Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500)]
Kind = Annotated[str, StringConstraints(pattern=r"^[a-z0-9-]{1,40}$")]
Outcome = Literal["passed", "failed", "licensed"]


def _term(value: object) -> Term:
    try:
        return value if isinstance(value, Term) else parse_term(str(value))
    except ValueError as error:
        raise wrong(str(error)) from None


Length = Annotated[Term, BeforeValidator(_term), PlainSerializer(term_text, return_type=str)]
"""A length of time, written `3 working days`, `4 working hours`, `1 hour` or `30 days`."""


class PackPart(BaseModel):
    """Base of everything in a pack: a field nobody knows is a mistake."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Names(PackPart):
    """A name or text in both languages."""

    vi: Name
    en: Name


class LegalBasis(PackPart):
    """A document of law that the procedure stands on, and from when until when it holds."""

    document: Name
    article: str = ""
    holds_from: date
    holds_until: date | None = None
    note: str = ""


class Life(PackPart):
    """The day on which the procedure reached each stage; stages not reached are left out."""

    agreeing: date | None = None
    testing: date | None = None
    connected: date | None = None
    live: date | None = None
    retired: date | None = None

    @model_validator(mode="after")
    def _in_order(self) -> "Life":
        days = [(stage, day) for stage in STAGES if (day := getattr(self, stage)) is not None]
        if not days:
            raise wrong("name at least the day on which agreeing it began")
        for (earlier, day), (later, next_day) in pairwise(days):
            if next_day < day:
                raise wrong(f"{later} ({next_day}) stands before {earlier} ({day})")
        return self

    def stage(self, on: date) -> Stage | None:
        """The stage reached on a day; None before the first."""
        reached: Stage | None = None
        for stage in STAGES:
            day = getattr(self, stage)
            if day is not None and day <= on:
                reached = stage
        return reached


class GoodsRule(PackPart):
    """Which goods the procedure is about. `hs` are prefixes of HS codes, 2 to 10 digits; empty: any goods.

    `lines` says whether a dossier names goods: `required`, `optional`, or `none` (a permit for a vehicle, a ship).
    """

    lines: Literal["required", "optional", "none"] = "required"
    hs: tuple[Annotated[str, StringConstraints(pattern=r"^[0-9]{2,10}$")], ...] = ()


class Filers(PackPart):
    """Who may file: a business (ten digits), a branch of one (`-NNN`), or both; `note` where the law narrows it."""

    kinds: tuple[Literal["business", "branch"], ...] = Field(min_length=1)
    note: Names | None = None


class DocumentRule(PackPart):
    """A document of the dossier. `largest_mb` is in 10^6 bytes.

    `final_word`: the agency whose word on this document is final where agencies differ (Decree 85/2019/NĐ-CP, article
    34(2)); without it, the lead agency's.
    """

    kind: Kind
    names: Names
    required: bool = True
    media_types: tuple[str, ...] = ("application/pdf",)
    largest_mb: int = Field(default=20, ge=1, le=2000)
    final_word: AgencyCode | None = None


SignerRole = Literal["declarant", "co-signer"]


class SignatureRule(PackPart):
    """A signature the procedure asks for (Decree 85/2019/NĐ-CP, article 12), each made with a certificate of its own.

    `declarant`: with one of the declarant's certificates; `co-signer`: with one of another business, such as a broker.
    """

    role: SignerRole
    names: Names | None = None


class AgencyDeadlines(PackPart):
    """An agency's time to accept, refuse or ask (`acceptance`), and from acceptance to its result (`decision`)."""

    acceptance: Length
    decision: Length


class Deadlines(AgencyDeadlines):
    """The agencies' deadlines. `warning`: so long before a deadline the agency is warned.

    `answer`: the declarant's time to answer a request. `agencies`: other deadlines for some of them.
    """

    warning: Length
    answer: Length
    agencies: Mapping[AgencyCode, AgencyDeadlines] = Field(default_factory=dict)

    def of(self, agency: str) -> AgencyDeadlines:
        """The deadlines of one agency."""
        return self.agencies.get(agency, self)


class Fee(PackPart):
    """A fee as published: `amount` in whole units of `currency`, for each dossier or for each line of goods."""

    code: Kind
    names: Names
    amount: int = Field(ge=1)
    currency: Literal["VND", "USD"] = "VND"
    per: Literal["dossier", "line"] = "dossier"
    basis: str = ""


class Outgoing(PackPart):
    """What the agency is told (`tells`), in the ministry's own type and function; `content` is its body's element.

    `elements`: what fills the content's elements beside the form, by path below the content (`vnsw/sources.py`).
    """

    tells: Told
    type: Annotated[str, StringConstraints(min_length=1, max_length=3)]
    function: Annotated[str, StringConstraints(min_length=1, max_length=3)]
    content: str = ""
    elements: Mapping[str, str] = Field(default_factory=dict)


class Incoming(PackPart):
    """What the ministry's type and function mean (`means`); a result says with which outcome.

    `fields`: the element of the content behind each field of the agency's fact; `or …` is said where it is empty.
    """

    type: Annotated[str, StringConstraints(min_length=1, max_length=3)]
    function: Annotated[str, StringConstraints(min_length=1, max_length=3)]
    means: AgencySays
    outcome: Outcome | None = None
    content: str = ""
    fields: Mapping[str, str] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _outcome(self) -> "Incoming":
        if (self.means in ("result-issued", "result-amended")) != (self.outcome is not None):
            raise wrong("`outcome` goes with result-issued and result-amended, and with nothing else")
        return self


class Messages(PackPart):
    """The ministry's own codes. `statuses`: its status codes and the window's status for each."""

    protocol: Literal["canonical", "vnsw"] = "canonical"
    statuses: Mapping[str, str] = Field(default_factory=dict)
    outgoing: tuple[Outgoing, ...] = ()
    incoming: tuple[Incoming, ...] = ()

    @field_validator("statuses")
    @classmethod
    def _known(cls, value: Mapping[str, str]) -> Mapping[str, str]:
        for code, status in value.items():
            if status not in STATUSES and status != "draft":
                raise wrong(f"code {code}: no status {status!r}; there are draft, {', '.join(STATUSES)}")
        return value

    @model_validator(mode="after")
    def _each_once(self) -> "Messages":
        seen: set[tuple[str, str]] = set()
        for one in self.incoming:
            if (one.type, one.function) in seen:
                raise wrong(f"type {one.type} function {one.function} comes in twice; one meaning for each")
            seen.add((one.type, one.function))
        told = [one.tells for one in self.outgoing]
        for tells in told:
            if told.count(tells) > 1:
                raise wrong(f"`tells: {tells}` stands twice in outgoing")
        return self


class Retention(PackPart):
    """How long the dossier's state and documents are kept (Decree 85/2019/NĐ-CP, article 4(5))."""

    years: int = Field(ge=1, le=100)
    basis: str


class ExampleGoods(PackPart):
    """One line of an example's goods."""

    hs_code: str
    description: str
    origin_country: str
    quantity: str
    unit: str


class Example(PackPart):
    """A dossier as a business would file it, and what then happens to it: told in documents, tried by the tests.

    `documents` names kinds. `story` is what follows, one step a line: `BYTE accepted`, `BYTE result-issued licensed`,
    `declarant payment`; `ends` is the dossier's status after it.
    """

    name: Names
    direction: Literal["import", "export", "transit"]
    border_gate: str
    partner_country: str
    goods: tuple[ExampleGoods, ...] = ()
    form: Mapping[str, Any] = Field(default_factory=dict)
    documents: tuple[Kind, ...] = ()
    story: tuple[str, ...] = Field(min_length=1)
    ends: str


class Pack(PackPart):
    """One version of one procedure.

    `placeholder`: it stands for a real procedure whose code and name are not known. `provisional_code`: the procedure
    is real, its code is this project's own until the deployed one is known. `four_eyes`: what an officer says only once
    a second officer has agreed.
    """

    code: ProcedureCode
    version: Version
    effective_from: date
    placeholder: bool = False
    provisional_code: bool = False
    names: Names
    lead_agency: AgencyCode
    coordinating_agencies: tuple[AgencyCode, ...] = ()
    life: Life
    legal_basis: tuple[LegalBasis, ...] = Field(min_length=1)
    directions: tuple[Literal["import", "export", "transit"], ...] = Field(min_length=1)
    who_may_file: Filers
    goods: GoodsRule = GoodsRule()
    form: Annotated[Mapping[str, Any], BeforeValidator(checked_form)]
    documents: tuple[DocumentRule, ...] = ()
    signatures: tuple[SignatureRule, ...] = (SignatureRule(role="declarant"),)
    deadlines: Deadlines
    four_eyes: tuple[AgencySays, ...] = ()
    fees: tuple[Fee, ...] = ()
    messages: Messages = Messages()
    inspection: InspectionPolicy | None = None
    retention: Retention
    examples: tuple[Example, ...] = ()

    @field_validator("lead_agency")
    @classmethod
    def _known_lead(cls, value: str) -> str:
        return _known_agency(value)

    @field_validator("coordinating_agencies")
    @classmethod
    def _known_others(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for agency in value:
            _known_agency(agency)
            if value.count(agency) > 1:
                raise wrong(f"{agency} stands twice")
        return value

    @field_validator("documents")
    @classmethod
    def _kinds_once(cls, value: tuple[DocumentRule, ...]) -> tuple[DocumentRule, ...]:
        kinds = [rule.kind for rule in value]
        for kind in kinds:
            if kinds.count(kind) > 1:
                raise wrong(f"the kind {kind} stands twice")
        return value

    @field_validator("signatures")
    @classmethod
    def _declarant_signs(cls, value: tuple[SignatureRule, ...]) -> tuple[SignatureRule, ...]:
        if not any(rule.role == "declarant" for rule in value):
            raise wrong("the declarant signs what it files: name a signature of role declarant")
        if len(value) > MOST_SIGNATURES:
            raise wrong(f"at most {MOST_SIGNATURES} signatures")
        return value

    @model_validator(mode="after")
    def _whole(self) -> "Pack":
        if self.lead_agency in self.coordinating_agencies:
            raise wrong(f"{self.lead_agency} cannot both lead and coordinate")
        for agency in self.deadlines.agencies:
            if agency not in self.agencies:
                raise wrong(f"deadlines.agencies names {agency}, which takes no part in this procedure")
        for rule in self.documents:
            if rule.final_word is not None and rule.final_word not in self.agencies:
                raise wrong(f"document {rule.kind}: {rule.final_word} takes no part in this procedure")
        if not self.placeholder and self.life.live is not None and not self.examples:
            raise wrong("a live procedure needs at least one example")
        return self

    @cached_property
    def form_errors(self) -> Callable[[Any], list[FormError]]:
        """Judges a form by this pack's schema; an empty list: nothing is wrong with it."""
        return form_validator(self.form)

    @property
    def agencies(self) -> tuple[str, ...]:
        """The lead agency, then the coordinating ones."""
        return (self.lead_agency, *self.coordinating_agencies)


def _known_agency(code: str) -> str:
    if code not in AGENCIES:
        raise wrong(f"no agency {code}; there are {', '.join(AGENCIES)}")
    return code
