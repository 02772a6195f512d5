"""What businesses do: they file dossiers, and ask for things afterwards. Intake states it."""

from typing import Annotated

from pydantic import AwareDatetime, Field, StringConstraints

from nsw_contracts.parts import (
    AgencyCode,
    Amount,
    Currency,
    DossierContent,
    DossierFact,
    PackVersion,
    Reason,
    Reference,
    Sha256,
    Signer,
    TaxCode,
)


class SubmittedHead(DossierFact):
    """`Submitted` without its content."""

    submitted_at: AwareDatetime
    content_sha256: Sha256
    idempotency_key: Annotated[str, StringConstraints(min_length=1, max_length=255)]
    pack_version: PackVersion = ""
    signers: tuple[Signer, ...] = ()
    signed_at: AwareDatetime | None = None


class Submitted(SubmittedHead):
    """The business filed a dossier and the window took it in (function 01; Decree 85, articles 12 and 13).

    `signers`: whose signatures over what was sent the window has verified; none: it was taken in unsigned. `signed_at`:
    when the last of them signed, as that one says.

    `content_sha256` is the SHA-256 of the content's JSON as it stands in this fact. `pack_version` is the version of
    the procedure it was judged by, and stays the dossier's for its whole life.
    """

    content: DossierContent


class CommandFact(DossierFact):
    """Base of what a business asks for after it has filed. Whether it may is routing's to say.

    `in_answer_to` is the revision the business acted on; 0: it did not say. `signers` and `signed_at` as in
    `Submitted`.
    """

    declarant: TaxCode
    filed_at: AwareDatetime
    idempotency_key: Annotated[str, StringConstraints(min_length=1, max_length=255)]
    in_answer_to: int = Field(default=0, ge=0)
    pack_version: PackVersion = ""
    signers: tuple[Signer, ...] = ()
    signed_at: AwareDatetime | None = None


class SupplementFiledHead(CommandFact):
    """`SupplementFiled` without its content."""

    content_sha256: Sha256
    note: Annotated[str, StringConstraints(max_length=2000)] = ""


class SupplementFiled(SupplementFiledHead):
    """The business answers a request for more with the whole dossier as it now is (function 03)."""

    content: DossierContent


class AmendmentFiledHead(CommandFact):
    """`AmendmentFiled` without its content."""

    content_sha256: Sha256
    reason: Reason


class AmendmentFiled(AmendmentFiledHead):
    """The business wants the dossier to be as it is here: an edit while it waits (02), a request afterwards (11)."""

    content: DossierContent


class WithdrawalFiled(CommandFact):
    """The business wants its dossier back: at once while it waits (04), by request afterwards (08)."""

    reason: Reason


class PaymentFiled(CommandFact):
    """The business has paid a fee (19). `agency`: whose fee, where several agencies wait for one."""

    agency: AgencyCode | None = None
    amount: Amount
    currency: Currency
    reference: Reference
    paid_at: AwareDatetime
