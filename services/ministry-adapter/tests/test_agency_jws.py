"""Signing with agencies: which keys are keys, and what is believed."""

import base64
import json

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from joserfc.jwk import ECKey, OctKey, OKPKey, RSAKey
from nsw_ministry_adapter.agency_jws import BadKey, BadSignature, KnownKeys, private, read_key, sign

KEY = ECKey.generate_key("P-256")
LARGE = b"x" * 200_000  # beyond the library's own bound


def pem_of_curve(curve: ec.EllipticCurve) -> bytes:
    public = ec.generate_private_key(curve).public_key()
    return public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


@pytest.mark.parametrize(
    "value",
    [
        b"no key",
        b"{",
        b"\xff",
        pem_of_curve(ec.SECP192R1()),
        pem_of_curve(ec.SECP384R1()),
        OctKey.generate_key(256).as_dict(private=True),
        RSAKey.generate_key(2048).as_dict(private=False),
        OKPKey.generate_key("X25519").as_dict(private=False),
    ],
    ids=["text", "json", "bytes", "unknown curve", "other curve", "secret", "RSA", "X25519"],
)
def test_only_p256_and_ed25519_are_keys(value: bytes | dict[str, str]) -> None:
    with pytest.raises(BadKey, match="P-256"):
        read_key(value)


@pytest.mark.parametrize("key", [KEY, OKPKey.generate_key("Ed25519")], ids=["P-256", "Ed25519"])
def test_what_a_known_key_signed_is_believed_whatever_its_size(key: ECKey | OKPKey) -> None:
    keys = KnownKeys({"one": read_key(key.as_pem(private=False))})
    signed = sign(private(read_key(key.as_pem(private=True))), {"kid": "one", "aud": "x"}, LARGE)
    header, payload = keys.verify(signed)
    assert (header["kid"], header["aud"], payload) == ("one", "x", LARGE)
    head, _, signature = signed.split(".")
    assert keys.verify(f"{head}..{signature}", LARGE)[1] == LARGE


def test_a_public_key_signs_nothing() -> None:
    with pytest.raises(BadKey, match="public"):
        private(read_key(KEY.as_pem(private=False)))


def test_nothing_else_is_believed() -> None:
    keys = KnownKeys({"one": KEY})
    good = sign(KEY, {"kid": "one"}, b"{}")
    head, payload, signature = good.split(".")
    without = base64.urlsafe_b64encode(json.dumps({"alg": "none", "kid": "one"}).encode()).rstrip(b"=").decode()
    for bad in (
        sign(ECKey.generate_key("P-256"), {"kid": "one"}, b"{}"),
        sign(KEY, {"kid": "two"}, b"{}"),
        sign(KEY, {}, b"{}"),
        f"{head}.e30x.{signature}",
        f"{without}.{payload}.",
        f"{head}.{payload}",
        b"\xff.\xff.\xff",
        "",
    ):
        with pytest.raises(BadSignature):
            keys.verify(bad)
    assert keys.verify(good)[1] == b"{}"
