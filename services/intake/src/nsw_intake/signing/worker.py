"""The signing process: verifies signatures and signs receipts, frame by frame, until its input ends.

A frame is its length in four bytes (big-endian) and MessagePack. The first holds the private key of the window (DER,
PKCS #8); each after it is a `Verify` or a `Sign`, and is answered by one frame, in order: booleans, or signatures.
`python -m nsw_intake.signing.worker` is started by `process.py` alone.
"""

import logging
import signal
import sys
from functools import lru_cache
from typing import BinaryIO, Final, NamedTuple, cast

import msgspec
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_der_private_key, load_der_public_key

from nsw_intake.signing.certificate import PublicKey
from nsw_intake.signing.jws import Jws, holds
from nsw_intake.signing.receipts import ReceiptKeys

log = logging.getLogger(__name__)

LENGTH_BYTES: Final = 4
KEYS_KEPT: Final = 20_000  # public keys in memory


class Check(NamedTuple):
    """A signature to be verified: over which bytes, by which public key (DER, SubjectPublicKeyInfo)."""

    jws: Jws
    body: bytes
    key: bytes


class Verify(msgspec.Struct, tag=True, array_like=True):
    """Asks whether each of these signatures holds."""

    checks: list[Check]


class Sign(msgspec.Struct, tag=True, array_like=True):
    """Asks for the compact JWS over each of these receipts' JSON."""

    receipts: list[bytes]


def frame(value: object) -> bytes:
    """A frame of this value."""
    return framed(msgspec.msgpack.encode(value))


def framed(body: bytes) -> bytes:
    """A frame of these bytes."""
    return len(body).to_bytes(LENGTH_BYTES) + body


def main() -> None:
    """Answer until the input ends. The parent drains on a signal, and needs this process until then."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    asked, answers = sys.stdin.buffer, sys.stdout.buffer
    keys = ReceiptKeys(cast("ec.EllipticCurvePrivateKey", load_der_private_key(_read(asked), None)))
    decoder = msgspec.msgpack.Decoder(Verify | Sign)
    while body := _read(asked):
        match decoder.decode(body):
            case Verify(checks):
                answer: list[bool] | list[str] = [_holds(one) for one in checks]
            case Sign(receipts):
                answer = [keys.sign(one) for one in receipts]
        answers.write(frame(answer))
        answers.flush()


def _read(asked: BinaryIO) -> bytes:
    """What the next frame holds; nothing: there is none, or only a part of one."""
    head = asked.read(LENGTH_BYTES)
    if len(head) < LENGTH_BYTES:
        return b""
    size = int.from_bytes(head)
    body = asked.read(size)
    return body if len(body) == size else b""


def _holds(check: Check) -> bool:
    try:
        return holds(check.jws, check.body, _public_key(check.key))
    except Exception:  # one that cannot be verified must not end the process, and with it the answers of all others
        log.exception("a signature could not be verified; it is taken as one that does not hold")
        return False


@lru_cache(KEYS_KEPT)
def _public_key(der: bytes) -> PublicKey:
    return cast("PublicKey", load_der_public_key(der))


if __name__ == "__main__":
    main()
