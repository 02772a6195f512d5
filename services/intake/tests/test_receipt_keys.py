"""Receipts signed by the window: the keys they are signed with, and files that hold none."""

import json
from collections.abc import Sequence
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from joserfc import jws
from joserfc.jwk import KeySet
from nsw_intake.door import Receipt
from nsw_intake.errors import key_reused
from nsw_intake.signing.receipts import ReceiptKeys, Receipts, new_key
from nsw_runtime.errors import BadSettings

RECEIPT = Receipt("260000000017", "a" * 64, "2026-03-02T09:00:00+00:00")


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
    made, problem = keys(tmp_path), key_reused()

    async def sign(texts: Sequence[bytes]) -> list[str]:
        return [made.sign(text) for text in texts]

    first, again = [await Receipts(sign).signed([RECEIPT, problem, RECEIPT]) for _ in range(2)]
    assert first == again
    one, between, same = first
    assert (between, same) == (problem, one)
    assert isinstance(one, Receipt)
    verified = jws.deserialize_compact(one.jws, KeySet.import_key_set(made.jwks), algorithms=["ES256"])
    assert json.loads(verified.payload) == {name: said for name, said in one._asdict().items() if name != "jws"}
    assert one._replace(jws="") == RECEIPT
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
