"""Who calls, and what that is worth: providers that rotate keys or are away, systems' own keys and certificates."""

import asyncio
import json
import logging
import sys
import time
from collections.abc import AsyncIterator, Iterator
from hashlib import sha256
from typing import Any

import httpx
import pytest
from nsw_contracts.registration_facts import CERTIFICATE, CLIENT
from nsw_local import Stack
from nsw_local.ports import Ports
from nsw_runtime.errors import BadSettings
from nsw_runtime.identity import issuers
from nsw_runtime.identity.caller import Caller
from nsw_runtime.identity.issuers import Issuer, IssuerAway
from nsw_runtime.settings import ServiceSettings, TrustedIssuer, read_settings
from support.guarding import Guarded, guarding
from support.polling import until
from support.provider import AUDIENCE, Provider, new_key, providing, signed
from support.scratch import Database

KEY, NEXT = new_key(), new_key(kid="k2")
BUSINESS = "0100109106"
DECLARANT = [["declarant", BUSINESS]]


@pytest.fixture
def provider() -> Iterator[Provider]:
    with providing() as found:
        found.show(KEY)
        yield found


@pytest.fixture
async def window(database: Database, provider: Provider) -> AsyncIterator[Guarded]:
    async with guarding(database, provider.url) as found:
        yield found


@pytest.fixture
def no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keys may be fetched again at once."""
    monkeypatch.setattr(issuers, "PAUSE_SECONDS", 0.0)


# --- registrations ---------------------------------------------------------------------------------------------------


def test_who_acts_for_a_business_acts_for_its_branches_and_not_the_reverse() -> None:
    caller = Caller("i", "s", frozenset({("declarant", BUSINESS), ("officer", "BYTE"), ("agency-system", "BCT")}))
    assert [caller.acts_for(code) for code in (BUSINESS, f"{BUSINESS}-001", "0101234567", "", "010010910")] == [
        True, True, False, False, False,
    ]  # fmt: skip
    branch = Caller("i", "s", frozenset({("declarant", f"{BUSINESS}-001")}))
    assert [branch.acts_for(code) for code in (f"{BUSINESS}-001", BUSINESS, f"{BUSINESS}-002")] == [True, False, False]
    assert caller.agencies == {"BYTE", "BCT"}
    assert (caller.is_operator, Caller("i", "s", frozenset({("operator", "NSW")})).is_operator) == (False, True)


async def test_a_token_is_worth_what_its_subject_is_registered_for_and_no_longer_than_that(
    window: Guarded, provider: Provider
) -> None:
    token = provider.token(KEY)
    assert (await window.ask(token, "/declarant"))[0] == 403
    await window.register(provider.url, "somebody", "declarant", BUSINESS)
    assert (await window.ask(token, "/declarant"))[0] == 200
    assert (await window.ask(token))[1]["rights"] == DECLARANT
    for path in ("/agency", "/operator"):
        status, said = await window.ask(token, path)
        assert (status, said["type"]) == (403, "urn:nsw:problem:forbidden")
    await window.register("https://another.example", "somebody", "operator", "NSW")
    assert (await window.ask(token, "/operator"))[0] == 403, "another issuer's subject of that name"
    await window.revoke(provider.url, "somebody")
    assert (await window.ask(token, "/declarant"))[0] == 403


async def test_what_another_process_changes_counts_here_within_a_second_or_so(
    window: Guarded, provider: Provider, database: Database
) -> None:
    token = provider.token(KEY)
    assert (await window.ask(token))[1]["rights"] == []
    async with guarding(database, provider.url) as other:
        await other.register(provider.url, "somebody", "declarant", BUSINESS)

    async def heard() -> bool:
        return bool((await window.ask(token))[1]["rights"] == DECLARANT)

    await until(heard, "the other process's registration", seconds=10)


async def test_many_at_once_are_looked_up_once(window: Guarded, provider: Provider) -> None:
    tokens = [provider.token(KEY, jti=str(each)) for each in range(20)]
    assert {status for status, _ in await asyncio.gather(*(window.ask(token) for token in tokens))} == {200}


# --- providers -------------------------------------------------------------------------------------------------------


async def test_keys_are_rotated(window: Guarded, provider: Provider, no_pause: None) -> None:
    old = provider.token(KEY)
    assert (await window.ask(old))[0] == 200
    provider.show(NEXT, KEY)
    assert (await window.ask(provider.token(NEXT)))[0] == 200, "a name that is not known is asked for"
    assert (await window.ask(old))[0] == 200
    provider.show(NEXT)
    assert (await window.ask(provider.token(new_key(kid="k3"))))[0] == 401
    assert (await window.ask(old))[0] == 401, "its key was withdrawn, though the token was verified before"


async def test_a_key_changed_under_its_name_is_a_withdrawn_key(
    window: Guarded, provider: Provider, no_pause: None
) -> None:
    old, changed = provider.token(KEY), new_key()
    assert (await window.ask(old))[0] == 200
    provider.show(changed)
    assert (await window.ask(provider.token(new_key(kid="k3"))))[0] == 401
    assert [(await window.ask(token))[0] for token in (old, provider.token(changed))] == [401, 200]


async def test_tokens_cannot_make_the_window_ask_again_and_again(window: Guarded, provider: Provider) -> None:
    assert (await window.ask(provider.token(KEY)))[0] == 200
    before = provider.fetches
    strange = [provider.token(new_key(kid=f"strange-{each}")) for each in range(30)]
    assert {(await window.ask(token))[0] for token in strange} == {401}
    assert provider.fetches <= before + 1


async def test_while_the_provider_is_away_its_known_keys_stay_in_force(
    window: Guarded, provider: Provider, no_pause: None
) -> None:
    assert (await window.ask(provider.token(KEY)))[0] == 200
    provider.go_away()
    try:
        assert (await window.ask(provider.token(KEY, jti="new")))[0] == 200
        status, said = await window.ask(provider.token(NEXT))
        assert (status, said["type"]) == (503, "urn:nsw:problem:unavailable"), "it may be a new one: nobody knows"
        assert (await window.ask(provider.token(KEY, jti="newer")))[0] == 200
    finally:
        provider.show(NEXT)
        provider.begin()
    assert (await window.ask(provider.token(NEXT)))[0] == 200


async def test_a_provider_that_was_away_at_the_start_is_trusted_once_it_is_there(
    database: Database, provider: Provider, no_pause: None
) -> None:
    provider.go_away()
    async with guarding(database, provider.url) as window:
        assert (await window.ask(provider.token(KEY)))[0] == 503
        provider.begin()
        assert (await window.ask(provider.token(KEY)))[0] == 200


@pytest.mark.parametrize("wrong", ["another issuer", "no keys", "elsewhere", "no JSON"])
async def test_a_provider_whose_documents_cannot_be_used_vouches_for_nobody(
    database: Database, provider: Provider, wrong: str
) -> None:
    provider.document = {
        "another issuer": {"issuer": "https://another.example"}, "no keys": {"jwks_uri": None},
        "no JSON": {"jwks_uri": "http://127.0.0.1:1/"},
    }.get(wrong, {})  # fmt: skip
    provider.moved = wrong == "elsewhere"
    async with guarding(database, provider.url) as window:
        assert (await window.ask(provider.token(KEY)))[0] == 503


# --- the development issuer ------------------------------------------------------------------------------------------


@pytest.fixture
async def development(stack: Stack) -> AsyncIterator[str]:
    """The real one, a process of its own."""
    port = Ports.free().issuer
    url = f"http://127.0.0.1:{port}"
    await asyncio.to_thread(
        stack.start_process, "issuer-of-a-test", [sys.executable, "-m", "nsw_local.issuer", "--port", str(port)]
    )

    async def answers() -> bool:
        try:
            async with httpx.AsyncClient() as client:
                return (await client.get(f"{url}/jwks")).is_success
        except httpx.HTTPError:
            return False

    await until(answers, "the development issuer")
    yield url
    await asyncio.to_thread(stack.stop_process, "issuer-of-a-test")


async def test_the_development_issuer_gives_tokens_and_rotates_its_keys(
    database: Database, development: str, no_pause: None
) -> None:
    async with httpx.AsyncClient(base_url=development) as issuer, guarding(database, development) as window:

        async def token(**form: str) -> str:
            answer = await issuer.post("/token", data={"subject": "anybody", "audience": AUDIENCE} | form)
            return str(answer.json()["access_token"])

        first = await token()
        assert await window.ask(first) == (200, {"issuer": development, "subject": "anybody", "rights": []})
        await issuer.post("/rotate")
        second = await token()
        assert [(await window.ask(one))[0] for one in (second, first)] == [200, 200]
        await issuer.post("/rotate", data={"keep": "no"})
        assert [(await window.ask(one))[0] for one in (await token(), second, first)] == [200, 401, 401]
        assert (await window.ask(await token(lifetime="-60")))[0] == 401
        assert (await issuer.post("/token", data={})).status_code == 400


async def test_the_development_issuer_is_refused_in_production(
    development: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    told = {"DATABASE_URL": "u", "KAFKA_BOOTSTRAP_SERVERS": "k", "NSW_HTTP_PORT": "1"}
    told["NSW_ISSUERS"] = json.dumps([{"issuer": development, "audience": AUDIENCE}])
    for name, value in told.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(BadSettings, match=r"is not https, and NSW_ENVIRONMENT is not development"):
        read_settings(ServiceSettings)
    monkeypatch.setenv("NSW_ENVIRONMENT", "development")
    assert read_settings(ServiceSettings).issuers[0].issuer == development
    # Behind https it is known by what its discovery document says of itself.
    issuer = Issuer(TrustedIssuer(issuer=development, audience=AUDIENCE), development=False, on_withdrawn=lambda: None)
    with caplog.at_level(logging.WARNING), pytest.raises(IssuerAway):
        await issuer.key("any")
    assert any("development issuer" in str(getattr(record, "cause", "")) for record in caplog.records)


@pytest.mark.parametrize("wrong", ["{", '[{"issuer": "ftp://x", "audience": "a"}]', '[{"issuer": "https://x"}]'])
def test_wrong_issuers_are_refused_at_the_start(monkeypatch: pytest.MonkeyPatch, wrong: str) -> None:
    for name, value in {"DATABASE_URL": "u", "KAFKA_BOOTSTRAP_SERVERS": "k", "NSW_HTTP_PORT": "1"}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("NSW_ISSUERS", wrong)
    with pytest.raises(BadSettings, match=r"(?i)issuers"):
        read_settings(ServiceSettings)


# --- systems ---------------------------------------------------------------------------------------------------------


def assertion(key: Any = KEY, **changed: Any) -> str:
    """A system's own assertion."""
    now = int(time.time())
    good = {"iss": "broker-1", "sub": "broker-1", "aud": "urn:nsw:window", "iat": now, "exp": now + 240}
    return signed({"alg": "ES256"}, {name: value for name, value in (good | changed).items() if value is not None}, key)


async def test_a_system_signs_for_itself_with_its_registered_key(window: Guarded) -> None:
    assert (await window.ask(assertion()))[0] == 401
    await window.register(CLIENT, "broker-1", "declarant", BUSINESS, KEY)
    assert await window.ask(assertion()) == (200, {"issuer": CLIENT, "subject": "broker-1", "rights": DECLARANT})
    now = int(time.time())
    faults: dict[str, dict[str, Any]] = {
        "good for too long": {"exp": now + 3600},
        "expired": {"exp": now - 60},
        "for another window": {"aud": "urn:another"},
        "for a provider": {"aud": AUDIENCE},
        "of another client": {"iss": "broker-2", "sub": "broker-2"},
        "two names": {"sub": "broker-2"},
        "signed with another key": {"key": NEXT},
        "without end": {"exp": None},
    }
    for name, changed in faults.items():
        assert (await window.ask(assertion(**changed)))[0] == 401, name


async def test_a_system_changes_its_key_and_the_old_one_is_good_for_nothing(window: Guarded) -> None:
    await window.register(CLIENT, "broker-1", "declarant", BUSINESS, KEY)
    old = assertion()
    assert (await window.ask(old))[0] == 200
    await window.register(CLIENT, "broker-1", "declarant", BUSINESS, NEXT)
    assert [(await window.ask(one))[0] for one in (assertion(NEXT), old, assertion())] == [200, 401, 401]
    await window.revoke(CLIENT, "broker-1")
    assert (await window.ask(assertion(NEXT)))[0] == 401


async def test_a_provider_cannot_vouch_for_a_system(window: Guarded, provider: Provider) -> None:
    await window.register(CLIENT, "broker-1", "declarant", BUSINESS, NEXT)
    for changed in ({"iss": CLIENT, "sub": "broker-1"}, {"iss": "broker-1", "sub": "broker-1"}):
        assert (await window.ask(provider.token(KEY, **changed)))[0] == 401
    assert (await window.ask(provider.token(KEY, sub="broker-1")))[1]["rights"] == []


async def test_a_registered_certificate_is_a_caller_and_a_token_beside_it_counts(
    window: Guarded, provider: Provider
) -> None:
    window.certificate = b"the DER of a certificate"
    digest = sha256(window.certificate).hexdigest()
    assert (await window.ask())[0] == 401, "whoever has none but its own word"
    await window.register(CERTIFICATE, digest, "agency-system", "BYTE")
    for _ in range(2):
        assert await window.ask() == (
            200, {"issuer": CERTIFICATE, "subject": digest, "rights": [["agency-system", "BYTE"]]},
        )  # fmt: skip
    assert (await window.ask(None, "/agency"))[0] == 200
    assert (await window.ask(provider.token(KEY)))[1]["subject"] == "somebody"
    assert (await window.ask("x"))[0] == 401, "a bad token is not made good by a certificate"
    await window.revoke(CERTIFICATE, digest)
    assert (await window.ask())[0] == 401
