"""Signing in tests, by hand and independent of the window's own code: detached JWS and bulk lines."""

import json
import time
from base64 import urlsafe_b64encode
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from support.authority import Issued


def b64(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def algorithm_of(key: Any) -> str:
    """The algorithm a key makes; RS256 for RSA."""
    if isinstance(key, ec.EllipticCurvePrivateKey):
        return "ES256" if key.curve.key_size == 256 else "ES384"
    return "EdDSA" if isinstance(key, ed25519.Ed25519PrivateKey) else "RS256"


def header(by: Issued, **changed: Any) -> dict[str, Any]:
    """The protected header; a member given as `...` is left out."""
    made: dict[str, Any] = {
        "alg": algorithm_of(by.key), "x5t#S256": b64(bytes.fromhex(by.sha256)), "iat": int(time.time()),
    }  # fmt: skip
    return {name: value for name, value in (made | changed).items() if value is not ...}


def parts(by: Issued, body: bytes, protected: dict[str, Any] | str | None = None, **changed: Any) -> tuple[str, str]:
    """The protected header and the signature, in base64url; `protected` in the place of the usual one."""
    said = protected if isinstance(protected, str) else json.dumps(protected or header(by, **changed))
    head = b64(said.encode())
    return head, b64(_sign(by.key, f"{head}.{b64(body)}".encode(), changed.get("alg", algorithm_of(by.key))))


def detached(by: Issued, body: bytes, protected: dict[str, Any] | str | None = None, **changed: Any) -> str:
    """The value of `NSW-Signature`."""
    return "..".join(parts(by, body, protected, **changed))


def jws_of(body: bytes, *by: Issued, **changed: Any) -> dict[str, Any]:
    """The `jws` of a bulk line."""
    signed = [parts(one, body, **changed) for one in by]
    return {
        "payload": b64(body),
        "signatures": [{"protected": head, "signature": signature} for head, signature in signed],
    }


def _sign(key: Any, data: bytes, algorithm: str) -> bytes:
    if isinstance(key, ec.EllipticCurvePrivateKey):
        size = (key.curve.key_size + 7) // 8
        hashing = hashes.SHA256() if size == 32 else hashes.SHA384()
        r, s = decode_dss_signature(key.sign(data, ec.ECDSA(hashing)))
        return r.to_bytes(size, "big") + s.to_bytes(size, "big")
    if isinstance(key, rsa.RSAPrivateKey):
        if algorithm == "PS256":
            return key.sign(data, padding.PSS(padding.MGF1(hashes.SHA256()), 32), hashes.SHA256())
        return key.sign(data, padding.PKCS1v15(), hashes.SHA256())
    return key.sign(data)
