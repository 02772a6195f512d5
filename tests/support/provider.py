"""A provider of tokens in the test's hands: real HTTP, keys of its own, and every token it should never have signed."""

import base64
import json
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from joserfc import jws
from joserfc.jwk import ECKey, OctKey, OKPKey, RSAKey

AUDIENCE = "urn:test:window"
ALGORITHMS = ("ES256", "RS256", "PS256", "EdDSA")
Key = ECKey | RSAKey | OKPKey | OctKey


def new_key(algorithm: str = "ES256", kid: str | None = "k1") -> Any:
    """A private key for an algorithm."""
    named = {"use": "sig"} | ({"kid": kid} if kid else {})
    if algorithm == "EdDSA":
        return OKPKey.generate_key("Ed25519", named, private=True)
    if algorithm == "ES256":
        return ECKey.generate_key("P-256", named, private=True)
    return RSAKey.generate_key(2048, named, private=True)


def part(value: Any) -> str:
    """A part of a compact token."""
    raw = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def signed(header: Mapping[str, Any], claims: Any, key: Any) -> str:
    """A token with just this header and these claims (bytes: as they are), signed by whatever `alg` says."""
    inputs = f"{part(dict(header))}.{part(claims)}"
    algorithm = jws.JWSRegistry.algorithms[header["alg"]]
    return f"{inputs}.{part(algorithm.sign(inputs.encode(), key))}"


class Provider:
    """Serves its discovery document and keys on loopback; `fetches` counts how often its keys were asked for."""

    def __init__(self) -> None:
        self.keys: list[dict[str, Any]] = []
        self.document: dict[str, Any] = {}
        self.fetches = 0
        self.moved = False
        self._server: ThreadingHTTPServer | None = None
        self._port = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    def show(self, *keys: Any) -> None:
        """These are its keys now."""
        self.keys = [key.as_dict(private=False) for key in keys]

    def claims(self, **changed: Any) -> dict[str, Any]:
        """Good claims, some of them changed; None: left out."""
        now = int(time.time())
        good = {"iss": self.url, "sub": "somebody", "aud": AUDIENCE, "iat": now, "exp": now + 600}
        return {name: value for name, value in (good | changed).items() if value is not None}

    def token(self, key: Any, algorithm: str = "ES256", **changed: Any) -> str:
        """A good access token, some of its claims changed."""
        return signed({"alg": algorithm, "kid": key.kid, "typ": "at+jwt"}, self.claims(**changed), key)

    def begin(self) -> None:
        provider = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                if provider.moved:
                    self.send_response(302)
                    self.send_header("location", "http://127.0.0.1:1/elsewhere")
                    self.send_header("content-length", "0")
                    self.end_headers()
                    return
                if self.path == "/jwks":
                    provider.fetches += 1
                    body = {"keys": provider.keys}
                else:
                    body = {"issuer": provider.url, "jwks_uri": f"{provider.url}/jwks"} | provider.document
                content = json.dumps(body).encode()
                self.send_response(200)
                self.send_header("content-length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_: Any) -> None: ...

        self._server = ThreadingHTTPServer(("127.0.0.1", self._port), Handler)
        self._port = self._server.server_port
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()

    def go_away(self) -> None:
        """Nobody answers any more."""
        assert self._server is not None
        self._server.shutdown()
        self._server.server_close()


@contextmanager
def providing() -> Iterator[Provider]:
    """A provider for as long as the block lasts."""
    provider = Provider()
    provider.begin()
    try:
        yield provider
    finally:
        provider.go_away()
