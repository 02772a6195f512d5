"""Businesses that sign: each with a key on P-256, and a certificate that names its tax code."""

import json
from base64 import urlsafe_b64encode
from hashlib import sha256
from typing import Final, NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

_ECDSA: Final = ec.ECDSA(SHA256())


class Signer(NamedTuple):
    """One business's key."""

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


def base64url(data: bytes) -> str:
    """Base64url without padding."""
    return urlsafe_b64encode(data).rstrip(b"=").decode()
