"""Registrations over HTTP: many at once or none, listed, revoked, and heard of by the services that need them."""

import json
from io import BytesIO
from typing import Any
from uuid import uuid4

import pytest
from joserfc.jwk import OctKey
from nsw_benchmarks.businesses import businesses
from nsw_cli.system import OPERATOR
from nsw_contracts.registration_facts import CERTIFICATE, CLIENT
from support.businesses import Business, new_tax_code, pack_today
from support.live import Live
from support.polling import until
from support.provider import new_key

NDJSON = {"content-type": "application/x-ndjson"}
ISSUER = "https://provider.example"
MANY = 50_000


async def send(live: Live, lines: list[dict[str, Any]]) -> tuple[int, Any]:
    data = BytesIO("\n".join(map(json.dumps, lines)).encode())
    return await live.ask("POST", f"{live.intake}/v1/registrations", caller=OPERATOR, data=data, headers=NDJSON)


async def listed(live: Live, query: str) -> list[dict[str, Any]]:
    status, text = await live.ask("GET", f"{live.intake}/v1/registrations?{query}", caller=OPERATOR)
    assert status == 200
    return [json.loads(line) for line in text.splitlines()]


def line(party: str, subject: str = "s", role: str = "declarant", **more: Any) -> dict[str, Any]:
    return {"issuer": ISSUER, "subject": subject, "role": role, "party": party} | more


async def test_fifty_thousand_in_one_go_reach_every_reader(live: Live) -> None:
    subject = uuid4().hex
    lines = [line(business.tax_code, subject) for business in businesses(99, MANY)]
    assert await send(live, lines) == (200, {"lines": MANY, "registered": MANY})
    assert await send(live, lines) == (200, {"lines": MANY, "registered": 0}), "and again: nothing is new"
    first = await listed(live, f"subject={subject}")
    assert len(first) == 1000
    await live.drained()
    async with live.owner() as owner:
        for schema in ("intake", "notifier", "ministry_adapter"):
            query = f"select count(*) from {schema}.registration where subject = $1 and not revoked"
            assert await owner.fetchval(query, subject) == MANY, schema
    url = f"{live.intake}/v1/registrations?issuer={ISSUER}&subject={subject}"
    assert await live.ask("DELETE", url, caller=OPERATOR) == (200, {"revoked": MANY})
    assert await live.ask("DELETE", url, caller=OPERATOR) == (200, {"revoked": 0})
    await live.drained()
    async with live.owner() as owner:
        query = "select count(*) from notifier.registration where subject = $1 and not revoked"
        assert await owner.fetchval(query, subject) == 0


async def test_pages_follow_one_another(live: Live) -> None:
    subject = uuid4().hex
    codes = sorted(business.tax_code for business in businesses(98, 2500))
    await send(live, [line(code, subject) for code in codes])
    found: list[str] = []
    url: str | None = f"{live.intake}/v1/registrations?subject={subject}"
    headers = await live.headers(OPERATOR)
    while url is not None:
        async with live.http.get(url, headers=headers) as answer:
            found += [json.loads(each)["party"] for each in (await answer.text()).splitlines()]
            following = answer.links.get("next")
            url = str(following["url"]) if following else None
    assert found == codes


WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "no tax code": (line("12"), "/party"),
    "a wrong check digit": (line("0100109107"), ""),
    "a declarant of an agency": (line("BYTE"), ""),
    "an officer of a business": (line("0100109106", role="officer"), ""),
    "an agency nobody knows": (line("NOSUCH", role="agency-system"), ""),
    "an operator of an agency": (line("BYTE", role="operator"), ""),
    "a role nobody has": (line("0100109106", role="king"), "/role"),
    "no subject": (line("0100109106", ""), "/subject"),
    "a subject with a blank": (line("0100109106", "a b"), "/subject"),
    "a field nobody knows": (line("0100109106", since="now"), "/since"),
    "a client without a key": (line("0100109106", issuer=CLIENT), ""),
    "a person with a key": (line("0100109106", public_key=new_key().as_dict(private=False)), ""),
    "a client's private key": (line("0100109106", issuer=CLIENT, public_key=new_key().as_dict(private=True)), ""),
    "a client's secret": (line("0100109106", issuer=CLIENT, public_key=OctKey.generate_key(256).as_dict()), ""),
    "a certificate by its name": (line("BYTE", "CN=x", "agency-system", issuer=CERTIFICATE), ""),
}


@pytest.mark.parametrize("name", WRONG)
async def test_one_bad_line_and_nobody_is_registered(live: Live, name: str) -> None:
    wrong, pointer = WRONG[name]
    good = line(new_tax_code(), uuid4().hex)
    status, said = await send(live, [good, wrong, good])
    assert (status, said["type"]) == (422, "urn:nsw:problem:invalid-registration")
    assert [(one["pointer"], one["detail"][:8]) for one in said["errors"]] == [(pointer, "line 2: ")]
    assert await listed(live, f"subject={good['subject']}") == []


async def test_what_cannot_be_asked_is_said(live: Live) -> None:
    url = f"{live.intake}/v1/registrations"
    for method, query in (("GET", "?who=me"), ("GET", "?after=x"), ("DELETE", "?issuer=x"), ("DELETE", "")):
        status, said = await live.ask(method, url + query, caller=OPERATOR)
        assert (status, said["type"]) == (400, "urn:nsw:problem:bad-parameter"), (method, query)


async def test_a_person_who_leaves_may_do_nothing_more(live: Live) -> None:
    business, subject = Business(live), uuid4().hex
    await live.register(business.tax_code, subject=subject)
    dossier, headers = business.dossier(pack_today("BYTE0600001")), {"idempotency-key": uuid4().hex}
    ask = {"json": dossier, "headers": headers, "caller": subject}
    assert (await live.ask("POST", f"{live.intake}/v1/dossiers", **ask))[0] == 202
    url = f"{live.intake}/v1/registrations?issuer={live.system.issuer_url}&subject={subject}"
    assert await live.ask("DELETE", f"{url}&party={business.tax_code}", caller=OPERATOR) == (200, {"revoked": 1})
    assert (await live.ask("POST", f"{live.intake}/v1/dossiers", **ask))[0] == 403

    async def forgotten() -> bool:
        listed = f"{live.system.services['notifier']}/v1/subscriptions?declarant={business.tax_code}"
        return (await live.ask("GET", listed, caller=subject))[0] == 403

    await until(forgotten, "the notifier to hear of it", seconds=15)
