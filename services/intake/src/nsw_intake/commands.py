"""What a business may ask for after it has filed: the bodies it sends, and the facts they become. Pure.

A supplement and an amendment bring the whole dossier as it is to be, judged by the pack the dossier was first judged
by.
"""

from datetime import datetime
from hashlib import sha256
from typing import Annotated, Any, Final, NamedTuple

from nsw_contracts.events import (
    AMENDMENT_FILED,
    PAYMENT_FILED,
    SUPPLEMENT_FILED,
    WITHDRAWAL_FILED,
    AgencyCode,
    AmendmentFiledHead,
    Amount,
    CommandFact,
    Currency,
    DossierContent,
    Moment,
    PaymentFiled,
    Reason,
    Reference,
    SupplementFiledHead,
    WithdrawalFiled,
)
from nsw_contracts.lifecycle import POSSIBLE, Command
from nsw_procedures.packs import packs
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from nsw_intake.command_store import Standing
from nsw_intake.documents.references import References
from nsw_intake.door import own_form
from nsw_intake.errors import not_possible, other_dossier
from nsw_intake.parsing import judged
from nsw_intake.signing.claims import UNSIGNED, Claim
from nsw_intake.signing.signatures import signers
from nsw_intake.signing.store import Signed


class Body(BaseModel):
    """Base of what a business sends. `in_answer_to`: the revision of the fact it acts on, where it acts on one."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    in_answer_to: int = Field(default=0, ge=0)


class SupplementBody(Body):
    """The whole dossier, supplemented."""

    dossier: DossierContent
    note: Annotated[str, StringConstraints(max_length=2000)] = ""


class AmendmentBody(Body):
    """The whole dossier as it is to be, and why."""

    dossier: DossierContent
    reason: Reason


class WithdrawalBody(Body):
    """Why the dossier is withdrawn."""

    reason: Reason


class PaymentBody(Body):
    """What was paid, when, under which reference of the bank; `agency` where several await a fee."""

    amount: Amount
    currency: Currency
    reference: Reference
    paid_at: Moment
    agency: AgencyCode | None = None


BODIES: Final[dict[Command, type[Body]]] = {
    "supplement": SupplementBody,
    "amendment": AmendmentBody,
    "withdrawal": WithdrawalBody,
    "payment": PaymentBody,
}
FACT_TYPES: Final[dict[Command, str]] = {
    "supplement": SUPPLEMENT_FILED,
    "amendment": AMENDMENT_FILED,
    "withdrawal": WITHDRAWAL_FILED,
    "payment": PAYMENT_FILED,
}


class Request(NamedTuple):
    """A command on its way in, with its body read."""

    number: str
    command: Command
    body: Body
    idempotency_key: str
    traceparent: str | None
    claim: Claim | Signed = UNSIGNED

    @property
    def sha256(self) -> str:
        """What tells two commands under one key apart."""
        return sha256(f"{self.command}\x1f{self.body.model_dump_json()}".encode()).hexdigest()


class Filing(NamedTuple):
    """A command that may be taken in: its fact's head and, where it brings a dossier, that one's JSON and documents."""

    request: Request
    fact: CommandFact
    content: bytes | None
    references: References


def filing(request: Request, standing: Standing, at: datetime, base: str = "") -> Filing:
    """The command as a fact, when the dossier stands so that it may be asked for. Routing judges for good.

    Raises:
        Problem: 409, the dossier does not stand so; 422, the dossier it brings is not what the procedure asks for.
    """
    body, possible = request.body, POSSIBLE[standing.status]
    if request.command not in possible and body.in_answer_to <= standing.revision:
        raise not_possible(request.command, standing.status, possible)
    known: dict[str, Any] = {
        "number": request.number,
        "declarant": standing.declarant,
        "filed_at": at,
        "idempotency_key": request.idempotency_key,
        "in_answer_to": body.in_answer_to,
        "pack_version": standing.pack_version,
        **signers(request.claim),
    }
    none = References(standing.declarant)
    match body:
        case SupplementBody(dossier=dossier, note=note):
            content, digest = _dossier(dossier, standing, base)
            referred = References(standing.declarant, dossier.documents, f"{base}/dossier")
            return Filing(request, SupplementFiledHead(**known, note=note, content_sha256=digest), content, referred)
        case AmendmentBody(dossier=dossier, reason=reason):
            content, digest = _dossier(dossier, standing, base)
            referred = References(standing.declarant, dossier.documents, f"{base}/dossier")
            return Filing(request, AmendmentFiledHead(**known, reason=reason, content_sha256=digest), content, referred)
        case PaymentBody():
            paid = body.model_dump(exclude={"in_answer_to"})
            return Filing(request, PaymentFiled(**known, **paid), None, none)
        case WithdrawalBody(reason=reason):
            return Filing(request, WithdrawalFiled(**known, reason=reason), None, none)
    raise AssertionError(f"no command has the body {type(body).__name__}")


def _dossier(dossier: DossierContent, standing: Standing, base: str) -> tuple[bytes, str]:
    if (dossier.procedure, dossier.declarant.tax_code) != (standing.procedure, standing.declarant):
        raise other_dossier(f"{base}/dossier")
    pack = packs().version(standing.procedure, standing.pack_version)
    if pack is not None:  # a version this release does not know: routing parks what it cannot judge
        judged(pack, dossier, f"{base}/dossier")
    return own_form(dossier)
