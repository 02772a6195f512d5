"""Receipts signed by the window: the keys they are signed with, and files that hold none."""

import json
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from joserfc import jws
from joserfc.jwk import KeySet
from nsw_intake.signing.receipts import ReceiptKeys, Receipts, new_key
from nsw_intake.signing.threads import Threads
from nsw_runtime.errors import BadSettings

RECEIPT = {"number": "260000000017", "received_at": "2026-03-02T09:00:00+00:00", "note": "Đã nhận"}


def keys(folder: Path, text: str = "") -> ReceiptKeys:
    file = folder / "key.pem"
    file.write_text(text or new_key())
    return ReceiptKeys.read(file)


def pem(key) -> str:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()


def public(key) -> str:
    return (
        key.public_key()
        .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
        .decode()
    )


async def test_a_receipt_is_verified_by_the_published_keys_and_is_the_same_each_time(tmp_path: Path) -> None:
    made = keys(tmp_path)
    threads = Threads("test")
    first, again = [await Receipts(made, threads).sealed([RECEIPT] * 3) for _ in range(2)]
    threads.close()
    assert first == again
    assert {one["jws"] for one in first} == {first[0]["jws"]}
    verified = jws.deserialize_compact(first[0]["jws"], KeySet.import_key_set(made.jwks), algorithms=["ES256"])
    assert json.loads(verified.payload) == RECEIPT
    assert verified.headers()["kid"] == made.jwks["keys"][0]["kid"]
    assert "d" not in made.jwks["keys"][0], "the private half stays here"


def test_keys_that_cannot_sign_receipts_stop_the_start(tmp_path: Path) -> None:
    good = new_key()
    for text in (
        "nonsense",
        public(ec.generate_private_key(ec.SECP256R1())),
        pem(ec.generate_private_key(ec.SECP384R1())),
        pem(ed25519.Ed25519PrivateKey.generate()),
        good + new_key(),
        good + public(rsa.generate_private_key(65537, 2048)),
        good + public(ec.generate_private_key(ec.SECP384R1())),
    ):
        with pytest.raises(BadSettings, match="NSW_RECEIPT_KEY_FILE"):
            keys(tmp_path, text)
    with pytest.raises(BadSettings, match="NSW_RECEIPT_KEY_FILE"):
        ReceiptKeys.read(tmp_path / "none.pem")
