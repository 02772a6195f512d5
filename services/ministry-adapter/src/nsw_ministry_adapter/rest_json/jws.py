"""Signatures of *rest-json*: a detached JWS (RFC 7515, appendix F) over the exact bytes of a body, in `NSW-Signature`.

The protected header names `alg` (ES256 or Ed25519, nothing else), `kid`, `iat` and `aud`: the agency's code where the
window signs, `nsw` where the agency does, so that neither can be answered with its own words.
"""

import base64
import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, Key, OKPKey, import_key

HEADER: Final = "nsw-signature"
WINDOW: Final = "nsw"
ALGORITHMS: Final = ("ES256", "Ed25519")
SKEW_SECONDS: Final = 300


class _Registry(jws.JWSRegistry):
    """Bodies are bounded by who reads them; the library's own bound is below one large dossier."""

    max_payload_length = 1 << 28


_REGISTRY: Final = _Registry(algorithms=list(ALGORITHMS), strict_check_header=False)
_LONGEST: Final = 2000  # characters of a signature header


class BadSignature(ValueError):
    """A body is not signed, or not by who it should be. The text names the reason, and repeats nothing."""


class BadKey(ValueError):
    """A key is none that may be used."""


def read_key(value: bytes | Mapping[str, Any]) -> ECKey | OKPKey:
    """A key, as PEM, as the text of a JWK, or as a JWK.

    Raises:
        BadKey: it is none, or of another kind than P-256 or Ed25519.
    """
    try:
        if isinstance(value, bytes):
            text = value.decode().strip()
            key = import_key(json.loads(text)) if text.startswith("{") else _from_pem(text)
        else:
            key = import_key(dict(value))
    except (JoseError, ValueError, TypeError, KeyError) as error:
        raise BadKey(f"no key can be read from it: {type(error).__name__}") from None
    if not (isinstance(key, (ECKey, OKPKey)) and key.curve_name in ("P-256", "Ed25519")):
        raise BadKey("it must be a P-256 or an Ed25519 key")
    return key


def _from_pem(text: str) -> Key:
    try:
        return import_key(text, "EC")
    except (JoseError, ValueError, TypeError):
        return import_key(text, "OKP")


def kid_of(key: ECKey | OKPKey) -> str:
    """The key's own name, else its thumbprint (RFC 7638)."""
    return key.kid or key.thumbprint()


class Signer:
    """Signs as one party, for one audience."""

    def __init__(self, key: ECKey | OKPKey, audience: str) -> None:
        if not key.is_private:
            raise BadKey("it is a public key; signing needs the private one")
        self._key = key
        self._algorithm = "ES256" if isinstance(key, ECKey) else "Ed25519"
        self._audience = audience

    def sign(self, body: bytes, at: datetime) -> str:
        """The value of the signature header."""
        protected = {
            "alg": self._algorithm,
            "kid": kid_of(self._key),
            "iat": int(at.timestamp()),
            "aud": self._audience,
        }
        compact = jws.serialize_compact(protected, body, self._key, registry=_REGISTRY)
        head, _, signature = compact.split(".")
        return f"{head}..{signature}"


class Verifier:
    """Verifies what one party signs, by the keys it is known by."""

    def __init__(self, keys: Sequence[Mapping[str, Any]], audience: str) -> None:
        """Raises BadKey."""
        read = [read_key(key) for key in keys]
        self._keys = {kid_of(key): key for key in read}
        self._audience = audience

    def verify(self, header: str, body: bytes, now: datetime) -> None:
        """Let pass what is signed well.

        Raises:
            BadSignature: anything else.
        """
        if not header:
            raise BadSignature("it is not signed")
        head, dots, signature = header.partition("..")
        if len(header) > _LONGEST or not dots or "." in head + signature:
            raise BadSignature("its signature is no detached JWS")
        try:
            protected = json.loads(base64.urlsafe_b64decode(head + "=" * (-len(head) % 4)))
            key = self._key(protected.get("kid"))
            payload = base64.urlsafe_b64encode(body).rstrip(b"=").decode()
            jws.deserialize_compact(f"{head}.{payload}.{signature}", key, registry=_REGISTRY)
            age = now.timestamp() - float(protected["iat"])
        except BadSignature:
            raise
        except (JoseError, ValueError, TypeError, KeyError, AttributeError):
            raise BadSignature("its signature does not fit") from None
        if protected.get("aud") != self._audience:
            raise BadSignature("it is signed for somebody else")
        if abs(age) > SKEW_SECONDS:
            raise BadSignature("it was signed too long ago, or by a clock that is wrong")

    def _key(self, kid: object) -> ECKey | OKPKey:
        found = self._keys.get(kid) if isinstance(kid, str) else None
        if found is None:
            raise BadSignature("it is signed with an unknown key")
        return found
