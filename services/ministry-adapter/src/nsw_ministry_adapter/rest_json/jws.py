"""Signatures of *rest-json*: a detached JWS (RFC 7515, appendix F) over the exact bytes of a body, in `NSW-Signature`.

The protected header names `alg` (ES256 or Ed25519, nothing else), `kid`, `iat` and `aud`: the agency's code where the
window signs, `nsw` where the agency does, so that neither can be answered with its own words.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from nsw_ministry_adapter.agency_jws import BadSignature, KnownKeys, SigningKey, private, read_key, sign

HEADER: Final = "nsw-signature"
WINDOW: Final = "nsw"
SKEW_SECONDS: Final = 300
_LONGEST: Final = 2000  # characters of a signature header


def kid_of(key: SigningKey) -> str:
    """The key's own name, else its thumbprint (RFC 7638)."""
    return key.kid or key.thumbprint()


class Signer:
    """Signs as one party, for one audience."""

    def __init__(self, key: SigningKey, audience: str) -> None:
        """Raises BadKey."""
        self._key = private(key)
        self._audience = audience

    def sign(self, body: bytes, at: datetime) -> str:
        """The value of the signature header."""
        protected = {"kid": kid_of(self._key), "iat": int(at.timestamp()), "aud": self._audience}
        head, _, signature = sign(self._key, protected, body).split(".")
        return f"{head}..{signature}"


class Verifier:
    """Verifies what one party signs, by the keys it is known by."""

    def __init__(self, keys: Sequence[Mapping[str, Any]], audience: str) -> None:
        """Raises BadKey."""
        self._keys = KnownKeys({kid_of(key): key for key in map(read_key, keys)})
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
        protected, _ = self._keys.verify(header, body)
        if protected.get("aud") != self._audience:
            raise BadSignature("it is signed for somebody else")
        signed_at = protected.get("iat")
        if not (isinstance(signed_at, int | float) and abs(now.timestamp() - signed_at) <= SKEW_SECONDS):
            raise BadSignature("it was signed too long ago, or by a clock that is wrong")
