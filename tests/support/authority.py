"""A certification authority of a test: a root, an authority under it, a list of revoked certificates and an OCSP
responder, answered over real HTTP on loopback."""

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple

from asn1crypto import x509 as asn1
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp
from cryptography.x509.oid import AuthorityInformationAccessOID, NameOID

DAY = timedelta(days=1)
CA_USAGE = {"key_cert_sign", "crl_sign"}
USAGES = (
    "digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement",
    "key_cert_sign", "crl_sign", "encipher_only", "decipher_only",
)  # fmt: skip


def usage(*wanted: str) -> x509.KeyUsage:
    """A keyUsage of these."""
    return x509.KeyUsage(**{name: name in wanted for name in USAGES})


def new_key(kind: str = "P-256") -> Any:
    """A private key; `kind` is P-256, P-384, P-521, Ed25519 or RSA and its bits."""
    match kind:
        case "P-256":
            return ec.generate_private_key(ec.SECP256R1())
        case "P-384":
            return ec.generate_private_key(ec.SECP384R1())
        case "P-521":
            return ec.generate_private_key(ec.SECP521R1())
        case "secp256k1":
            return ec.generate_private_key(ec.SECP256K1())
        case "Ed25519":
            return ed25519.Ed25519PrivateKey.generate()
    return rsa.generate_private_key(65537, int(kind.removeprefix("RSA")))


def subject(**parts: str) -> x509.Name:
    """A name: C=VN and these, such as `CN`, `UID`, `O`, `organizationIdentifier` and `serialNumber`."""
    oids = {
        "CN": NameOID.COMMON_NAME, "UID": NameOID.USER_ID, "O": NameOID.ORGANIZATION_NAME,
        "organizationIdentifier": NameOID.ORGANIZATION_IDENTIFIER, "serialNumber": NameOID.SERIAL_NUMBER,
    }  # fmt: skip
    return x509.Name(
        [x509.NameAttribute(NameOID.COUNTRY_NAME, "VN")]
        + [x509.NameAttribute(oids[name], value) for name, value in parts.items()]
    )


class Issued(NamedTuple):
    """A certificate with its private key."""

    key: Any
    certificate: x509.Certificate

    @property
    def pem(self) -> str:
        return self.certificate.public_bytes(Encoding.PEM).decode()

    @property
    def sha256(self) -> str:
        return sha256(self.certificate.public_bytes(Encoding.DER)).hexdigest()


class Authority:
    """The authority. `silent`: it does not answer any more; `asked` counts what was asked by path."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.silent = False
        self.asked: Counter[str] = Counter()
        self.revoked: dict[int, datetime] = {}
        self.stale = False
        root_key = new_key()
        root_name = subject(CN="Test Root CA")
        self.root = Issued(root_key, _certificate(root_name, root_name, root_key.public_key(), root_key, ca=True))
        key, name = new_key(), subject(CN="Test Issuing CA")
        made = _certificate(name, root_name, key.public_key(), root_key, ca=True)
        self.issuing = Issued(key, made)

    def roots_pem(self) -> str:
        """What NSW_SIGNING_ROOTS names: the root, and the authority under it."""
        return self.root.pem + self.issuing.pem

    def issue(
        self,
        tax_code: str = "",
        *,
        key: Any = None,
        name: x509.Name | None = None,
        days: tuple[float, float] = (-1, 365),
        crl: bool = True,
        ocsp_too: bool = False,
        signed_by: Issued | None = None,
        extensions: tuple[x509.ExtensionType, ...] = (usage("digital_signature", "content_commitment"),),
    ) -> Issued:
        """A certificate for a business; `days` from and until now."""
        key = key or new_key()
        signer = signed_by or self.issuing
        places: list[x509.ExtensionType] = []
        if crl:
            places.append(_crl_at(f"{self.url}/crl"))
        if ocsp_too:
            access = x509.AccessDescription(
                AuthorityInformationAccessOID.OCSP, x509.UniformResourceIdentifier(f"{self.url}/ocsp")
            )
            places.append(x509.AuthorityInformationAccess([access]))
        made = _certificate(
            name or subject(CN=f"CÔNG TY {tax_code}", UID=f"MST:{tax_code}"),
            signer.certificate.subject,
            key.public_key(),
            signer.key,
            days=days,
            extensions=(*extensions, *places),
        )
        return Issued(key, made)

    def with_sha1(self, issued: Issued) -> Issued:
        """The same certificate, issued with SHA-1, as this OpenSSL makes none any more."""
        made = asn1.Certificate.load(issued.certificate.public_bytes(Encoding.DER))
        for place in (made["tbs_certificate"]["signature"], made["signature_algorithm"]):
            place["algorithm"] = "sha1_ecdsa"
        made["signature_value"] = self.issuing.key.sign(
            made["tbs_certificate"].dump(force=True), ec.ECDSA(hashes.SHA1())
        )
        return Issued(issued.key, x509.load_der_x509_certificate(made.dump(force=True)))

    def revoke(self, issued: Issued) -> None:
        """From now on it is revoked."""
        self.revoked[issued.certificate.serial_number] = datetime.now(UTC) - timedelta(minutes=1)

    def answer(self, path: str, body: bytes) -> tuple[int, str, bytes]:
        """What is asked over HTTP."""
        self.asked[path] += 1
        if self.silent:
            return 503, "text/plain", b"away"
        if path == "/crl":
            return 200, "application/pkix-crl", self._crl()
        if path == "/ocsp":
            return 200, "application/ocsp-response", self._ocsp(body)
        return 404, "text/plain", b""

    def _crl(self) -> bytes:
        now = datetime.now(UTC)
        made = (
            x509.CertificateRevocationListBuilder()
            .issuer_name(self.issuing.certificate.subject)
            .last_update(now - 3 * DAY if self.stale else now - timedelta(minutes=5))
            .next_update(now - 2 * DAY if self.stale else now + DAY)
        )
        for serial, at in self.revoked.items():
            made = made.add_revoked_certificate(
                x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(at).build()
            )
        return made.sign(self.issuing.key, hashes.SHA256()).public_bytes(Encoding.DER)

    def _ocsp(self, body: bytes) -> bytes:
        asked = ocsp.load_der_ocsp_request(body)
        now = datetime.now(UTC)
        at = self.revoked.get(asked.serial_number)
        answer = ocsp.OCSPResponseBuilder().add_response_by_hash(
            issuer_name_hash=asked.issuer_name_hash,
            issuer_key_hash=asked.issuer_key_hash,
            serial_number=asked.serial_number,
            algorithm=asked.hash_algorithm,
            cert_status=ocsp.OCSPCertStatus.GOOD if at is None else ocsp.OCSPCertStatus.REVOKED,
            this_update=now - timedelta(minutes=5),
            next_update=now + timedelta(hours=1),
            revocation_time=at,
            revocation_reason=None,
        )
        for extension in asked.extensions:
            answer = answer.add_extension(extension.value, critical=False)
        made = answer.responder_id(ocsp.OCSPResponderEncoding.HASH, self.issuing.certificate)
        return made.sign(self.issuing.key, hashes.SHA256()).public_bytes(Encoding.DER)


@contextmanager
def authority() -> Iterator[Authority]:
    """An authority that answers until the end."""
    found: list[Authority] = []

    class Handler(BaseHTTPRequestHandler):
        def _answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            status, kind, said = found[0].answer(self.path, body)
            self.send_response(status)
            self.send_header("content-type", kind)
            self.send_header("content-length", str(len(said)))
            self.end_headers()
            self.wfile.write(said)

        do_GET = do_POST = _answer  # noqa: N815

        def log_message(self, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    found.append(Authority(f"http://127.0.0.1:{server.server_port}"))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield found[0]
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _crl_at(url: str) -> x509.CRLDistributionPoints:
    where = x509.DistributionPoint([x509.UniformResourceIdentifier(url)], None, None, None)
    return x509.CRLDistributionPoints([where])


def _certificate(
    name: x509.Name,
    issuer: x509.Name,
    public: Any,
    signer: Any,
    *,
    ca: bool = False,
    days: tuple[float, float] = (-2, 3650),
    extensions: tuple[x509.ExtensionType, ...] = (),
) -> x509.Certificate:
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(issuer)
        .public_key(public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now + days[0] * DAY)
        .not_valid_after(now + days[1] * DAY)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False)
    )
    if ca:
        made = made.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        made = made.add_extension(usage(*CA_USAGE), critical=True)
    for extension in extensions:
        made = made.add_extension(extension, critical=False)
    return made.sign(signer, None if isinstance(signer, ed25519.Ed25519PrivateKey) else hashes.SHA256())
