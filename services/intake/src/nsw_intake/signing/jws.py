"""Detached JSON Web Signatures (RFC 7515, appendix F) over raw bytes: read strictly, verified with a known key. Pure.

The protected header decides nothing but which registered certificate is meant: the algorithm must be one that this
certificate's key makes, so `none` and a secret made of a public key have no place to stand. Nothing critical (`crit`)
is understood, `b64: false` (RFC 7797) among it: what is signed is always the base64url of the bytes.
"""

import binascii
import json
import re
from base64 import urlsafe_b64encode
from collections.abc import Mapping, Sequence
from typing import Any, Final, Literal, NamedTuple, get_args

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from nsw_intake.signing.certificate import PublicKey

Algorithm = Literal["ES256", "ES384", "EdDSA", "RS256", "PS256"]
ALGORITHMS: Final[tuple[Algorithm, ...]] = get_args(Algorithm)

MOST_IAT: Final = 2**33  # the year 2242
MOST_HEADER: Final = 2000  # characters of a protected header
MOST_SIGNATURE: Final = 2000  # characters of a signature: RSA of 8192 bits has 1366
_STANDARD: Final = bytes.maketrans(b"-_+/=", b"+/!!!")  # `+`, `/` and padding have no place here
_SHA256: Final = hashes.SHA256()
_ES256: Final = ec.ECDSA(hashes.SHA256())
_ES384: Final = ec.ECDSA(hashes.SHA384())
_PKCS1: Final = padding.PKCS1v15()
_PSS: Final = padding.PSS(mgf=padding.MGF1(hashes.SHA256()), salt_length=32)
_COMPACT: Final = re.compile(r"([A-Za-z0-9_-]+)\.\.([A-Za-z0-9_-]+)")


class BadJws(ValueError):
    """It is no JWS that is taken here; the text says what to mend."""


class Jws(NamedTuple):
    """One signature as it came. `certificate` is the SHA-256 that `x5t#S256` names, in lower-case hexadecimal.

    `number` and `command`: the dossier and the command it is for, where the header says (`dossier`, `command`).
    """

    protected: str
    signature: bytes
    algorithm: Algorithm
    certificate: str
    iat: int
    number: str | None
    command: str | None

    @property
    def compact(self) -> str:
        """The detached compact form."""
        return f"{self.protected}..{base64url(self.signature)}"


def base64url(data: bytes) -> str:
    """Base64url without padding."""
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def from_base64url(text: str) -> bytes:
    """The bytes of a base64url text in its one right spelling.

    Raises:
        BadJws: there are other characters, padding, or bits that mean nothing.
    """
    try:
        padded = text.encode("ascii").translate(_STANDARD) + b"==="[: -len(text) % 4]
        data = binascii.a2b_base64(padded, strict_mode=True)
    except ValueError:
        raise BadJws("is not base64url without padding") from None
    if binascii.b2a_base64(data, newline=False) != padded:
        raise BadJws("is not base64url in its one right spelling")
    return data


def read_compact(text: str) -> Jws:
    """A signature in detached compact form, `<protected>..<signature>`.

    Raises:
        BadJws: it is not one.
    """
    found = _COMPACT.fullmatch(text)
    if found is None:
        raise BadJws("is no detached JWS: `<protected>..<signature>`, the payload left out")
    return read(found[1], found[2])


def read_member(value: object) -> Jws:
    """A signature of a JWS in JSON form: `{"protected", "signature"}` and nothing else.

    Raises:
        BadJws: it is not one.
    """
    if not isinstance(value, Mapping) or set(value) != {"protected", "signature"}:
        raise BadJws('must be {"protected": …, "signature": …}; an unprotected header is not taken')
    protected, signature = value["protected"], value["signature"]
    if not (isinstance(protected, str) and isinstance(signature, str)):
        raise BadJws("`protected` and `signature` must be text")
    return read(protected, signature)


def read(protected: str, signature: str) -> Jws:
    """A signature from its two parts, both in base64url.

    Raises:
        BadJws: a part cannot be read, or the header asks for what is not done here.
    """
    if len(protected) > MOST_HEADER or len(signature) > MOST_SIGNATURE:
        raise BadJws(f"is too long: at most {MOST_HEADER} characters of header and {MOST_SIGNATURE} of signature")
    try:
        header = _HEADER.decode(from_base64url(protected).decode())
    except BadJws:
        raise
    except (ValueError, RecursionError):
        raise BadJws("has a protected header that is no JSON") from None
    if not isinstance(header, dict):
        raise BadJws("has a protected header that is no JSON object")
    if "crit" in header or "b64" in header:
        raise BadJws("has `crit` or `b64` in its header, and nothing critical is understood here; leave both out")
    algorithm, iat = header.get("alg"), header.get("iat")
    if algorithm not in ALGORITHMS:
        raise BadJws(f"has an `alg` that is not taken; {', '.join(ALGORITHMS)} are")
    if type(iat) is not int or not 0 <= iat < MOST_IAT:
        raise BadJws("needs `iat` in its protected header: the seconds since 1970 at which it was signed, whole")
    number, command = header.get("dossier"), header.get("command")
    if not isinstance(number, str | None) or not isinstance(command, str | None):
        raise BadJws("has a `dossier` or `command` in its header that is no text")
    return Jws(protected, from_base64url(signature), algorithm, _thumbprint(header), iat, number, command)


def _once(members: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(members)
    if len(found) != len(members):
        raise BadJws("names a member of its header twice")
    return found


_HEADER: Final = json.JSONDecoder(object_pairs_hook=_once)


def _thumbprint(header: Mapping[str, Any]) -> str:
    named = header.get("x5t#S256")
    if isinstance(named, str):
        digest = from_base64url(named)
        if len(digest) == hashes.SHA256.digest_size:
            return digest.hex()
    raise BadJws("needs `x5t#S256` in its protected header: the SHA-256 of the signing certificate, in base64url")


def fits(algorithm: Algorithm, key: PublicKey) -> bool:
    """Whether the algorithm is one that this key makes."""
    match algorithm:
        case "ES256":
            return isinstance(key, ec.EllipticCurvePublicKey) and isinstance(key.curve, ec.SECP256R1)
        case "ES384":
            return isinstance(key, ec.EllipticCurvePublicKey) and isinstance(key.curve, ec.SECP384R1)
        case "EdDSA":
            return isinstance(key, ed25519.Ed25519PublicKey)
        case "RS256" | "PS256":
            return isinstance(key, rsa.RSAPublicKey)


def holds(jws: Jws, body: bytes, key: PublicKey) -> bool:
    """Whether the signature is this key's over these bytes. Meant for a thread: it lets others run meanwhile."""
    signed = b"".join((jws.protected.encode(), b".", urlsafe_b64encode(body).rstrip(b"=")))
    signature = jws.signature
    try:
        match jws.algorithm, key:
            case ("ES256" | "ES384") as algorithm, ec.EllipticCurvePublicKey():
                half = (key.key_size + 7) // 8
                if len(signature) != 2 * half:
                    return False
                r, s = int.from_bytes(signature[:half], "big"), int.from_bytes(signature[half:], "big")
                key.verify(encode_dss_signature(r, s), signed, _ES256 if algorithm == "ES256" else _ES384)
            case "EdDSA", ed25519.Ed25519PublicKey():
                key.verify(signature, signed)
            case "RS256", rsa.RSAPublicKey():
                key.verify(signature, signed, _PKCS1, _SHA256)
            case "PS256", rsa.RSAPublicKey():
                key.verify(signature, signed, _PSS, _SHA256)
            case _:
                return False
    except InvalidSignature:
        return False
    return True
