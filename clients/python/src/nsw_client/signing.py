"""A business's key: signs what is filed, as `NSW-Signature` wants it, and client assertions.

A signature is a detached JWS in compact form (RFC 7515, appendix F) over the raw bytes of the body; its protected
header names the algorithm, the SHA-256 of the signing certificate (`x5t#S256`) and the time (`iat`); for a command
also which one (`command`) for which dossier (`dossier`).
"""

import json
from base64 import urlsafe_b64encode
from collections.abc import Mapping, Sequence
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any, Final, Literal, Self

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.serialization import pkcs12
from joserfc.jwk import ECKey, OKPKey, RSAKey

from nsw_client.errors import KeyUnusable

Algorithm = Literal["ES256", "EdDSA", "RS256", "PS256"]
PrivateKey = ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey | rsa.RSAPrivateKey
LEAST_RSA_BITS: Final = 2048
_BEGINS_PEM: Final = b"-----BEGIN"
_MAKE_ONE: Final = "ECDSA on P-256, Ed25519, or RSA of 2048 bits and more will do"


class SigningKey:
    """A private key with the certificate under which the window knows it, and those between it and a root.

    `algorithm` is ES256 for a key on P-256, EdDSA for Ed25519 and PS256 for RSA, where RS256 may be asked for instead.
    """

    def __init__(
        self,
        key: PrivateKey,
        certificate: x509.Certificate,
        *intermediates: x509.Certificate,
        of_rsa: Literal["RS256", "PS256"] = "PS256",
    ) -> None:
        if certificate.public_key() != key.public_key():
            raise KeyUnusable("the certificate is not this key's: give the one that was issued for it")
        self.algorithm: Algorithm = _algorithm(key, of_rsa)
        self._key = key
        self.certificate = certificate
        self.chain = (certificate, *intermediates)
        der = certificate.public_bytes(serialization.Encoding.DER)
        self.thumbprint = _base64url(sha256(der).digest())
        """`x5t#S256` of the certificate: its SHA-256 in base64url."""
        self.sha256 = sha256(der).hexdigest()
        """The certificate's SHA-256 in hex, by which the window lists it."""

    @classmethod
    def from_files(
        cls,
        key: Path | str,
        certificate: Path | str | None = None,
        *,
        password: str | None = None,
        of_rsa: Literal["RS256", "PS256"] = "PS256",
    ) -> Self:
        """A key file, PEM or PKCS#12; the certificate may stand in the same file or in one of its own.

        Raises:
            KeyUnusable: a file cannot be read, the password is missing or wrong, or the key is of no use here.
        """
        secret = password.encode() if password else None
        data = _read(Path(key))
        private, chain = _pem(data, secret) if _BEGINS_PEM in data else _pkcs12(data, secret)
        if certificate is not None:
            chain = _certificates(_read(Path(certificate)))
        if not chain:
            raise KeyUnusable(f"{key} holds no certificate: give its certificate's file too")
        return cls(private, *chain, of_rsa=of_rsa)

    def sign(self, body: bytes, at: datetime, *, dossier: str | None = None, command: str | None = None) -> str:
        """The value of `NSW-Signature` for a body that is sent as these very bytes.

        What is asked for after filing names its `dossier` and its `command`, so that it counts for nothing else.
        """
        about = {name: said for name, said in (("dossier", dossier), ("command", command)) if said is not None}
        head, _, signature = self._compact({"iat": int(at.timestamp()), **about}, body)
        return f"{head}..{signature}"

    def assertion(self, claims: Mapping[str, Any]) -> str:
        """A JWT of these claims, signed by this key; its header names the certificate."""
        return ".".join(self._compact({"typ": "JWT"}, json.dumps(claims).encode()))

    def _compact(self, header: Mapping[str, Any], payload: bytes) -> tuple[str, str, str]:
        protected = {"alg": self.algorithm, "x5t#S256": self.thumbprint, **header}
        head, said = _base64url(json.dumps(protected, separators=(",", ":")).encode()), _base64url(payload)
        return head, said, _base64url(_signature(self._key, self.algorithm, f"{head}.{said}".encode()))

    def public_jwk(self) -> dict[str, Any]:
        """The public key as a JWK (RFC 7517): what the window's operator registers for `ClientAssertion`."""
        pem = self._key.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        kinds: dict[Algorithm, type[ECKey | OKPKey | RSAKey]] = {"ES256": ECKey, "EdDSA": OKPKey}
        return {**kinds.get(self.algorithm, RSAKey).import_key(pem).as_dict(private=False), "alg": self.algorithm}

    def certificate_pem(self) -> str:
        """The certificate as PEM, then those between it and a root."""
        return "".join(one.public_bytes(serialization.Encoding.PEM).decode() for one in self.chain)


def _algorithm(key: PrivateKey, of_rsa: Literal["RS256", "PS256"]) -> Algorithm:
    if isinstance(key, ec.EllipticCurvePrivateKey) and isinstance(key.curve, ec.SECP256R1):
        return "ES256"
    if isinstance(key, ed25519.Ed25519PrivateKey):
        return "EdDSA"
    if isinstance(key, rsa.RSAPrivateKey) and key.key_size >= LEAST_RSA_BITS:
        return of_rsa
    raise KeyUnusable(f"the window takes no signatures of such a key: {_MAKE_ONE}")


def _signature(key: PrivateKey, algorithm: Algorithm, over: bytes) -> bytes:
    """As JWA has it (RFC 7518, section 3; RFC 8037): for ECDSA the two numbers side by side, 32 bytes each."""
    if isinstance(key, ec.EllipticCurvePrivateKey):
        r, s = decode_dss_signature(key.sign(over, ec.ECDSA(hashes.SHA256())))
        return r.to_bytes(32) + s.to_bytes(32)
    if isinstance(key, ed25519.Ed25519PrivateKey):
        return key.sign(over)
    if algorithm == "PS256":
        return key.sign(over, padding.PSS(padding.MGF1(hashes.SHA256()), hashes.SHA256.digest_size), hashes.SHA256())
    return key.sign(over, padding.PKCS1v15(), hashes.SHA256())


def _base64url(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise KeyUnusable(f"{file} cannot be read: {error.strerror}") from error


def _pem(data: bytes, password: bytes | None) -> tuple[PrivateKey, Sequence[x509.Certificate]]:
    try:
        key = serialization.load_pem_private_key(data, password if b"ENCRYPTED" in data else None)
    except (TypeError, ValueError) as error:
        raise KeyUnusable(_why(error)) from error
    return _private(key), _certificates(data) if b"BEGIN CERTIFICATE" in data else ()


def _pkcs12(data: bytes, password: bytes | None) -> tuple[PrivateKey, Sequence[x509.Certificate]]:
    try:
        key, certificate, others = pkcs12.load_key_and_certificates(data, password)
    except (TypeError, ValueError) as error:
        raise KeyUnusable(_why(error)) from error
    return _private(key), [one for one in (certificate, *others) if one is not None]


def _private(key: object) -> PrivateKey:
    if not isinstance(key, ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey | rsa.RSAPrivateKey):
        raise KeyUnusable(f"the file holds no private key that signs: {_MAKE_ONE}")
    return key


def _certificates(data: bytes) -> Sequence[x509.Certificate]:
    try:
        if _BEGINS_PEM in data:
            return x509.load_pem_x509_certificates(data)
        return [x509.load_der_x509_certificate(data)]
    except ValueError as error:
        raise KeyUnusable("the certificate's file is no X.509 certificate, PEM or DER") from error


def _why(error: Exception) -> str:
    if isinstance(error, TypeError):
        return "the key is encrypted: give its password"
    return "the file is no private key in PEM or PKCS#12, or the password is wrong"
