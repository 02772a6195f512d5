"""`nsw token` and `nsw registration` against a running window, as its operator types them."""

import json
import urllib.request

import pytest
from joserfc.jwk import ECKey
from nsw_command import Nsw
from nsw_local import state

BUSINESS = "0100109106"


def status(nsw: Nsw, token: str) -> int:
    """What intake answers about a dossier that does not exist."""
    url = f"{state(nsw.folder).urls['intake']}/v1/dossiers/260000000017"
    request = urllib.request.Request(url, headers={"authorization": f"Bearer {token.strip()}"})
    try:
        with urllib.request.urlopen(request) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        with error:
            return int(error.code)


def test_somebody_is_registered_listed_and_removed(nsw: Nsw) -> None:
    token = nsw("token", "an-importer")
    assert status(nsw, token) == 403
    who = ("--subject", "an-importer", "--role", "declarant", "--party", BUSINESS)
    assert "Registered: 1 of 1" in nsw("registration", "add", *who)
    assert status(nsw, token) == 404
    assert nsw.json("registration", "add", *who) == {"lines": 1, "registered": 0}
    (found,) = nsw.json("registration", "list", "--subject", "an-importer")
    assert (found["role"], found["party"], found["issuer"]) == ("declarant", BUSINESS, state(nsw.folder).urls["issuer"])
    assert BUSINESS in nsw("registration", "list", "--party", BUSINESS)
    assert nsw.json("registration", "remove", "--subject", "an-importer") == {"revoked": 1}
    assert status(nsw, token) == 403
    assert "Nobody is registered so" in nsw("registration", "list", "--subject", "an-importer")


def test_many_and_systems_come_from_files(nsw: Nsw, tmp_path) -> None:
    key = tmp_path / "key.json"
    key.write_text(json.dumps(ECKey.generate_key("P-256", private=True).as_dict(private=False)))
    system = ("--issuer", "urn:nsw:client", "--subject", "broker-9", "--role", "declarant", "--party", BUSINESS)
    assert nsw.json("registration", "add", *system, "--key", str(key))["registered"] == 1
    assert nsw.json("registration", "list", "--subject", "broker-9")[0]["public_key"]["kty"] == "EC"
    many = tmp_path / "many.ndjson"
    lines = [{"issuer": "https://p.example", "subject": f"s{n}", "role": "officer", "party": "BYTE"} for n in range(30)]
    many.write_text("\n".join(map(json.dumps, lines)))
    assert nsw.json("registration", "add", "--file", str(many)) == {"lines": 30, "registered": 30}
    many.write_text(many.read_text() + '\n{"issuer": "x"}')
    assert "/subject: line 31" in nsw("registration", "add", "--file", str(many), code=2)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["add", "--subject", "s"], "--role, --party"),
        (["add", "--file", "nothing.ndjson"], "cannot be read"),
        (["remove"], "--subject"),
        (["add", "--subject", "s", "--role", "declarant", "--party", "12"], "/party"),
        (["list", "--token", "nobody's"], "401"),
    ],
)
def test_what_cannot_be_done_is_said(nsw: Nsw, arguments: list[str], said: str) -> None:
    assert said in nsw("registration", *arguments, code=2)


def test_the_first_operator_is_registered_at_installation(nsw: Nsw) -> None:
    first = ("--operator-issuer", "https://p.example", "--operator-subject", "the-first")
    assert "Installed: 1 change" in nsw("install", *first)
    assert "Nothing to do" in nsw("install", *first)
    (found,) = nsw.json("registration", "list", "--subject", "the-first")
    assert (found["role"], found["party"]) == ("operator", "NSW")
    assert "give --operator-issuer and --operator-subject" in nsw("install", *first[:2], code=2)
    assert "cannot be registered" in nsw("install", *first[:3], "a b", code=2)
