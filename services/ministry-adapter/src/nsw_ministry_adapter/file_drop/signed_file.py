"""The files: each a compact JWS (RFC 7515, ES256 or Ed25519) whose payload is JSON that names the file it is meant for.

So a file cannot be changed, given another name, or put into another folder or another agency's drop unnoticed.
"""

import json
from collections.abc import Mapping
from typing import Any, Final

from nsw_contracts.adapter import BrokenConfiguration, Unreadable
from nsw_contracts.adapter.strict_json import read_json

from nsw_ministry_adapter.agency_jws import BadKey, BadSignature, KnownKeys, SigningKey, private, read_key
from nsw_ministry_adapter.agency_jws import sign as sign_jws

_BASE64_SHARE: Final = 4 / 3


def private_key(pem: bytes) -> SigningKey:
    """Our signing key, from PEM.

    Raises:
        BrokenConfiguration: it is no private P-256 or Ed25519 key.
    """
    try:
        return private(read_key(pem))
    except BadKey as error:
        raise BrokenConfiguration(f"the signing key: {error}") from error


def public_keys(pems: Mapping[str, str]) -> KnownKeys:
    """The agency's keys by id, from PEM; several while it changes them.

    Raises:
        BrokenConfiguration: one of them is no P-256 or Ed25519 key.
    """
    keys = {}
    for kid, pem in pems.items():
        try:
            keys[kid] = read_key(pem.encode())
        except BadKey as error:
            raise BrokenConfiguration(f"the agency's key {kid}: {error}") from error
    return KnownKeys(keys)


def sign(key: SigningKey, kid: str, folder: str, name: str, payload: Mapping[str, Any]) -> bytes:
    """The content of a file of this name in this folder."""
    said = json.dumps({"folder": folder, "file": name, **payload}, ensure_ascii=False, separators=(",", ":"))
    return sign_jws(key, {"kid": kid, "typ": "nsw-file+jws"}, said.encode()).encode()


def verify(keys: KnownKeys, folder: str, name: str, content: bytes, *, largest: int) -> dict[str, Any]:
    """The payload of a file that was found under this name in this folder.

    Raises:
        Unreadable: it is too large, not signed by one of these keys, no JSON, or meant for another place.
    """
    if len(content) > largest * _BASE64_SHARE + 4096:
        raise Unreadable(f"larger than {largest:,} bytes")
    try:
        _, signed = keys.verify(content)
    except BadSignature as error:
        raise Unreadable(f"not signed by a key of the agency: {error}") from None
    payload = read_json(signed, largest=largest)
    if not isinstance(payload, dict) or (payload.get("folder"), payload.get("file")) != (folder, name):
        raise Unreadable("signed, but for another file")
    return payload
