"""Every classic fault of a token is a 401 that says nothing of which fault it was; a good one says who calls."""

import hmac
import json
import warnings
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from joserfc.jwk import OctKey, RSAKey
from support import scratch
from support.guarding import Guarded, guarding
from support.provider import ALGORITHMS, AUDIENCE, Provider, new_key, part, providing, signed
from support.scratch import Database

KEY = new_key()
RSA = new_key("RS256", "rsa")
OTHER = new_key()
HOUR = 3600


@pytest.fixture(scope="module")
def provider() -> Iterator[Provider]:
    with providing() as found:
        found.show(KEY, RSA)
        yield found


@pytest.fixture(scope="module")
async def one_window(template: Database, provider: Provider) -> AsyncIterator[Guarded]:
    async with scratch.copied(template) as database, guarding(database, provider.url) as found:
        yield found


@pytest.fixture
def window(one_window: Guarded) -> Guarded:
    one_window.ahead = timedelta()
    return one_window


def changed(**claims: Any) -> Callable[[Provider], str]:
    return lambda provider: provider.token(KEY, **claims)


def headed(key: Any = KEY, **header: Any) -> Callable[[Provider], str]:
    """Good claims under a header with this in it, signed with the key."""
    return lambda provider: signed({"alg": "ES256", "kid": "k1", "typ": "at+jwt"} | header, provider.claims(), key)


def unsigned(provider: Provider, algorithm: str, signature: str = "") -> str:
    return f"{part({'alg': algorithm, 'kid': 'k1'})}.{part(provider.claims())}.{signature}"


def tampered(provider: Provider, which: int) -> str:
    parts = provider.token(KEY).split(".")
    if which == 1:
        claims = provider.claims(sub="operator")
        parts[1] = part(claims)
    else:
        parts[which] = parts[which][:-6] + ("AAAAAA" if not parts[which].endswith("AAAAAA") else "BBBBBB")
    return ".".join(parts)


def with_public_key(provider: Provider, secret: bytes) -> str:
    """Signed with what everybody knows, as if it were a secret."""
    inputs = f"{part({'alg': 'HS256', 'kid': 'k1'})}.{part(provider.claims())}"
    return f"{inputs}.{part(hmac.digest(secret, inputs.encode(), 'sha256'))}"


def raw_claims(provider: Provider, text: str) -> str:
    return signed({"alg": "ES256", "kid": "k1"}, (text % provider.url).encode(), KEY)


FAULTS: dict[str, Callable[[Provider], str]] = {
    "alg none": lambda p: unsigned(p, "none"),
    "alg None, in capitals": lambda p: unsigned(p, "None"),
    "alg none with a signature": lambda p: unsigned(p, "none", "AAAA"),
    "no alg": lambda p: f"{part({'kid': 'k1'})}.{part(p.claims())}.AAAA",
    "alg is no text": lambda p: f"{part({'alg': 7, 'kid': 'k1'})}.{part(p.claims())}.AAAA",
    "HS256 with the public key's PEM": lambda p: with_public_key(p, KEY.as_pem(private=False)),
    "HS256 with the public key's JWK": lambda p: with_public_key(p, json.dumps(KEY.as_dict(private=False)).encode()),
    "HS256 with the RSA key's PEM": lambda p: with_public_key(p, RSA.as_pem(private=False)),
    "ES256 under an RSA key's name": headed(kid="rsa"),
    "RS256 under an EC key's name": headed(RSA, alg="RS256"),
    "RS512": headed(RSA, alg="RS512", kid="rsa"),
    "another audience": changed(aud="urn:another"),
    "a list without our audience": changed(aud=["urn:another", AUDIENCE + "x"]),
    "no audience": changed(aud=None),
    "an issuer nobody trusts": changed(iss="https://evil.example"),
    "our issuer with a slash": lambda p: p.token(KEY, iss=p.url + "/"),
    "no issuer": changed(iss=None),
    "no subject": changed(sub=None),
    "an empty subject": changed(sub=""),
    "a subject that is a number": changed(sub=7),
    "a subject with a line break": changed(sub="a\nb"),
    "expired": changed(exp=1),
    "expired a minute ago": lambda p: p.token(KEY, exp=p.claims()["iat"] - 60),
    "no expiry": changed(exp=None),
    "an expiry in words": changed(exp="tomorrow"),
    "an expiry that is true": changed(exp=True),
    "an expiry without end": lambda p: raw_claims(
        p, f'{{"iss":"%s","sub":"s","aud":"{AUDIENCE}","iat":1,"exp":Infinity}}'
    ),
    "not yet valid": lambda p: p.token(KEY, nbf=p.claims()["iat"] + HOUR),
    "issued in the future": lambda p: p.token(KEY, iat=p.claims()["iat"] + HOUR),
    "never issued": changed(iat=None),
    "another key under this name": headed(OTHER),
    "an unknown key": headed(kid="k9"),
    "no key named, where there are several": headed(kid=None),
    "a key name that is a path": headed(kid="../../../../etc/passwd"),
    "a key name that is SQL": headed(kid="' or 1=1 --"),
    "a key name that is an address": headed(kid="http://127.0.0.1:1/keys"),
    "a key name that is a list": headed(kid=["k1"]),
    "a long key name": headed(kid="k" * 3000),
    "its own key": headed(OTHER, kid="mine", jwk=OTHER.as_dict(private=False)),
    "where its keys are": headed(OTHER, kid="mine", jku="http://127.0.0.1:1/jwks"),
    "where its certificate is": headed(OTHER, kid="mine", x5u="http://127.0.0.1:1/cert"),
    "something critical": headed(crit=["b64"], b64=False),
    "something critical nobody knows": headed(crit=["exp"]),
    "a tampered header": lambda p: tampered(p, 0),
    "tampered claims": lambda p: tampered(p, 1),
    "a tampered signature": lambda p: tampered(p, 2),
    "no signature": lambda p: p.token(KEY).rpartition(".")[0] + ".",
    "a signature cut off": lambda p: p.token(KEY).rpartition(".")[0],
    "a signature of naught": lambda p: p.token(KEY).rpartition(".")[0] + "." + part(bytes(64)),
    "an ID token by its nonce": changed(nonce="n"),
    "an ID token by its hash": changed(at_hash="h"),
    "an ID token as Keycloak says it": changed(typ="ID"),
    "a refresh token as Keycloak says it": changed(typ="Refresh"),
    "a token of another type": headed(typ="logout+jwt"),
    "a type that is no text": headed(typ=1),
    "claims twice": lambda p: raw_claims(
        p, f'{{"iss":"%s","sub":"a","sub":"b","aud":"{AUDIENCE}","iat":1,"exp":9999999999}}'
    ),
    "claims that are a list": lambda p: signed({"alg": "ES256", "kid": "k1"}, ["iss"], KEY),
    "claims that are no JSON": lambda p: signed({"alg": "ES256", "kid": "k1"}, b"{", KEY),
    "claims nested without end": lambda p: signed({"alg": "ES256", "kid": "k1"}, b"[" * 3000, KEY),
    "five parts": lambda p: p.token(KEY) + ".AAAA.AAAA",
    "two parts": lambda p: p.token(KEY).rpartition(".")[0],
    "nothing": lambda _: "",
    "no token at all": lambda _: "x",
    "a blank within": lambda p: p.token(KEY).replace(".", ". ", 1),
    "a huge token": changed(more="x" * 9000),
}  # fmt: skip


async def test_a_good_token_says_who_calls(database: Database) -> None:
    keys = {algorithm: new_key(algorithm, algorithm) for algorithm in ALGORITHMS}
    with providing() as provider:
        provider.show(*keys.values())
        async with guarding(database, provider.url) as window:
            for algorithm, key in keys.items():
                assert await window.ask(provider.token(key, algorithm)) == (
                    200, {"issuer": provider.url, "subject": "somebody", "rights": []},
                )  # fmt: skip
                assert (await window.ask(provider.token(key, algorithm, aud=["urn:another", AUDIENCE])))[0] == 200
                assert (await window.ask(provider.token(key, algorithm, typ="Bearer")))[0] == 200


@pytest.mark.parametrize("name", FAULTS)
async def test_a_token_with_a_fault_is_refused(window: Guarded, provider: Provider, name: str) -> None:
    assert (await window.ask(provider.token(KEY)))[0] == 200
    status, said = await window.ask(FAULTS[name](provider))
    assert (status, said["type"], said["status"]) == (401, "urn:nsw:problem:unauthenticated", 401)
    _, other = await window.ask("x")
    assert said == other, "which fault it was is not told"
    assert (await window.ask(provider.token(KEY)))[0] == 200


async def test_who_sends_nothing_is_told_what_to_send(window: Guarded) -> None:
    answer = await window.client.get("/me")
    assert (answer.status_code, answer.headers["www-authenticate"]) == (401, 'Bearer realm="nsw"')
    assert "Bearer" in answer.json()["detail"]
    assert (await window.ask(None, "/public"))[0] == 200


@pytest.mark.parametrize("header", ["Basic YTpi", "bearer", "Bearer", "DPoP x", "\x00"])
async def test_another_scheme_is_refused(window: Guarded, header: str) -> None:
    answer = await window.client.get("/me", headers={"authorization": header})
    assert answer.status_code == 401
    assert 'error="invalid_token"' in answer.headers["www-authenticate"]


async def test_two_tokens_are_none(window: Guarded, provider: Provider) -> None:
    good = f"Bearer {provider.token(KEY)}"
    answer = await window.client.get("/me", headers=[("authorization", good), ("authorization", good)])
    assert answer.status_code == 401


@pytest.mark.parametrize("ahead", [timedelta(hours=1), timedelta(hours=-1)])
async def test_a_clock_that_is_wrong_fails_closed_for_a_token_seen_before_too(
    window: Guarded, provider: Provider, ahead: timedelta
) -> None:
    token = provider.token(KEY)
    assert (await window.ask(token))[0] == 200
    window.ahead = ahead
    assert (await window.ask(token))[0] == 401
    window.ahead = timedelta()
    assert (await window.ask(token))[0] == 200


async def test_clocks_may_differ_a_little(window: Guarded, provider: Provider) -> None:
    token = provider.token(KEY)
    for seconds in (-20, 20):
        window.ahead = timedelta(seconds=seconds)
        assert (await window.ask(token))[0] == 200


async def test_keys_that_no_token_may_be_signed_with_are_not_taken(database: Database) -> None:
    with warnings.catch_warnings(action="ignore"):  # of the library, which is right
        weak = RSAKey.generate_key(1024, {"kid": "weak"}, private=True)
    secret = OctKey.generate_key(256, {"kid": "oct"})
    sealing = new_key("RS256", "sealing")
    with providing() as provider:
        provider.show(weak, KEY)
        provider.keys += [secret.as_dict(private=True), sealing.as_dict(private=False) | {"use": "enc"}, {"kty": "EC"}]
        async with guarding(database, provider.url) as window:
            assert (await window.ask(provider.token(KEY)))[0] == 200
            for key, algorithm in ((weak, "RS256"), (secret, "HS256"), (sealing, "RS256")):
                assert (await window.ask(provider.token(key, algorithm)))[0] == 401
