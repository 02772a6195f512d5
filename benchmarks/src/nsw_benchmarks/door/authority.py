"""A certification authority of one benchmark's run: issues signers' certificates, and says that none is revoked."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from nsw_benchmarks.businesses import Business
from nsw_benchmarks.door.signers import Signer

_LIFE: Final = timedelta(days=30)


class Authority:
    """One authority; `crl_url` is where its list of revoked certificates is had."""

    def __init__(self, crl_url: str) -> None:
        self._crl_url = crl_url
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

    def crl(self) -> bytes:
        """The list of revoked certificates, empty, as DER."""
        now = datetime.now(UTC)
        return (
            x509.CertificateRevocationListBuilder()
            .issuer_name(self._name)
            .last_update(now - timedelta(hours=1))
            .next_update(now + timedelta(days=1))
            .add_extension(x509.CRLNumber(1), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key()), critical=False)
            .sign(self._key, SHA256())
            .public_bytes(Encoding.DER)
        )

    def _crl_point(self) -> x509.DistributionPoint:
        return x509.DistributionPoint([x509.UniformResourceIdentifier(self._crl_url)], None, None, None)

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
            .add_extension(x509.CRLDistributionPoints([self._crl_point()]), critical=False)
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


@contextmanager
def authority() -> Iterator[Authority]:
    """An authority whose list can be had over HTTP while this lasts."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            content = made.crl()
            self.send_response(200)
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        made = Authority(f"http://127.0.0.1:{server.server_port}/list.crl")
        thread = Thread(target=server.serve_forever)
        thread.start()
        try:
            yield made
        finally:
            server.shutdown()
            thread.join()
