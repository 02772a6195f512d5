"""HTTP of signatures: the certificates a business signs with, and the keys by which its receipts are verified."""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from nsw_procedures.tax_code import is_tax_code
from nsw_runtime.clock import Clock
from nsw_runtime.database import UNAVAILABLE, Pool
from nsw_runtime.identity import caller_of, guarded, require_acting
from nsw_runtime.problems import FieldError, unavailable
from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute

from nsw_intake.errors import bad_parameters
from nsw_intake.incoming import JSON, read_body, require
from nsw_intake.parsing import parse_json, valid
from nsw_intake.signing import store
from nsw_intake.signing.certificate import SigningCertificate, Unfit, der_of, read, read_pem
from nsw_intake.signing.errors import (
    CERTIFICATES,
    certificate_ended,
    certificate_taken,
    no_roots,
    status_unknown,
    unfit,
    unknown_certificate,
)
from nsw_intake.signing.known import KnownCertificates
from nsw_intake.signing.receipts import ReceiptKeys
from nsw_intake.signing.revocation import StatusChecker
from nsw_intake.signing.store import CertificateRow

MOST_BODY: Final = 64 * 1024
KEYS_SECONDS: Final = 300  # how long a verifier may keep the keys
AGAIN: Final = "Certificates cannot be reached now. Try again shortly."
_SHA256: Final = re.compile(r"[0-9a-f]{64}")


class Registration(BaseModel):
    """A certificate to sign with: whose, and its PEM, followed by its intermediates' where the window lacks them."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    declarant: str = Field(pattern=r"^[0-9]{10}(-[0-9]{3})?$")
    certificate: str = Field(min_length=1, max_length=MOST_BODY)


class SigningRoutes:
    """The handlers."""

    def __init__(
        self, *, pool: Pool, clock: Clock, known: KnownCertificates, checker: StatusChecker, keys: ReceiptKeys
    ) -> None:
        self._pool = pool
        self._clock = clock
        self._known = known
        self._checker = checker
        self._keys = keys

    def routes(self) -> list[BaseRoute]:
        """The routes."""
        return [
            guarded(CERTIFICATES, self.register, methods=["POST"], access="declarant"),
            guarded(CERTIFICATES, self.show, methods=["GET"], access="declarant"),
            guarded(CERTIFICATES + "/{sha256}", self.end, methods=["DELETE"], access="declarant"),
            guarded("/v1/keys", self.keys, methods=["GET"], access="public"),
        ]

    async def register(self, request: Request) -> Response:
        """`POST /v1/signing-certificates`: 201 and the certificate, 200 where it is registered already."""
        require(request, JSON)
        asked = valid(Registration, parse_json(await read_body(request, MOST_BODY)))
        require_acting(caller_of(request), asked.declarant, "/declarant")
        if not self._checker.trusts_any:
            raise no_roots()
        try:
            first, *rest = read_pem(asked.certificate)
            certificate = read(first)
        except Unfit as error:
            raise unfit(str(error)) from None
        self._fits(certificate, asked.declarant)
        good_at = await self._found_good(certificate, der_of(rest))
        row = self._row(certificate, asked.declarant, der_of(rest), good_at)
        try:
            async with self._pool.acquire() as connection:
                new = await store.register(connection, row)
                held = (await store.certificates(connection, [row.sha256])).get(row.sha256)
        except UNAVAILABLE as error:
            raise unavailable(AGAIN) from error
        if held is None or held.declarant != asked.declarant:
            raise certificate_taken()
        if held.ended_at is not None:
            raise certificate_ended()
        self._known.forget(row.sha256)
        return JSONResponse(
            held.shown(),
            status_code=201 if new else 200,
            headers={"location": f"{CERTIFICATES}/{row.sha256}?declarant={asked.declarant}"},
        )

    async def show(self, request: Request) -> Response:
        """`GET /v1/signing-certificates?declarant=TAXCODE`: a business's certificates, the ended ones too."""
        declarant = _declarant(request)
        require_acting(caller_of(request), declarant, "/declarant")
        try:
            async with self._pool.acquire() as connection:
                rows = await store.certificates_of(connection, declarant)
        except UNAVAILABLE as error:
            raise unavailable(AGAIN) from error
        return JSONResponse({"certificates": [row.shown() for row in rows]})

    async def end(self, request: Request) -> Response:
        """`DELETE /v1/signing-certificates/{sha256}?declarant=TAXCODE`: 204; what it signed before stays valid."""
        declarant, sha256 = _declarant(request), str(request.path_params["sha256"])
        require_acting(caller_of(request), declarant, "/declarant")
        try:
            async with self._pool.acquire() as connection:
                ended = bool(_SHA256.fullmatch(sha256)) and await store.end(
                    connection, sha256, declarant, self._clock()
                )
        except UNAVAILABLE as error:
            raise unavailable(AGAIN) from error
        if not ended:
            raise unknown_certificate()
        self._known.forget(sha256)
        return Response(status_code=204)

    async def keys(self, _: Request) -> Response:
        """`GET /v1/keys`: the JSON Web Key Set (RFC 7517) by which receipts are verified."""
        return JSONResponse(self._keys.jwks, headers={"cache-control": f"public, max-age={KEYS_SECONDS}"})

    def _fits(self, certificate: SigningCertificate, declarant: str) -> None:
        if declarant not in certificate.tax_codes:
            raise unfit(
                f"is not for the tax code {declarant}: its subject names it neither in UID (MST:…) nor in serialNumber "
                "(MST:…) nor in organizationIdentifier (VATVN-…)"
            )
        if not certificate.not_before <= self._clock() <= certificate.not_after:
            raise unfit(f"is valid from {certificate.not_before:%Y-%m-%d} to {certificate.not_after:%Y-%m-%d} only")

    async def _found_good(self, certificate: SigningCertificate, chain: list[bytes]) -> datetime:
        finding = await self._checker.check(certificate.der, chain)
        if finding.kind == "unknown":
            raise status_unknown()
        if finding.kind != "good":
            raise unfit(finding.detail)
        return finding.at

    def _row(
        self, certificate: SigningCertificate, declarant: str, chain: list[bytes], good_at: datetime
    ) -> CertificateRow:
        return CertificateRow(
            sha256=certificate.sha256,
            declarant=declarant,
            holder=certificate.holder,
            issuer=certificate.issuer,
            serial=certificate.serial,
            not_before=certificate.not_before,
            not_after=certificate.not_after,
            certificate=certificate.der,
            chain=chain,
            registered_at=self._clock(),
            ended_at=None,
            good_at=good_at,
            revoked_at=None,
        )


def _declarant(request: Request) -> str:
    query: Mapping[str, Any] = request.query_params
    declarant = str(query.get("declarant", ""))
    if not is_tax_code(declarant):
        raise bad_parameters([FieldError("/declarant", "name the business by its tax code: ?declarant=0100109106")])
    return declarant
