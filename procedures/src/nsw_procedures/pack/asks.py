"""What a procedure asks of a dossier: whose it may be, which goods, documents, signatures and fees.

These are rules; `filing` judges a dossier by them.
"""

from typing import Annotated, Literal

from nsw_contracts.events import AgencyCode
from pydantic import Field, StringConstraints

from nsw_procedures.pack.part import Kind, Names, PackPart


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


class Fee(PackPart):
    """A fee as published: `amount` in whole units of `currency`, for each dossier or for each line of goods."""

    code: Kind
    names: Names
    amount: int = Field(ge=1)
    currency: Literal["VND", "USD"] = "VND"
    per: Literal["dossier", "line"] = "dossier"
    basis: str = ""
