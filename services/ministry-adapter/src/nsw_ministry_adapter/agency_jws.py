"""JWS with agencies (RFC 7515), for every adapter whose protocol signs: ES256 or Ed25519, by a key known by its id.

What is signed may be of any size: who reads it bounds it. What a protocol asks of the header is the protocol's own.
"""

import json
from collections.abc import Mapping
from typing import Any, Final

from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, Key, OKPKey, import_key

SigningKey = ECKey | OKPKey
_CURVES: Final = ("P-256", "Ed25519")


class _Registry(jws.JWSRegistry):
    """The library's own bound, 128 kB, is below one large dossier."""

    max_payload_length = 1 << 30


_REGISTRY: Final = _Registry(algorithms=["ES256", "Ed25519"], strict_check_header=False)


class BadSignature(ValueError):
    """Something is not signed, or not by who it should be. The text names the reason, and repeats nothing."""


class BadKey(ValueError):
    """A key is none that may be used."""


def read_key(value: bytes | Mapping[str, Any]) -> SigningKey:
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
        curve = key.as_dict(private=False).get("crv")  # a curve the library has no name for is a KeyError
    except (JoseError, ValueError, TypeError, KeyError) as error:
        raise BadKey(f"no P-256 or Ed25519 key can be read from it: {type(error).__name__}") from None
    if not (isinstance(key, SigningKey) and curve in _CURVES):
        raise BadKey("it must be a P-256 or an Ed25519 key")
    return key


def _from_pem(text: str) -> Key:
    try:
        return import_key(text, "EC")
    except (JoseError, ValueError, TypeError):
        return import_key(text, "OKP")


def private(key: SigningKey) -> SigningKey:
    """The same key, if one can sign with it.

    Raises:
        BadKey: it is a public key.
    """
    if not key.is_private:
        raise BadKey("it is a public key; signing needs the private one")
    return key


def sign(key: SigningKey, header: Mapping[str, Any], payload: bytes) -> str:
    """A compact JWS; `header` is the protected one, to which `alg` is added."""
    algorithm = "ES256" if isinstance(key, ECKey) else "Ed25519"
    return jws.serialize_compact({"alg": algorithm, **header}, payload, key, registry=_REGISTRY)


class KnownKeys:
    """The keys that one party signs with, by their ids: several while it changes them."""

    def __init__(self, keys: Mapping[str, SigningKey]) -> None:
        self._keys = dict(keys)

    def verify(self, compact: str | bytes, detached: bytes | None = None) -> tuple[dict[str, Any], bytes]:
        """The protected header and the payload of a compact JWS; `detached`: the payload that it leaves out.

        Raises:
            BadSignature: it is none, or not by one of these keys.
        """
        try:
            found = jws.deserialize_compact(compact, self._key, registry=_REGISTRY, payload=detached)
        except BadSignature:
            raise
        except (JoseError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
            raise BadSignature("its signature does not fit") from None
        return found.headers(), found.payload

    def _key(self, signed: jws.CompactSignature | Any) -> SigningKey:
        kid = signed.headers().get("kid")
        found = self._keys.get(kid) if isinstance(kid, str) else None
        if found is None:
            raise BadSignature("it is signed with an unknown key")
        return found
