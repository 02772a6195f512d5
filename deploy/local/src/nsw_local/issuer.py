"""The development issuer: `python -m nsw_local.issuer --port 8070` gives anybody a token for any subject.

A small real provider of OpenID Connect: its discovery document, its keys, its token endpoint, over HTTP. It asks nobody
who they are, so its discovery document says that it is for development, and services refuse it anywhere else.

It also serves the list of certificates that the stack's development authority has revoked (`authority.py`), where it is
told `--authority FOLDER`.

GET  /.well-known/openid-configuration, /jwks, /authority/revoked.crl
POST /token    subject=…, and lifetime=SECONDS, audience=… where others are wanted; {"access_token", "expires_in", …}
POST /rotate   a new key from now on; keep=no withdraws the old ones at once
"""

import argparse
import json
import secrets
import signal
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Final, NoReturn
from urllib.parse import parse_qs, urlsplit

from joserfc import jwt
from joserfc.jwk import ECKey

from .authority import LIST_PATH, DevelopmentAuthority
from .ports import HOST

AUDIENCE: Final = "urn:nsw:window"
DISCOVERY_PATH: Final = "/.well-known/openid-configuration"
DEFAULT_PORT: Final = 8070
LIFETIME_SECONDS: Final = 3600
BODY_BYTES: Final = 64 * 1024
OK, BAD_REQUEST, NOT_FOUND = 200, 400, 404


class Issuer:
    """Keys and the tokens signed with the newest of them; `url` is the issuer's name and where it is reached."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._keys: list[ECKey] = []
        self.rotate(keep=True)

    def rotate(self, *, keep: bool) -> None:
        """Sign with a new key from now on; the old ones are shown on, or withdrawn."""
        new = ECKey.generate_key("P-256", {"kid": secrets.token_hex(8), "use": "sig", "alg": "ES256"}, private=True)
        self._keys = [new, *(self._keys if keep else ())]

    def discovery(self) -> dict[str, Any]:
        """The discovery document (OpenID Connect Discovery 1.0, section 3), with our mark."""
        return {
            "issuer": self.url,
            "jwks_uri": f"{self.url}/jwks",
            "token_endpoint": f"{self.url}/token",
            "id_token_signing_alg_values_supported": ["ES256"],
            "nsw_development": True,
        }

    def key_set(self) -> dict[str, Any]:
        """The public keys (RFC 7517)."""
        return {"keys": [key.as_dict(private=False) for key in self._keys]}

    def token(self, subject: str, *, audience: str = AUDIENCE, lifetime: int = LIFETIME_SECONDS) -> str:
        """An access token (RFC 9068)."""
        key, now = self._keys[0], int(time.time())
        claims = {
            "iss": self.url, "sub": subject, "aud": audience, "iat": now, "exp": now + lifetime,
            "jti": secrets.token_hex(8),
        }  # fmt: skip
        return jwt.encode({"alg": "ES256", "kid": key.kid, "typ": "at+jwt"}, claims, key)


class _Handler(BaseHTTPRequestHandler):
    """One request."""

    issuer: Issuer
    authority: DevelopmentAuthority | None

    def do_GET(self) -> None:
        if self.authority is not None and urlsplit(self.path).path == LIST_PATH:
            self._send(OK, "application/pkix-crl", self.authority.revoked_list())
            return
        documents = {DISCOVERY_PATH: self.issuer.discovery, "/jwks": self.issuer.key_set}
        found = documents.get(urlsplit(self.path).path)
        self._answer(*((NOT_FOUND, {"error": "not_found"}) if found is None else (OK, found())))

    def do_POST(self) -> None:
        size = min(int(self.headers.get("content-length") or 0), BODY_BYTES)
        form = {name: values[0] for name, values in parse_qs(self.rfile.read(size).decode()).items()}
        match urlsplit(self.path).path:
            case "/token":
                self._answer(*self._token(form))
            case "/rotate":
                self.issuer.rotate(keep=form.get("keep") != "no")
                self._answer(OK, self.issuer.key_set())
            case _:
                self._answer(NOT_FOUND, {"error": "not_found"})

    def _token(self, form: dict[str, str]) -> tuple[int, dict[str, Any]]:
        lifetime = form.get("lifetime", str(LIFETIME_SECONDS))
        if not form.get("subject") or not lifetime.removeprefix("-").isdecimal():
            return BAD_REQUEST, {"error": "invalid_request", "error_description": "say subject=…, lifetime=SECONDS"}
        audience = form.get("audience", AUDIENCE)
        token = self.issuer.token(form["subject"], audience=audience, lifetime=int(lifetime))
        return OK, {"access_token": token, "token_type": "Bearer", "expires_in": int(lifetime)}

    def _answer(self, status: int, body: dict[str, Any]) -> None:
        self._send(status, "application/json", json.dumps(body).encode())

    def _send(self, status: int, kind: str, content: bytes) -> None:
        self.send_response(status)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: Any) -> None:
        """Nothing is logged: nobody's tokens stand in a file."""


def main() -> NoReturn:
    """Answer until SIGTERM."""
    parser = argparse.ArgumentParser(description="The development issuer: gives anybody a token for any subject.")
    parser.add_argument("--port", type=int, default=DEFAULT_PORT)
    parser.add_argument("--authority", type=Path, help="the development authority's folder")
    told = parser.parse_args()
    port, folder = told.port, told.authority
    parts = {
        "issuer": Issuer(f"http://{HOST}:{port}"),
        "authority": None if folder is None else DevelopmentAuthority.of(folder),
    }
    handler = type("Handler", (_Handler,), parts)
    signal.signal(signal.SIGTERM, lambda *_: (_ for _ in ()).throw(SystemExit(0)))
    with ThreadingHTTPServer((HOST, port), handler) as server:
        server.daemon_threads = True
        server.serve_forever()
    raise SystemExit(0)


if __name__ == "__main__":
    main()
