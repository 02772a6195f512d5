"""One version of one procedure, whole: its parts and the rules they must keep together.

Dates are local days of Viet Nam. A version holds from `effective_from` until the next one's day.
"""

from collections.abc import Callable, Mapping
from datetime import date
from functools import cached_property
from typing import Annotated, Any, Final, Literal

from nsw_contracts.events import AgencyCode, ProcedureCode
from nsw_contracts.lifecycle import AgencySays
from nsw_contracts.topics import AGENCIES
from pydantic import BeforeValidator, Field, StringConstraints, field_validator, model_validator

from nsw_procedures.form import FormError, checked_form, form_validator
from nsw_procedures.inspection_policy import InspectionPolicy
from nsw_procedures.pack.asks import DocumentRule, Fee, Filers, GoodsRule, SignatureRule
from nsw_procedures.pack.deadlines import Deadlines
from nsw_procedures.pack.example import Example
from nsw_procedures.pack.life import Life
from nsw_procedures.pack.messages import Messages
from nsw_procedures.pack.part import Name, Names, PackPart
from nsw_procedures.wrong import wrong

MOST_SIGNATURES: Final = 5
VERSION: Final = r"^[0-9]{4}\.[0-9]{1,3}$"
Version = Annotated[str, StringConstraints(pattern=VERSION)]
"""A year and a serial within it: `2026.1`."""


class LegalBasis(PackPart):
    """A document of law that the procedure stands on, and from when until when it holds."""

    document: Name
    article: str = ""
    holds_from: date
    holds_until: date | None = None
    note: str = ""


class Retention(PackPart):
    """How long the dossier's state and documents are kept (Decree 85/2019/NĐ-CP, article 4(5))."""

    years: int = Field(ge=1, le=100)
    basis: str


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
