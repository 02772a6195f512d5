"""Key files: which are taken, what they sign with, and what is said of the others."""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import UTC, datetime

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa, x25519
from cryptography.hazmat.primitives.serialization import pkcs12
from joserfc import jws, jwt
from joserfc.jwk import ECKey, OKPKey, RSAKey
from little_window import certificate_of, key_files, pem
from nsw_client import KeyUnusable, SigningKey

AT = datetime(2026, 3, 2, 8, 30, tzinfo=UTC)
EC = ec.generate_private_key(ec.SECP256R1())
ED = ed25519.Ed25519PrivateKey.generate()
RSA = rsa.generate_private_key(65537, 2048)


@pytest.mark.parametrize(
    ("key", "of_rsa", "algorithm", "kind"),
    [(EC, "PS256", "ES256", ECKey), (ED, "PS256", "EdDSA", OKPKey), (RSA, "PS256", "PS256", RSAKey),
     (RSA, "RS256", "RS256", RSAKey)],
)  # fmt: skip
@pytest.mark.filterwarnings("ignore::joserfc.errors.SecurityWarning")  # EdDSA has a newer name; this is the window's
def test_each_kind_of_key_signs(tmp_path, key, of_rsa, algorithm, kind) -> None:
    signing = SigningKey.from_files(*key_files(tmp_path, key), of_rsa=of_rsa)
    protected, _, signature = signing.sign(b"a body", AT).split(".")
    assert json.loads(urlsafe_b64decode(protected + "=="))["alg"] == signing.algorithm == algorithm
    public = kind.import_key(
        key.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )
    )  # fmt: skip
    whole = f"{protected}.{urlsafe_b64encode(b'a body').rstrip(b'=').decode()}.{signature}"
    jws.deserialize_compact(whole, public, registry=jws.JWSRegistry(algorithms=[algorithm], strict_check_header=False))
    assert signing.public_jwk() == {**public.as_dict(private=False), "alg": algorithm}
    claims = {"iss": "me", "exp": 2_000_000_000}
    assert jwt.decode(signing.assertion(claims), public, algorithms=[algorithm]).claims == claims


def test_one_file_may_hold_both(tmp_path) -> None:
    file = tmp_path / "both.pem"
    file.write_bytes(pem(EC) + certificate_of(EC).public_bytes(serialization.Encoding.PEM))
    assert "BEGIN CERTIFICATE" in SigningKey.from_files(file).certificate_pem()


def test_pkcs12_and_its_password(tmp_path) -> None:
    file = tmp_path / "key.p12"
    file.write_bytes(
        pkcs12.serialize_key_and_certificates(
            b"key", RSA, certificate_of(RSA), None, serialization.BestAvailableEncryption(b"secret")
        )
    )
    assert SigningKey.from_files(file, password="secret").algorithm == "PS256"
    for password in (None, "wrong"):
        with pytest.raises(KeyUnusable, match="password"):
            SigningKey.from_files(file, password=password)


def test_intermediates_go_along(tmp_path) -> None:
    file = tmp_path / "both.pem"
    own, other = certificate_of(EC), certificate_of(ED)
    file.write_bytes(b"".join(one.public_bytes(serialization.Encoding.PEM) for one in (own, other)) + pem(EC))
    assert SigningKey.from_files(file).certificate_pem().count("BEGIN CERTIFICATE") == 2
    assert SigningKey.from_files(file).chain == (own, other)
    packed = tmp_path / "key.p12"
    packed.write_bytes(pkcs12.serialize_key_and_certificates(b"key", EC, own, [other], serialization.NoEncryption()))
    assert SigningKey.from_files(packed).chain == (own, other)


def test_an_encrypted_pem_and_its_password(tmp_path) -> None:
    key, certificate = key_files(tmp_path, ED)
    key.write_bytes(pem(ED, b"secret"))
    assert SigningKey.from_files(key, certificate, password="secret").algorithm == "EdDSA"
    with pytest.raises(KeyUnusable, match="encrypted: give its password"):
        SigningKey.from_files(key, certificate)
    with pytest.raises(KeyUnusable, match="the password is wrong"):
        SigningKey.from_files(key, certificate, password="wrong")


def test_a_password_for_a_key_that_needs_none_does_no_harm(tmp_path) -> None:
    assert SigningKey.from_files(*key_files(tmp_path, EC), password="secret").algorithm == "ES256"


def test_a_certificate_as_der(tmp_path) -> None:
    key, certificate = key_files(tmp_path, EC)
    certificate.write_bytes(certificate_of(EC).public_bytes(serialization.Encoding.DER))
    assert len(SigningKey.from_files(key, certificate).sha256) == 64


@pytest.mark.parametrize(
    ("key", "why"),
    [(ec.generate_private_key(ec.SECP384R1()), "P-256"), (rsa.generate_private_key(65537, 1024), "2048 bits")],
)
def test_keys_the_window_does_not_take(tmp_path, key, why) -> None:
    with pytest.raises(KeyUnusable, match=why):
        SigningKey.from_files(*key_files(tmp_path, key))


def test_files_that_are_of_no_use(tmp_path) -> None:
    key, certificate = key_files(tmp_path, EC)
    with pytest.raises(KeyUnusable, match="holds no certificate"):
        SigningKey.from_files(key)
    with pytest.raises(KeyUnusable, match="cannot be read"):
        SigningKey.from_files(tmp_path / "nowhere.pem")
    with pytest.raises(KeyUnusable, match="no private key"):
        SigningKey.from_files(certificate)
    with pytest.raises(KeyUnusable, match=r"no X\.509"):
        SigningKey.from_files(key, key)
    with pytest.raises(KeyUnusable, match="not this key's"):
        SigningKey(EC, certificate_of(ED))
    key.write_bytes(pem(x25519.X25519PrivateKey.generate()))
    with pytest.raises(KeyUnusable, match="no private key that signs"):
        SigningKey.from_files(key, certificate)
