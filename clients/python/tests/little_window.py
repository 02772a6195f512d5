"""A little window over real HTTP: keeps what it was sent, answers as it was told, breaks off where it was told to."""

import json
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519

CUT = 0
"""In place of a status: the connection ends without an answer."""


@dataclass(frozen=True)
class Asked:
    """A request as it came in."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class LittleWindow:
    """What it was asked, and what it is to answer next: (status, headers, JSON); nothing told: 202 and a receipt."""

    url: str = ""
    asked: list[Asked] = field(default_factory=list)
    answers: list[tuple[int, dict[str, str], Any]] = field(default_factory=list)
    documents: dict[str, bytes] = field(default_factory=dict)
    cut_uploads_after: list[int] = field(default_factory=list)

    def next(self, status: int, body: Any = None, **headers: str) -> None:
        """Answer one request so, after those that were told before."""
        self.answers.append((status, {name.replace("_", "-"): said for name, said in headers.items()}, body))


RECEIPT = {
    "number": "260000000017", "content_sha256": "ab" * 32, "received_at": "2026-03-02T08:30:00+00:00",
    "status": "submitted",
}  # fmt: skip


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    window: LittleWindow

    def log_message(self, *_: Any) -> None:
        """Say nothing."""

    def _any(self) -> None:
        sha256 = self.path.partition("/v1/documents/")[2].partition("?")[0]
        headers = {name.lower(): said for name, said in self.headers.items()}
        if sha256 and self.command == "PUT" and not self.window.answers:
            self._put(sha256, headers)
            return
        body = self.rfile.read(int(headers.get("content-length", "0")))
        self.window.asked.append(Asked(self.command, self.path, headers, body))
        if self.window.answers:
            status, told, said = self.window.answers.pop(0)
            if status == CUT:
                self._cut()
            else:
                self._answer(status, told, said)
        elif sha256:
            held = self.window.documents.get(sha256)
            if held is None:
                self._answer(404, {}, {})
            else:
                self._answer(200, {"upload-offset": str(len(held))}, None)
        else:
            self._answer(202, {}, RECEIPT)

    def _put(self, sha256: str, headers: dict[str, str]) -> None:
        offset, length = int(headers.get("upload-offset", "0")), int(headers["content-length"])
        assert offset == len(self.window.documents.get(sha256, b""))
        cut = self.window.cut_uploads_after.pop(0) if self.window.cut_uploads_after else length
        body = self.rfile.read(min(cut, length))
        self.window.documents[sha256] = self.window.documents.get(sha256, b"") + body
        self.window.asked.append(Asked("PUT", self.path, headers, body))
        if cut < length:
            self._cut()
        else:
            self._answer(201, {}, {})

    do_GET = do_POST = do_PUT = do_HEAD = do_DELETE = _any  # noqa: N815 - the standard library calls them so

    def _answer(self, status: int, headers: dict[str, str], body: Any) -> None:
        data = b"" if body is None or self.command == "HEAD" else json.dumps(body).encode()
        self.send_response(status)
        for name, said in headers.items():
            self.send_header(name, said)
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def _cut(self) -> None:
        self.close_connection = True
        self.connection.shutdown(socket.SHUT_RDWR)


@contextmanager
def little_window() -> Iterator[LittleWindow]:
    """One of them, on a port of its own."""
    window = LittleWindow()
    handler = type("Handler", (_Handler,), {"window": window})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        window.url = f"http://127.0.0.1:{server.server_port}"
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield window
        finally:
            server.shutdown()
            thread.join()


def certificate_of(key: Any) -> x509.Certificate:
    """A certificate for a key, by that key itself."""
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Công ty Một")])
    now = datetime.now(UTC)
    algorithm = None if isinstance(key, ed25519.Ed25519PrivateKey) else hashes.SHA256()
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(17)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=365))
        .sign(key, algorithm)
    )


def pem(key: Any, password: bytes | None = None) -> bytes:
    """A key as PEM."""
    how = serialization.BestAvailableEncryption(password) if password else serialization.NoEncryption()
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, how)


def key_files(folder: Path, key: Any = None) -> tuple[Path, Path]:
    """A key's file and its certificate's."""
    key = key or ec.generate_private_key(ec.SECP256R1())
    files = folder / "key.pem", folder / "cert.pem"
    files[0].write_bytes(pem(key))
    files[1].write_bytes(certificate_of(key).public_bytes(serialization.Encoding.PEM))
    return files
