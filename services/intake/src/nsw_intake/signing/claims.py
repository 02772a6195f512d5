"""What comes to a door as signed: the bytes as received, and the signatures over them, read but not verified yet."""

from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

from nsw_procedures.pack import MOST_SIGNATURES

from nsw_intake.signing.errors import HEADER, bad_signature
from nsw_intake.signing.jws import BadJws, Jws, from_base64url, read_compact, read_member


class Claim(NamedTuple):
    """`where` names what an error points at: the header, or a bulk line's `/jws`."""

    body: bytes
    signatures: tuple[Jws, ...]
    where: str = HEADER


UNSIGNED: Final = Claim(b"", ())
"""Nothing is signed."""


def from_header(values: Sequence[str], body: bytes) -> Claim:
    """The signatures of a request: all of its `NSW-Signature` headers, each with one or more, comma separated.

    Raises:
        Problem: 422, one is no detached JWS, or there are too many.
    """
    texts = [text.strip() for value in values for text in value.split(",")]
    if len(texts) > MOST_SIGNATURES:
        raise bad_signature(HEADER, f"holds more than {MOST_SIGNATURES} signatures")
    try:
        return Claim(body, tuple(read_compact(text) for text in texts))
    except BadJws as error:
        raise bad_signature(HEADER, str(error)) from None


def from_line(value: object) -> Claim:
    """The signatures and the payload of a bulk line's `jws` (RFC 7515, section 7.2.1).

    Raises:
        Problem: 422, it is not one.
    """
    where = "/jws"
    if not isinstance(value, Mapping) or set(value) != {"payload", "signatures"}:
        raise bad_signature(where, 'must be {"payload": "<base64url of the bytes>", "signatures": […]}')
    payload, signatures = value["payload"], value["signatures"]
    if not isinstance(payload, str):
        raise bad_signature(f"{where}/payload", "must be text")
    try:
        body = from_base64url(payload)
    except BadJws as error:
        raise bad_signature(f"{where}/payload", str(error)) from None
    return Claim(body, _members(signatures, f"{where}/signatures"), f"{where}/signatures")


def _members(value: Any, where: str) -> tuple[Jws, ...]:
    if not isinstance(value, list) or not 1 <= len(value) <= MOST_SIGNATURES:
        raise bad_signature(where, f"must be a list of 1 to {MOST_SIGNATURES} signatures")
    read: list[Jws] = []
    for index, one in enumerate(value):
        try:
            read.append(read_member(one))
        except BadJws as error:
            raise bad_signature(f"{where}/{index}", str(error)) from None
    return tuple(read)
