"""The development authority: a certification authority of one local stack, which certifies anybody as anybody.

Its root and every certificate it issues say `NSW DEVELOPMENT ONLY`, and a window in production refuses to trust a root
that says so. Three files in a folder of its own: its key (only its owner may read it) and its root, both made once, and
the serials it has revoked. The development issuer (`issuer.py`) serves the list of these, signed anew for each request.
"""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final, NamedTuple, Self

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
    pkcs12,
)
from cryptography.x509.oid import NameOID

from .errors import LocalStackError

DEVELOPMENT_ONLY: Final = "NSW DEVELOPMENT ONLY"
"""The organization of the root and of every holder; intake knows this word, too."""

LIST_PATH: Final = "/authority/revoked.crl"
"""Where the development issuer serves the list of revoked certificates."""

ROOT_FILE: Final = "root.pem"
_KEY_FILE: Final = "key.pem"
_REVOKED_FILE: Final = "revoked"
_ROOT_LIFE: Final = timedelta(days=3650)
_LIFE: Final = timedelta(days=365)
_LIST_LIFE: Final = timedelta(days=1)
_BEFORE: Final = timedelta(hours=1)
"""Certificates and lists begin a little earlier than they are made, for clocks that are behind."""


class Issued(NamedTuple):
    """A key on P-256 and its certificate."""

    key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate

    def pkcs12(self, password: str | None) -> bytes:
        """Both as PKCS#12, encrypted where there is a password."""
        hiding: KeySerializationEncryption = BestAvailableEncryption(password.encode()) if password else NoEncryption()
        return pkcs12.serialize_key_and_certificates(b"business", self.key, self.certificate, None, hiding)


class DevelopmentAuthority:
    """The authority of one folder."""

    def __init__(self, folder: Path, key: ec.EllipticCurvePrivateKey, root: x509.Certificate) -> None:
        self._folder = folder
        self._key = key
        self.root = root

    @classmethod
    def of(cls, folder: Path) -> Self:
        """The folder's authority, made where there is none yet.

        Raises:
            LocalStackError: its files cannot be used.
        """
        if not (folder / ROOT_FILE).exists():
            _make(folder)
        try:
            key = load_pem_private_key((folder / _KEY_FILE).read_bytes(), None)
            root = x509.load_pem_x509_certificate((folder / ROOT_FILE).read_bytes())
        except (OSError, ValueError) as error:
            raise LocalStackError(f"{folder} holds no usable development authority: {error}. {_AGAIN}") from error
        if not isinstance(key, ec.EllipticCurvePrivateKey) or key.public_key() != root.public_key():
            raise LocalStackError(f"{folder} holds a key and a root that do not belong together. {_AGAIN}")
        return cls(folder, key, root)

    def issue(self, tax_code: str, list_url: str) -> Issued:
        """A new key and a certificate for a business; `list_url`: where the list of revoked certificates is had."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = _name(f"Business {tax_code} (development)", (NameOID.USER_ID, f"MST:{tax_code}"))
        where = x509.DistributionPoint([x509.UniformResourceIdentifier(list_url)], None, None, None)
        certificate = (
            _begun(subject, self.root.subject, key, self._key, _LIFE)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_usage(certifies=False), critical=True)
            .add_extension(x509.CRLDistributionPoints([where]), critical=False)
            .sign(self._key, SHA256())
        )
        return Issued(key, certificate)

    def has_issued(self, certificate: x509.Certificate) -> bool:
        """Whether a certificate is one of this authority's."""
        try:
            certificate.verify_directly_issued_by(self.root)
        except (InvalidSignature, TypeError, ValueError):
            return False
        return True

    def revoke(self, certificate: x509.Certificate) -> None:
        """From now on the list names this certificate; again does no harm."""
        serial = f"{certificate.serial_number:x}"
        if serial not in self._revoked():
            with (self._folder / _REVOKED_FILE).open("a", encoding="ascii") as file:
                file.write(f"{serial} {datetime.now(UTC).isoformat(timespec='seconds')}\n")

    def revoked_list(self) -> bytes:
        """The list of revoked certificates as it is now, as DER (RFC 5280, section 5)."""
        now, revoked = datetime.now(UTC), self._revoked()
        made = (
            x509.CertificateRevocationListBuilder()
            .issuer_name(self.root.subject)
            .last_update(now - _BEFORE)
            .next_update(now + _LIST_LIFE)
            .add_extension(x509.CRLNumber(len(revoked) + 1), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key()), critical=False)
        )
        for serial, at in revoked.items():
            one = x509.RevokedCertificateBuilder().serial_number(int(serial, 16)).revocation_date(at).build()
            made = made.add_revoked_certificate(one)
        return made.sign(self._key, SHA256()).public_bytes(Encoding.DER)

    def _revoked(self) -> dict[str, datetime]:
        """Since when which serials, in hexadecimal, are revoked."""
        file = self._folder / _REVOKED_FILE
        lines = file.read_text(encoding="ascii").splitlines() if file.exists() else []
        return {serial: datetime.fromisoformat(at) for serial, at in (line.split() for line in lines)}


_AGAIN: Final = "Stop the stack and remove that folder: the next start makes another, and what it issued counts no more"


def write_private(file: Path, content: bytes) -> None:
    """A new file that only its owner may read.

    Raises:
        FileExistsError: it is there already.
    """
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as opened:
        opened.write(content)


def _make(folder: Path) -> None:
    """The root is written last: where it is, the rest is there, too."""
    folder.mkdir(parents=True, exist_ok=True)
    key = ec.generate_private_key(ec.SECP256R1())
    name = _name("Development CA of a local stack, for no real use")
    root = (
        _begun(name, name, key, key, _ROOT_LIFE)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(certifies=True), critical=True)
        .sign(key, SHA256())
    )
    (folder / _KEY_FILE).unlink(missing_ok=True)
    write_private(folder / _KEY_FILE, key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    (folder / ROOT_FILE).write_bytes(root.public_bytes(Encoding.PEM))


def _name(common: str, *more: tuple[x509.ObjectIdentifier, str]) -> x509.Name:
    said = ((NameOID.ORGANIZATION_NAME, DEVELOPMENT_ONLY), (NameOID.COMMON_NAME, common), *more)
    return x509.Name([x509.NameAttribute(oid, value) for oid, value in said])


def _begun(
    subject: x509.Name,
    issuer: x509.Name,
    key: ec.EllipticCurvePrivateKey,
    by: ec.EllipticCurvePrivateKey,
    life: timedelta,
) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _BEFORE)
        .not_valid_after(now + life)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(by.public_key()), critical=False)
    )


def _usage(*, certifies: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not certifies,
        content_commitment=not certifies,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=certifies,
        crl_sign=certifies,
        encipher_only=False,
        decipher_only=False,
    )
