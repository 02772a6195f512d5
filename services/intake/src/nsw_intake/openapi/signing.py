"""The operations on what is signed with: businesses' certificates, and the window's own keys."""

from typing import Final

from nsw_intake.openapi.answers import CertificateShown, CertificatesShown, KeySet
from nsw_intake.openapi.operation import SHA256, TAX_CODE, Answer, Body, Operation, path_parameter, query
from nsw_intake.signing.errors import CERTIFICATES
from nsw_intake.signing.routes import Registration

DECLARANT: Final = query("declarant", "The business's tax code.", TAX_CODE, required=True)
_EXAMPLE: Final = {
    "declarant": "0100109106",
    "certificate": "-----BEGIN CERTIFICATE-----\nMIIB…\n-----END CERTIFICATE-----\n",
}


def operations() -> list[Operation]:
    """The operations."""
    digest = path_parameter("sha256", "The SHA-256 of the certificate (DER).", SHA256)
    return [
        Operation(
            "POST", CERTIFICATES, "registerCertificate", "signatures", "declarant", "Register a signing certificate",
            {
                201: Answer("It is registered.", CertificateShown, headers=("Location",)),
                200: Answer("It was registered before.", CertificateShown, headers=("Location",)),
            },
            body=Body(Registration, examples={"a certificate": {"value": _EXAMPLE}}),
            problems=(409, 422, 501),
        ),
        Operation(
            "GET", CERTIFICATES, "showCertificates", "signatures", "declarant", "A business's signing certificates",
            {200: Answer("All of them.", CertificatesShown)},
            parameters=(DECLARANT,),
            problems=(404,),
        ),
        Operation(
            "DELETE", f"{CERTIFICATES}/{{sha256}}", "endCertificate", "signatures", "declarant", "End a certificate",
            {204: Answer("Nothing signed with it from now on is taken in; what was signed before stays valid.")},
            parameters=(digest, DECLARANT),
            problems=(404,),
        ),
        Operation(
            "GET", "/v1/keys", "showKeys", "signatures", "public", "The keys that verify receipts",
            {200: Answer("A JWKS.", KeySet, headers=("Cache-Control",))},
        ),
    ]  # fmt: skip
