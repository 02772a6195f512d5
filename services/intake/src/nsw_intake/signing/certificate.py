"""A signing certificate by itself: whose it is, and whether its key is one that the window trusts. Pure.

Whose it is stands in the subject, in the forms certification authorities use: `UID=MST:<tax code>` (every public one in
Vietnam: Viettel-CA, VNPT-CA, FPT-CA, HILO-CA, SAFE-CA and others), the same in `serialNumber`, or an
`organizationIdentifier` of `VATVN-<tax code>` (ETSI EN 319 412-1, section 5.1.4). Whether it can be trusted is for
`revocation` to find out: nothing here is asked of anyone.
"""

import re
from collections.abc import Iterator, Sequence
from datetime import datetime
from hashlib import sha256
from typing import Final, NamedTuple

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.hashes import MD5, SHA1
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

PublicKey = rsa.RSAPublicKey | ec.EllipticCurvePublicKey | ed25519.Ed25519PublicKey

RSA_BITS: Final = range(2048, 8193)  # beyond, one verification costs more than is reasonable
LEAST_EXPONENT: Final = 65537
MOST_CERTIFICATES: Final = 6  # of a chain as it is registered
KEYS: Final = "RSA of 2048 to 8192 bits, ECDSA on P-256 or P-384, or Ed25519"
_TAX_CODE: Final = r"[0-9]{10}(?:-[0-9]{3})?"
_NAMED: Final = (
    (NameOID.USER_ID, re.compile(rf"MST: ?({_TAX_CODE})")),
    (NameOID.SERIAL_NUMBER, re.compile(rf"MST: ?({_TAX_CODE})")),
    (NameOID.ORGANIZATION_IDENTIFIER, re.compile(rf"VATVN-({_TAX_CODE})")),
)


class Unfit(ValueError):
    """The certificate cannot be one to sign with here; the text says why, and what to do."""


class SigningCertificate(NamedTuple):
    """What is known of a certificate from itself. `sha256` is over its DER, in lower-case hexadecimal."""

    sha256: str
    tax_codes: tuple[str, ...]
    holder: str
    issuer: str
    serial: str
    not_before: datetime
    not_after: datetime
    key: PublicKey
    der: bytes


def read_pem(text: str) -> tuple[x509.Certificate, ...]:
    """The certificates of a PEM text: the signing one, then those between it and a root, where they are given.

    Raises:
        Unfit: there is none, one cannot be read, or there are too many.
    """
    try:
        found = tuple(x509.load_pem_x509_certificates(text.encode()))
    except (ValueError, UnsupportedAlgorithm):
        raise Unfit("is no X.509 certificate in PEM; send -----BEGIN CERTIFICATE----- and what follows") from None
    if len(found) > MOST_CERTIFICATES:
        raise Unfit(f"holds more than {MOST_CERTIFICATES} certificates; send the signing one and its intermediates")
    return found


def read(certificate: x509.Certificate) -> SigningCertificate:
    """What a certificate says, when it may be signed with.

    Raises:
        Unfit: its key or its own signature is weak, or it is not for signing, or says nothing that can be read.
    """
    try:
        _require_signing(certificate)
        return SigningCertificate(
            sha256=thumbprint(certificate),
            tax_codes=tuple(sorted(set(_tax_codes(certificate.subject)))),
            holder=_name(certificate.subject),
            issuer=_name(certificate.issuer),
            serial=f"{certificate.serial_number:x}",
            not_before=certificate.not_valid_before_utc,
            not_after=certificate.not_valid_after_utc,
            key=trusted_key(certificate),
            der=certificate.public_bytes(Encoding.DER),
        )
    except Unfit:
        raise
    except (ValueError, UnsupportedAlgorithm):
        raise Unfit("cannot be read; ask the authority that issued it") from None


def thumbprint(certificate: x509.Certificate) -> str:
    """SHA-256 of the certificate's DER."""
    return sha256(certificate.public_bytes(Encoding.DER)).hexdigest()


def trusted_key(certificate: x509.Certificate) -> PublicKey:
    """Its public key, when it is of a kind and strength that is trusted.

    Raises:
        Unfit: it is not.
    """
    try:
        key = certificate.public_key()
    except (ValueError, UnsupportedAlgorithm):
        raise Unfit(f"has a key of a kind that is not taken; {KEYS} is") from None
    match key:
        case rsa.RSAPublicKey():
            if key.key_size in RSA_BITS and key.public_numbers().e >= LEAST_EXPONENT:
                return key
        case ec.EllipticCurvePublicKey():
            if isinstance(key.curve, (ec.SECP256R1, ec.SECP384R1)):
                return key
        case ed25519.Ed25519PublicKey():
            return key
    raise Unfit(f"has a key that is too weak or of a kind that is not taken; {KEYS} is")


def _require_signing(certificate: x509.Certificate) -> None:
    if certificate.version is not x509.Version.v3:
        raise Unfit("is not of X.509 version 3")
    if isinstance(certificate.signature_hash_algorithm, (SHA1, MD5)):
        raise Unfit("was issued with SHA-1 or MD5, which is not trusted any more; ask its authority for another")
    extensions = certificate.extensions
    for extension in extensions:
        if isinstance(extension.value, x509.BasicConstraints) and extension.value.ca:
            raise Unfit("is a certification authority's; register the one you sign with")
        if isinstance(extension.value, x509.KeyUsage):
            usage = extension.value
            if not (usage.digital_signature or usage.content_commitment):
                raise Unfit("may not be used for signing: its keyUsage has neither digitalSignature nor nonRepudiation")


def _tax_codes(subject: x509.Name) -> Iterator[str]:
    for oid, form in _NAMED:
        for attribute in subject.get_attributes_for_oid(oid):
            found = form.fullmatch(str(attribute.value).strip())
            if found is not None:
                yield found[1]


def _name(name: x509.Name) -> str:
    for oid in (NameOID.COMMON_NAME, NameOID.ORGANIZATION_NAME):
        for attribute in name.get_attributes_for_oid(oid):
            return str(attribute.value)[:500].replace("\x00", "")
    return ""


def der_of(certificates: Sequence[x509.Certificate]) -> list[bytes]:
    """Their DER."""
    return [one.public_bytes(Encoding.DER) for one in certificates]
