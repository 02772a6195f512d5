"""What operators send: a registration a line, each judged by itself, and all of them refused for one that is wrong."""

import json
from collections.abc import Sequence
from typing import Any, Final, Self

from nsw_contracts.registration_facts import CERTIFICATE, CLIENT, OPERATOR, Identity, Party, Role
from nsw_contracts.topics import AGENCIES
from nsw_procedures.tax_code import is_tax_code
from nsw_runtime.identity.registration_store import Registration
from nsw_runtime.identity.tokens import public_key
from nsw_runtime.problems import FieldError, Problem
from pydantic import BaseModel, ConfigDict, ValidationError, model_validator
from pydantic_core import PydanticCustomError

ERRORS_SHOWN: Final = 20
KEY_LENGTH: Final = 2000  # of a JWK as JSON; an RSA key of 8192 bits has some 1,400
_DIGEST_LENGTH: Final = 64


class RegistrationLine(BaseModel):
    """One line: who has which role for which party.

    `issuer` and `subject` are a token's `iss` and `sub`. A system that signs assertions has the issuer
    `urn:nsw:client`, its client id as subject and its `public_key` (a JWK); one known by its TLS certificate has
    `urn:nsw:certificate` and the certificate's SHA-256 in lower-case hexadecimal.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    issuer: Identity
    subject: Identity
    role: Role
    party: Party
    public_key: dict[str, Any] | None = None

    @model_validator(mode="after")
    def _fits(self) -> Self:
        known = {"operator": self.party == OPERATOR, "declarant": is_tax_code(self.party)}
        if not known.get(self.role, self.party in AGENCIES):
            raise PydanticCustomError(
                "party", "party: a declarant's is a tax code, an agency's its code, an operator's NSW"
            )
        if (self.issuer == CLIENT) != (self.public_key is not None):
            raise PydanticCustomError("key", "public_key: systems of issuer urn:nsw:client have one, others have none")
        if self.public_key is not None and (public_key(self.public_key) is None or len(self._key()) > KEY_LENGTH):
            raise PydanticCustomError(
                "key", "public_key: a public JWK for ES256, RS256, PS256 (2048 bits or more) or EdDSA is needed"
            )
        if self.issuer == CERTIFICATE and not _is_digest(self.subject):
            raise PydanticCustomError("subject", "subject: the certificate's SHA-256, 64 lower-case hexadecimal digits")
        return self

    def registration(self) -> Registration:
        """As it is kept."""
        return Registration(self.issuer, self.subject, self.role, self.party, self._key())

    def _key(self) -> str:
        return "" if self.public_key is None else json.dumps(self.public_key, sort_keys=True, separators=(",", ":"))


def read_lines(lines: Sequence[bytes]) -> list[Registration]:
    """The registrations of a request.

    Raises:
        Problem: 422, a line is wrong; none of them is to be taken in.
    """
    read, wrong = [], []
    for number, line in enumerate(lines, 1):
        try:
            read.append(RegistrationLine.model_validate_json(line).registration())
        except ValidationError as error:
            wrong += [
                FieldError("".join(f"/{part}" for part in one["loc"]), f"line {number}: {one['msg']}")
                for one in error.errors(include_url=False, include_context=False, include_input=False)
            ]
        if len(wrong) >= ERRORS_SHOWN:
            break
    if wrong:
        raise Problem(
            422,
            "invalid-registration",
            "A registration is not valid",
            "Correct the lines named in `errors` and send all again; none was taken in.",
            errors=wrong[:ERRORS_SHOWN],
        )
    return read


def _is_digest(text: str) -> bool:
    return len(text) == _DIGEST_LENGTH and set(text) <= set("0123456789abcdef")
