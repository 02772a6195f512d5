"""The window signs its receipts: a compact JWS (ES256) over the receipt's JSON, beside it as `jws`.

A receipt given again is the same to the byte: the signature is deterministic (RFC 6979). Keys are named by their
thumbprint (RFC 7638); the public halves of earlier keys stay in the key file, and in `GET /v1/keys`, as long as
receipts are to be verifiable.
"""

import json
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any, Final, Protocol, Self, TypeVar

from asn1crypto import pem
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_der_private_key,
    load_der_public_key,
)
from joserfc.jwk import ECKey
from nsw_runtime.errors import BadSettings
from nsw_runtime.problems import Problem
from pydantic_core import to_json

from nsw_intake.signing.jws import base64url

_ECDSA: Final = ec.ECDSA(hashes.SHA256(), deterministic_signing=True)
_COORDINATE: Final = 32  # bytes of r, of s and of a P-256 coordinate
_MAKE: Final = "make one with `openssl ecparam -name prime256v1 -genkey -noout`"


class Receipt(Protocol):
    """A named tuple with a `jws`."""

    @property
    def jws(self) -> str: ...

    def _asdict(self) -> dict[str, Any]: ...

    def _replace(self, *, jws: str) -> Self: ...


R = TypeVar("R", bound=Receipt)


class ReceiptKeys:
    """The key that signs, and the public keys by which receipts are verified."""

    def __init__(self, private: ec.EllipticCurvePrivateKey, earlier: Sequence[ec.EllipticCurvePublicKey] = ()) -> None:
        self._private = private
        self.jwks: dict[str, Any] = {"keys": [_jwk(key) for key in (private.public_key(), *earlier)]}
        header = {"alg": "ES256", "kid": self.jwks["keys"][0]["kid"], "typ": "nsw-receipt+jws"}
        self._header = base64url(json.dumps(header, separators=(",", ":")).encode())

    @classmethod
    def read(cls, file: Path) -> "ReceiptKeys":
        """From a PEM file: one private key on P-256 and, after it, the public keys of earlier ones.

        Raises:
            BadSettings: it cannot be read, or does not hold that.
        """
        try:
            blocks = [(kind, der) for kind, _, der in pem.unarmor(file.read_bytes(), multiple=True)]
            (private,) = [load_der_private_key(der, None) for kind, der in blocks if kind.endswith("PRIVATE KEY")]
            public = [load_der_public_key(der) for kind, der in blocks if kind == "PUBLIC KEY"]
        except (OSError, ValueError, TypeError) as error:
            raise BadSettings(f"NSW_RECEIPT_KEY_FILE: {file} does not hold one private key in PEM; {_MAKE}") from error
        earlier = [key for key in public if isinstance(key, ec.EllipticCurvePublicKey) and _is_p256(key.curve)]
        ours = isinstance(private, ec.EllipticCurvePrivateKey) and _is_p256(private.curve)
        if not isinstance(private, ec.EllipticCurvePrivateKey) or not ours or len(earlier) < len(public):
            raise BadSettings(f"NSW_RECEIPT_KEY_FILE: {file} holds a key that is not on P-256; {_MAKE}")
        return cls(private, earlier)

    def private_der(self) -> bytes:
        """The private key, for the process that signs."""
        return self._private.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())

    def sign(self, receipt: bytes) -> str:
        """The compact JWS over a receipt's JSON."""
        signed = f"{self._header}.{base64url(receipt)}"
        r, s = decode_dss_signature(self._private.sign(signed.encode(), _ECDSA))
        return f"{signed}.{base64url(r.to_bytes(_COORDINATE, 'big') + s.to_bytes(_COORDINATE, 'big'))}"


class Receipts:
    """Signs what the doors give, many at once. `sign`: the compact JWS over each of these JSON texts."""

    def __init__(self, sign: Callable[[Sequence[bytes]], Awaitable[list[str]]]) -> None:
        self._sign = sign

    async def signed(self, results: Sequence[R | Problem]) -> list[R | Problem]:
        """The same results; each that is a receipt has its `jws`, which is over all else in it.

        Raises:
            Problem: 503, they cannot be signed now.
        """
        asked = [to_json(_unsigned(one)) for one in results if not isinstance(one, Problem)]
        made = iter(await self._sign(asked) if asked else ())
        return [one if isinstance(one, Problem) else one._replace(jws=next(made)) for one in results]


def _unsigned(receipt: Receipt) -> dict[str, Any]:
    shown = receipt._asdict()
    del shown["jws"]
    return shown


def new_key() -> str:
    """A new private key in PEM, as `ReceiptKeys.read` wants it."""
    made = ec.generate_private_key(ec.SECP256R1())
    return made.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def _is_p256(curve: ec.EllipticCurve) -> bool:
    return isinstance(curve, ec.SECP256R1)


def _jwk(key: ec.EllipticCurvePublicKey) -> dict[str, Any]:
    made = ECKey.import_key(key)
    return {**made.as_dict(private=False), "kid": made.thumbprint(), "alg": "ES256", "use": "sig"}
