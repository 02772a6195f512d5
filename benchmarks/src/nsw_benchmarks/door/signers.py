"""Businesses that sign: for each a key on P-256 and a certificate that names its tax code, by an authority made here.

The authority's certificate is what intake is told to trust; it says nothing of revocation, as a private one may.
"""

import json
from base64 import urlsafe_b64encode
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Final, NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import NameOID

from nsw_benchmarks.businesses import Business

_ECDSA: Final = ec.ECDSA(SHA256())
_LIFE: Final = timedelta(days=30)


class Signer(NamedTuple):
    """One business's key. `protected` is made for each second."""

    tax_code: str
    key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate

    @property
    def sha256(self) -> bytes:
        """The certificate's SHA-256."""
        return sha256(self.certificate.public_bytes(Encoding.DER)).digest()

    @property
    def pem(self) -> str:
        """The certificate as PEM."""
        return self.certificate.public_bytes(Encoding.PEM).decode()

    @property
    def public(self) -> str:
        """The public key as PEM."""
        return self.key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()

    def sign(self, body: bytes, at: int) -> str:
        """`NSW-Signature` over a body: a detached JWS, ES256; `at` in seconds since the epoch."""
        protected = {"alg": "ES256", "x5t#S256": base64url(self.sha256), "iat": at}
        head = base64url(json.dumps(protected, separators=(",", ":")).encode())
        r, s = decode_dss_signature(self.key.sign(f"{head}.{base64url(body)}".encode(), _ECDSA))
        return f"{head}..{base64url(r.to_bytes(32) + s.to_bytes(32))}"


class Authority:
    """A certification authority of one benchmark's run."""

    def __init__(self) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Benchmark CA")])
        self.certificate = (
            self._begun(self._name, self._key.public_key())
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(_usage(signs_certificates=True), critical=True)
            .sign(self._key, SHA256())
        )

    @property
    def pem(self) -> str:
        """Its own certificate as PEM."""
        return self.certificate.public_bytes(Encoding.PEM).decode()

    def signers(self, businesses: Iterable[Business]) -> list[Signer]:
        """A key and a certificate for each business."""
        return [self._signer(business) for business in businesses]

    def _signer(self, business: Business) -> Signer:
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name(
            [
                x509.NameAttribute(NameOID.COMMON_NAME, business.name),
                x509.NameAttribute(NameOID.USER_ID, f"MST:{business.tax_code}"),
            ]
        )
        certificate = (
            self._begun(subject, key.public_key())
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_usage(signs_certificates=False), critical=True)
            .sign(self._key, SHA256())
        )
        return Signer(business.tax_code, key, certificate)

    def _begun(self, subject: x509.Name, key: ec.EllipticCurvePublicKey) -> x509.CertificateBuilder:
        now = datetime.now(UTC)
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - _LIFE)
            .not_valid_after(now + _LIFE)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key()), critical=False)
        )


def base64url(data: bytes) -> str:
    """Base64url without padding."""
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        content_commitment=not signs_certificates,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        encipher_only=False,
        decipher_only=False,
    )
