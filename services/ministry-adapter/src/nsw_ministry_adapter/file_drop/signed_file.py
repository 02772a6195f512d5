"""The files: each a compact JWS (RFC 7515, ES256 or Ed25519) whose payload is JSON that names the file it is meant for.

So a file cannot be changed, given another name, or put into another folder or another agency's drop unnoticed.
"""

import json
from collections.abc import Mapping
from typing import Any, Final

from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, Key, KeySet, OKPKey
from nsw_contracts.adapter import BrokenConfiguration, Unreadable
from nsw_contracts.adapter.strict_json import read_json

ALGORITHMS: Final = ("ES256", "Ed25519")
_REGISTRY: Final = jws.JWSRegistry(algorithms=list(ALGORITHMS))
_REGISTRY.max_payload_length = 1 << 30  # a file's size is judged before it is decoded; the library stops at 128 kB
_BASE64_SHARE: Final = 4 / 3


def private_key(pem: bytes) -> Key:
    """Our signing key, from PEM.

    Raises:
        BrokenConfiguration: it is no P-256 or Ed25519 key.
    """
    return _key(pem, "signing key")


def public_keys(pems: Mapping[str, str]) -> KeySet:
    """The agency's keys by id, from PEM; several while it changes them.

    Raises:
        BrokenConfiguration: one of them is no P-256 or Ed25519 key.
    """
    keys = []
    for kid, pem in pems.items():
        key = _key(pem.encode(), f"agency's key {kid}")
        keys.append(type(key).import_key(key.as_dict(private=False) | {"kid": kid}))
    return KeySet(keys)


def sign(key: Key, kid: str, folder: str, name: str, payload: Mapping[str, Any]) -> bytes:
    """The content of a file of this name in this folder."""
    said = {"folder": folder, "file": name, **payload}
    header = {"alg": "ES256" if isinstance(key, ECKey) else "Ed25519", "kid": kid, "typ": "nsw-file+jws"}
    text = json.dumps(said, ensure_ascii=False, separators=(",", ":"))
    return jws.serialize_compact(header, text, key, registry=_REGISTRY).encode()


def verify(keys: KeySet, folder: str, name: str, content: bytes, *, largest: int) -> dict[str, Any]:
    """The payload of a file that was found under this name in this folder.

    Raises:
        Unreadable: it is too large, not signed by one of these keys, no JSON, or meant for another place.
    """
    if len(content) > largest * _BASE64_SHARE + 4096:
        raise Unreadable(f"larger than {largest:,} bytes")
    try:
        signed = jws.deserialize_compact(content, keys, registry=_REGISTRY)
    except (JoseError, ValueError, TypeError, RecursionError) as error:
        raise Unreadable(f"not signed by a key of the agency: {type(error).__name__}") from None
    payload = read_json(signed.payload, largest=largest)
    if not isinstance(payload, dict) or (payload.get("folder"), payload.get("file")) != (folder, name):
        raise Unreadable("signed, but for another file")
    return payload


def _key(pem: bytes, what: str) -> Key:
    for kind in (ECKey, OKPKey):
        try:
            key = kind.import_key(pem)
            curve = key.as_dict(private=False).get("crv")
        except (ValueError, TypeError, KeyError, JoseError):
            continue
        if curve in ("P-256", "Ed25519"):
            return key
    raise BrokenConfiguration(f"the {what} is no P-256 or Ed25519 key in PEM")
