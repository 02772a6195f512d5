"""Detached JWS: what is read of one, to the letter, and the examples of the standards."""

import json

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from hypothesis import given
from hypothesis import strategies as st
from nsw_intake.signing.claims import from_line
from nsw_intake.signing.jws import BadJws, Jws, base64url, from_base64url, holds, read, read_compact
from nsw_runtime.problems import Problem

HEADER = {"alg": "ES256", "x5t#S256": base64url(bytes(32)), "iat": 1}


def protected(**changed: object) -> str:
    return base64url(json.dumps(HEADER | changed).encode())


@given(st.binary(max_size=100))
def test_base64url_has_one_spelling(data: bytes) -> None:
    text = base64url(data)
    assert from_base64url(text) == data
    for wrong in (text + "=", text + "A" * (1 + 3 * (len(text) % 4 == 0)) + "=", f" {text}", f"{text}\n"):
        with pytest.raises(BadJws):
            from_base64url(wrong)


@pytest.mark.parametrize("wrong", ["A", "AB", "AAB", "+A", "/w", "_x==", "é", "A A", "AAAAA"])
def test_another_spelling_of_the_same_bytes_is_none(wrong: str) -> None:
    with pytest.raises(BadJws):
        from_base64url(wrong)


@given(st.text(max_size=60))
def test_anything_is_read_or_refused(text: str) -> None:
    for ask in (read_compact, lambda text: read(text, text), lambda text: read(base64url(text.encode()), "AA")):
        try:
            assert isinstance(ask(text), Jws)
        except BadJws:
            continue


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=5),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
    )
)
def test_any_line_is_read_or_refused(value: object) -> None:
    for line in (value, {"payload": value, "signatures": value}, {"payload": "AA", "signatures": [value]}):
        with pytest.raises(Problem):
            from_line(line)


def test_what_a_header_says_is_read_whole() -> None:
    said = read(protected(dossier="260000000017", command="payment", kid="x", typ="y"), "AA")
    assert (said.algorithm, said.certificate, said.iat) == ("ES256", "0" * 64, 1)
    assert (said.number, said.command) == ("260000000017", "payment")
    assert read_compact(said.compact) == said


def test_the_example_of_rfc_8037_holds() -> None:
    """Appendix A.4: Ed25519, whose header names no certificate; so only the signature is tried."""
    public = from_base64url("11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo")
    signature = from_base64url("hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg")
    jws = Jws("eyJhbGciOiJFZERTQSJ9", signature, "EdDSA", "", 0, None, None)
    key = ed25519.Ed25519PublicKey.from_public_bytes(public)
    assert holds(jws, b"Example of Ed25519 signing", key)
    assert not holds(jws, b"Example of Ed25519 signing.", key)


def test_the_example_of_rfc_7515_holds() -> None:
    """Appendix A.3: ES256."""
    x = from_base64url("f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU")
    y = from_base64url("x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0")
    numbers = ec.EllipticCurvePublicNumbers(int.from_bytes(x), int.from_bytes(y), ec.SECP256R1())
    signature = from_base64url("DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q")
    jws = Jws("eyJhbGciOiJFUzI1NiJ9", signature, "ES256", "", 0, None, None)
    body = b'{"iss":"joe",\r\n "exp":1300819380,\r\n "http://example.com/is_root":true}'
    assert holds(jws, body, numbers.public_key())
    for other in (signature[:-1], signature[:32] + b"\0" + signature[32:], b"\0" + signature, signature + b"\0"):
        assert not holds(jws._replace(signature=other), body, numbers.public_key())
    assert not holds(jws._replace(algorithm="RS256"), body, numbers.public_key())
