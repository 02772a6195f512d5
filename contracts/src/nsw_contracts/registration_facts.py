"""Who acts for whom: registrations, made and revoked. Intake states it; every service that lets callers in reads it.

A caller is known by an issuer and a subject: the provider that vouches for it and the name it has there, or, for a
system, one of the two issuers below. Subjects are opaque: a provider's identifier, never a person's name or address.
"""

from typing import Annotated, Final, Literal

from pydantic import AwareDatetime, StringConstraints

from nsw_contracts.parts import Fact

Role = Literal["declarant", "officer", "agency-system", "operator"]
"""`declarant` acts for a business, `officer` and `agency-system` for an agency, `operator` for the window itself."""

Party = Annotated[str, StringConstraints(pattern=r"^([0-9]{10}(-[0-9]{3})?|[A-Z]{3,8})$")]
"""A business's tax code, an agency's code, or `OPERATOR`."""

Identity = Annotated[str, StringConstraints(pattern=r"^[!-~]{1,255}$")]
"""An issuer or a subject: visible ASCII."""

OPERATOR: Final = "NSW"
"""The party of the window's operators."""

CLIENT: Final = "urn:nsw:client"
"""The issuer of systems that sign assertions with a registered key; the subject is their client id."""

CERTIFICATE: Final = "urn:nsw:certificate"
"""The issuer of systems known by a TLS certificate; the subject is its SHA-256 in lower-case hexadecimal."""


class RegistrationFact(Fact):
    """Base of what is said of one registration: that this caller has this role for this party."""

    issuer: Identity
    subject: Identity
    role: Role
    party: Party

    @property
    def key(self) -> str:
        return self.party


class Registered(RegistrationFact):
    """From now on the caller may act for the party; said again when a system's key changes.

    `public_key` is the JWK (RFC 7517) as JSON with which a system of issuer `urn:nsw:client` signs, else empty.
    """

    registered_at: AwareDatetime
    public_key: Annotated[str, StringConstraints(max_length=2000)] = ""


class RegistrationRevoked(RegistrationFact):
    """From now on the caller may not."""

    revoked_at: AwareDatetime
