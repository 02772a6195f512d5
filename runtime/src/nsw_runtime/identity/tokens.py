"""Signed tokens, judged: JWTs in the compact form, access tokens of providers and assertions of systems alike. Pure.

A token chooses nothing: its algorithm must be one of four, must be the one its key is for, and its key is one that the
window looked up. Whatever a header says of keys to fetch or embed (`jku`, `jwk`, `x5u`, `x5c`) is not read. Nothing in
a token is believed before its signature has been verified but which key it should be tried with.
"""

import json
import re
from base64 import urlsafe_b64decode
from collections.abc import Mapping
from math import isfinite
from typing import Any, Final, NamedTuple, NoReturn, TypeAlias, TypeGuard

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, JWKRegistry, OKPKey, RSAKey
from joserfc.jws import JWSRegistry

TOKEN_BYTES: Final = 8192
LEEWAY_SECONDS: Final = 30  # by how much two machines' clocks may differ
ASSERTION_SECONDS: Final = 300  # how long a system's assertion may be good for
RSA_BITS: Final = 2048
NAME_LENGTH: Final = 255  # of an issuer or a subject

Key: TypeAlias = ECKey | RSAKey | OKPKey

_KEY_TYPES: Final[dict[str, tuple[type[Key], str]]] = {
    "ES256": (ECKey, "P-256"),
    "RS256": (RSAKey, ""),
    "PS256": (RSAKey, ""),
    "EdDSA": (OKPKey, "Ed25519"),
}
_COMPACT: Final = re.compile(rb"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")
_TYPES: Final = frozenset({"at+jwt", "application/at+jwt", "jwt"})
_ID_TOKEN_CLAIMS: Final = frozenset({"nonce", "at_hash", "c_hash"})  # OpenID Connect Core 1.0, sections 2 and 3.3.2.11


class BadToken(Exception):
    """The token is refused. `reason` is a word for metrics and logs; clients are not told it."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Token(NamedTuple):
    """A token taken apart; nothing in it is believed yet but its `issuer`, `kid` and `algorithm` as hints."""

    signed: bytes
    signature: bytes
    algorithm: str
    kid: str | None
    type: str
    issuer: str
    subject: str
    claims: Mapping[str, Any]


class Verified(NamedTuple):
    """Who a token is for, and from when until when (seconds since the epoch, leeway included) it is good."""

    issuer: str
    subject: str
    not_before: float
    expires: float


def read(token: bytes) -> Token:
    """Take a token apart.

    Raises:
        BadToken: it is no JWT in compact form with an allowed algorithm, an issuer and a subject.
    """
    if len(token) > TOKEN_BYTES:
        raise BadToken("too-large")
    if not _COMPACT.fullmatch(token):
        raise BadToken("malformed")
    signed, _, signature = token.rpartition(b".")
    header_part, _, claims_part = signed.partition(b".")
    header, claims = _object(header_part), _object(claims_part)
    algorithm, kid, kind = header.get("alg"), header.get("kid"), header.get("typ", "JWT")
    if algorithm not in _KEY_TYPES:
        raise BadToken("algorithm")
    if "crit" in header or "b64" in header or not isinstance(kind, str) or not isinstance(kid, (str, type(None))):
        raise BadToken("header")
    issuer, subject = claims.get("iss"), claims.get("sub")
    if not (_is_name(issuer) and _is_name(subject)):
        raise BadToken("claims")
    return Token(signed, _decoded(signature), algorithm, kid, kind.lower(), issuer, subject, claims)


def verify_signature(token: Token, key: Key) -> None:
    """The token is signed with this key, by the algorithm it names.

    Raises:
        BadToken: it is not, or the key is not for that algorithm.
    """
    kind, _ = _KEY_TYPES[token.algorithm]
    if not isinstance(key, kind) or key.get("alg", token.algorithm) != token.algorithm:
        raise BadToken("algorithm")
    try:
        good = JWSRegistry.algorithms[token.algorithm].verify(token.signed, token.signature, key)
    except (JoseError, ValueError):
        good = False
    if not good:
        raise BadToken("signature")


def access_token(token: Token, audience: str, now: float) -> Verified:
    """Judge the claims of a provider's access token (RFC 9068, RFC 7519).

    Raises:
        BadToken: it is for somebody else, not for now, or an ID token.
    """
    if (
        token.type not in _TYPES
        or token.claims.get("typ", "Bearer") != "Bearer"
        or _ID_TOKEN_CLAIMS & set(token.claims)
    ):
        raise BadToken("type")
    return _for_now(token, audience, now)


def assertion(token: Token, audience: str, issuer: str, now: float) -> Verified:
    """Judge the claims of a system's own assertion (RFC 7523): `iss` and `sub` are its client id, `exp` is near.

    `issuer` is under whose name the system is registered.

    Raises:
        BadToken: it is for somebody else, not for now, or good for too long.
    """
    if token.issuer != token.subject:
        raise BadToken("claims")
    verified = _for_now(token, audience, now)
    if verified.expires - 2 * LEEWAY_SECONDS > now + ASSERTION_SECONDS:
        raise BadToken("too-long")
    return verified._replace(issuer=issuer)


def public_key(jwk: Mapping[str, Any]) -> Key | None:
    """A key with which tokens may be signed, from a JWK; None for any other (secret, weak, for encryption)."""
    if jwk.get("use", "sig") != "sig" or "verify" not in jwk.get("key_ops", ("verify",)) or "d" in jwk:
        return None
    if jwk.get("alg", "ES256") not in _KEY_TYPES or jwk.get("kty") not in {"EC", "RSA", "OKP"}:
        return None
    if jwk["kty"] == "RSA" and len(str(jwk.get("n", ""))) < RSA_BITS // 6:  # base64url: six bits a character
        return None
    try:
        key = JWKRegistry.import_key({name: value for name, value in jwk.items() if isinstance(value, str)})
        native = key.public_key  # reads the numbers: a point off its curve is refused here
    except (JoseError, ValueError, TypeError, KeyError):
        return None
    if isinstance(key, RSAKey):
        return key if isinstance(native, RSAPublicKey) and native.key_size >= RSA_BITS else None
    curves = {curve for _, curve in _KEY_TYPES.values()}
    return key if isinstance(key, (ECKey, OKPKey)) and key.curve_name in curves else None


def _for_now(token: Token, audience: str, now: float) -> Verified:
    claims = token.claims
    named = claims.get("aud")
    if named != audience and not (isinstance(named, list) and audience in named):
        raise BadToken("audience")
    expires, issued = claims.get("exp"), claims.get("iat")
    not_before = claims.get("nbf", issued)
    if not (_is_time(expires) and _is_time(issued) and _is_time(not_before)):
        raise BadToken("claims")
    begins = max(issued, not_before) - LEEWAY_SECONDS
    if now >= expires + LEEWAY_SECONDS:
        raise BadToken("expired")
    if now < begins:
        raise BadToken("not-yet")
    return Verified(token.issuer, token.subject, begins, expires + LEEWAY_SECONDS)


def _is_name(value: object) -> TypeGuard[str]:
    return isinstance(value, str) and 0 < len(value) <= NAME_LENGTH and value.isascii() and value.isprintable()


def _is_time(value: object) -> TypeGuard[float]:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and isfinite(value)


def _decoded(part: bytes) -> bytes:
    try:
        return urlsafe_b64decode(part + b"=" * (-len(part) % 4))
    except ValueError:
        raise BadToken("malformed") from None


def _object(part: bytes) -> dict[str, Any]:
    try:
        value = json.loads(_decoded(part), object_pairs_hook=_once, parse_constant=_no_number)
    except (ValueError, RecursionError):
        raise BadToken("malformed") from None
    if not isinstance(value, dict):
        raise BadToken("malformed")
    return value


def _once(members: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(members)
    if len(found) != len(members):
        raise ValueError("a name stands twice")
    return found


def _no_number(text: str) -> NoReturn:
    raise ValueError(f"{text} is no number")
