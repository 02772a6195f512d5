"""Tokens: fetched when needed, again before they end, and again when the window does not take one."""

from collections.abc import Iterator
from urllib.parse import parse_qs

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from joserfc import jwt
from joserfc.jwk import ECKey
from little_window import LittleWindow, certificate_of, little_window
from nsw_client import ClientAssertion, ClientCredentials, NotAllowed, SigningKey, StaticToken, Unreachable, Window

KEY = ec.generate_private_key(ec.SECP256R1())
SIGNING = SigningKey(KEY, certificate_of(KEY))
DOSSIER = {"procedure": "BYTE0500009"}


@pytest.fixture
def door() -> Iterator[LittleWindow]:
    with little_window() as running:
        yield running


@pytest.fixture
def issuer() -> Iterator[LittleWindow]:
    with little_window() as running:
        for number in range(1, 5):
            running.next(200, {"access_token": f"token-{number}", "expires_in": 300})
        yield running


def test_a_token_is_fetched_once_and_again_before_it_ends(door, issuer) -> None:
    now = [1000.0]
    tokens = ClientCredentials(
        f"{issuer.url}/token", "me", secret="s", scope="file", audience="nsw", clock=lambda: now[0]
    )
    with Window(door.url, token=tokens) as window:
        for later in (0, 100, 169, 1):
            now[0] += later
            window.submit(DOSSIER)
    assert [asked.headers["authorization"] for asked in door.asked] == [
        "Bearer token-1", "Bearer token-1", "Bearer token-1", "Bearer token-2",
    ]  # fmt: skip
    assert len(issuer.asked) == 2
    assert issuer.asked[0].headers["authorization"] == "Basic bWU6cw=="
    assert parse_qs(issuer.asked[0].body.decode()) == {
        "grant_type": ["client_credentials"], "scope": ["file"], "audience": ["nsw"],
    }  # fmt: skip


def test_a_token_the_window_does_not_take_is_replaced_once(door, issuer) -> None:
    with Window(door.url, token=ClientCredentials(f"{issuer.url}/token", "me", secret="s")) as window:
        door.next(401, {})
        window.submit(DOSSIER)
        assert [asked.headers["authorization"] for asked in door.asked] == ["Bearer token-1", "Bearer token-2"]
        door.next(401, {})
        door.next(401, {})
        with pytest.raises(NotAllowed):
            window.submit(DOSSIER)
    assert len(door.asked) == 4


def test_a_client_proves_itself_by_its_key(issuer) -> None:
    tokens = ClientCredentials(f"{issuer.url}/token", "me", key=SIGNING, clock=lambda: 1000.0)
    assert tokens.bearer() == "token-1"
    said = {name: values[0] for name, values in parse_qs(issuer.asked[0].body.decode()).items()}
    assert said["client_assertion_type"] == "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
    claims = jwt.decode(said["client_assertion"], ECKey.import_key(KEY.public_key())).claims
    assert (claims["iss"], claims["sub"], claims["aud"]) == ("me", "me", f"{issuer.url}/token")
    assert (claims["iat"], claims["exp"]) == (1000, 1240)


def test_an_issuer_that_gives_none_says_why(door) -> None:
    tokens = ClientCredentials(f"{door.url}/token", "me", secret="s")
    door.next(401, {"error": "invalid_client"})
    with pytest.raises(NotAllowed, match="invalid_client"):
        tokens.bearer()
    for said in ([], None, {}):
        door.next(200, said)
        with pytest.raises(NotAllowed, match="did not say why"):
            tokens.bearer()


def test_an_issuer_that_is_not_there() -> None:
    with pytest.raises(Unreachable, match="does not answer"):
        ClientCredentials("http://127.0.0.1:9/token", "me", secret="s").bearer()


def test_an_assertion_serves_for_some_minutes(door) -> None:
    now = [1000.0]
    with Window(door.url, token=ClientAssertion(SIGNING, "me", clock=lambda: now[0])) as window:
        for later in (0, 209, 1):
            now[0] += later
            window.submit(DOSSIER)
        door.next(401, {})
        window.submit(DOSSIER)
    said = [
        jwt.decode(asked.headers["authorization"].removeprefix("Bearer "), ECKey.import_key(KEY.public_key()))
        for asked in door.asked
    ]
    assert {(one.claims["iss"], one.claims["sub"], one.claims["aud"]) for one in said} == {
        ("me", "me", "urn:nsw:window")
    }
    assert [one.claims["exp"] for one in said] == [1240, 1240, 1450, 1450, 1450]
    assert len({one.claims["jti"] for one in said}) == 3, "one the window did not take is not sent again"
    assert {one.header["x5t#S256"] for one in said} == {SIGNING.thumbprint}


def test_a_client_has_one_way_to_prove_itself() -> None:
    with pytest.raises(ValueError, match="either"):
        ClientCredentials("http://127.0.0.1:9/token", "me")
    assert not StaticToken("t").forget()
