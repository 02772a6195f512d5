"""Every route × role × tenant, over HTTP: who is let through, and that what is another's looks like nothing."""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any
from uuid import uuid4

import pytest
from nsw_contracts.number import dossier_number
from nsw_contracts.registration_facts import Role
from nsw_contracts.topics import Service
from nsw_runtime.identity import Access
from support.access import LET_THROUGH, ROUTES
from support.businesses import PAID, Business, pack_today
from support.live import Live
from support.polling import until

PARTY: dict[Role, str] = {"officer": "BYTE", "agency-system": "BYTE", "operator": "NSW"}
NUMBER = dossier_number(2001, 7)
NAMES = {
    "number": NUMBER, "sha256": "0" * 64, "code": "BYTE0600001", "agency": "BYTE", "day": "2026-03-02",
    "subscription": "sub_0", "delivery:int": "1", "token": "t", "decision": "d",
}  # fmt: skip
EVERY = [(service, method, path) for service, routes in ROUTES.items() for method, path in routes]
PROCEDURE = "BYTE0600001"
JSON = {"content-type": "application/json"}
NDJSON = {"content-type": "application/x-ndjson"}


def filled(path: str, **names: str) -> str:
    for name, value in (NAMES | names).items():
        path = path.replace(f"{{{name}}}", value)
    assert "{" not in path, path
    return path


@pytest.fixture(scope="module")
async def subjects(live: Live) -> dict[Role | None, str]:
    """Somebody of each role, and somebody of none, known to every service."""
    found: dict[Role | None, str] = {None: f"nobody-{uuid4().hex}"}
    roles: tuple[Role, ...] = ("declarant", "officer", "agency-system", "operator")
    for role in roles:
        found[role] = f"{role}-{uuid4().hex}"
        party = PARTY.get(role) or Business(live).tax_code
        await live.register(party, subject=found[role], role=role)
    await live.drained()
    return found


@pytest.mark.parametrize(("service", "method", "path"), EVERY)
async def test_a_route_lets_through_whom_it_should_and_nobody_else(
    live: Live, subjects: dict[Role | None, str], service: Service, method: str, path: str
) -> None:
    access: Access = ROUTES[service][method, path]
    url = live.system.services[service] + filled(path)

    async def refused(subject: str | None, **headers: str) -> str:
        """By which problem the guard refuses; nothing where the request got past it."""
        sent = headers | (await live.headers(subject) if subject else {})
        async with live.http.request(method, url, headers=sent) as answer:
            if answer.status not in (401, 403):
                return ""
            if method == "HEAD":
                return {401: "unauthenticated", 403: "forbidden"}[answer.status]
            said = (await answer.json(content_type=None))["type"].removeprefix("urn:nsw:problem:")
            return said if said in {"unauthenticated", "forbidden"} else ""

    if access == "public":
        assert await refused(None) == await refused(None, authorization="Bearer x") == ""
        return
    assert await refused(None) == await refused(None, authorization="Bearer x") == "unauthenticated"
    for role, subject in subjects.items():
        allowed = role in LET_THROUGH[access]
        said = await refused(subject)
        if method == "HEAD" and allowed:  # what it says of a business that it is not registered for has no body
            continue
        assert said == ("" if allowed else "forbidden"), role


# --- two tenants -----------------------------------------------------------------------------------------------------


@dataclass
class Tenant:
    """A business with somebody of its own, and one of everything."""

    live: Live
    business: Business
    subject: str
    number: str = ""
    document: str = ""
    subscription: str = ""
    bodies: dict[str, Any] = field(default_factory=dict)

    async def ask(self, method: str, url: str, **options: Any) -> tuple[int, Any]:
        return await self.live.ask(method, url, caller=self.subject, **options)


async def tenant(live: Live) -> Tenant:
    business = Business(live)
    found = Tenant(live, business, f"only-{business.tax_code}")
    await live.register(business.tax_code, subject=found.subject)
    intake, notifier = live.intake, live.system.services["notifier"]
    bytes_ = b"%PDF-1.7\n" + business.tax_code.encode()
    found.document = sha256(bytes_).hexdigest()
    status, said = await found.ask(
        "PUT", f"{intake}/v1/documents/{found.document}?declarant={business.tax_code}",
        data=bytes_, headers={"content-type": "application/pdf"},
    )  # fmt: skip
    assert status == 201, said
    dossier = business.dossier(pack_today(PROCEDURE))
    held = {"sha256": found.document, "size": len(bytes_), "media_type": "application/pdf"}
    dossier["documents"] = [one | held for one in dossier["documents"][:1]] + dossier["documents"][1:]
    if not dossier["documents"]:
        dossier["documents"] = [held | {"name": "a.pdf", "kind": "other"}]
    found.bodies["dossier"] = dossier
    status, said = await found.ask(
        "POST", f"{intake}/v1/dossiers", json=dossier, headers={"idempotency-key": uuid4().hex}
    )
    assert status == 202, said
    found.number = said["number"]
    wanted = {"declarant": business.tax_code, "url": f"{live.system.businesses_url}/hooks/{business.tax_code}"}
    found.bodies["subscription"] = wanted

    async def subscribed() -> Any:
        status, said = await found.ask("POST", f"{notifier}/v1/subscriptions", json=wanted)
        return said if status == 201 else None

    found.subscription = (await until(subscribed, "a subscription", seconds=15))["id"]
    return found


@pytest.fixture(scope="module")
async def mine(live: Live) -> AsyncIterator[Tenant]:
    found = await tenant(live)
    yield found
    await found.ask("DELETE", f"{live.system.services['notifier']}/v1/subscriptions/{found.subscription}")


@pytest.fixture(scope="module")
async def theirs(live: Live) -> AsyncIterator[Tenant]:
    found = await tenant(live)
    yield found
    await found.ask("DELETE", f"{live.system.services['notifier']}/v1/subscriptions/{found.subscription}")


OWNED = [
    (service, method, path)
    for service, method, path in EVERY
    if ROUTES[service][method, path] in ("declarant", "anyone") and ("{number}" in path or "{subscription}" in path)
]


def body_for(path: str, of: Tenant) -> dict[str, Any]:
    """What gets as far as the question whose it is."""
    bodies: dict[str, Any] = {
        "/supplements": {"dossier": of.bodies["dossier"]},
        "/amendments": {"dossier": of.bodies["dossier"], "reason": "Sửa"},
        "/withdrawals": {"reason": "Thôi"},
        "/payments": PAID,
        "/links": {},
    }
    for end, body in bodies.items():
        if path.endswith(end):
            return {"json": body, "headers": {"idempotency-key": "k"}}
    return {"json": {"rate": 50}} if path.endswith("{subscription}") else {}


@pytest.mark.parametrize(("service", "method", "path"), OWNED)
async def test_what_is_another_s_looks_like_what_does_not_exist(
    live: Live, mine: Tenant, theirs: Tenant, service: Service, method: str, path: str
) -> None:
    base, options = live.system.services[service], body_for(path, theirs)
    names = {"number": theirs.number, "subscription": theirs.subscription, "sha256": theirs.document}
    nothing = {"number": NUMBER, "subscription": theirs.subscription[:-4] + "0000", "sha256": theirs.document}
    foreign = await mine.ask(method, base + filled(path, **names), **options)
    missing = await mine.ask(method, base + filled(path, **nothing), **options)
    assert foreign == missing
    assert foreign[0] == 404
    if method == "GET":
        assert (await theirs.ask(method, base + filled(path, **names), **options))[0] == 200


async def test_nobody_files_for_a_business_that_is_not_theirs(live: Live, mine: Tenant, theirs: Tenant) -> None:
    key = {"idempotency-key": uuid4().hex}
    dossier = theirs.bodies["dossier"]
    status, said = await mine.ask("POST", f"{live.intake}/v1/dossiers", json=dossier, headers=key)
    assert (status, said["type"], said["errors"][0]["pointer"]) == (
        403, "urn:nsw:problem:not-registered", "/declarant/tax_code",
    )  # fmt: skip
    lines = [{"idempotency_key": uuid4().hex, "dossier": one.bodies["dossier"]} for one in (mine, theirs, mine)]
    lines.append({"idempotency_key": "k", "number": theirs.number, "command": "withdrawal", "body": {"reason": "r"}})
    status, text = await mine.ask(
        "POST", f"{live.intake}/v1/dossiers/bulk", data="\n".join(map(json.dumps, lines)), headers=NDJSON
    )
    results = [json.loads(line) for line in text.splitlines()]
    assert (status, [one["status"] for one in results]) == (200, [202, 403, 202, 404]), "a line costs no other"
    assert results[1]["problem"]["errors"][0]["pointer"] == "/dossier/declarant/tax_code"
    async with live.owner() as owner:
        held = await owner.fetchval(
            "select count(*) from intake.dossier where declarant = $1", theirs.business.tax_code
        )
    assert held == 1


@pytest.mark.parametrize(
    ("service", "method", "path"),
    [
        ("intake", "PUT", "/v1/documents/{sha256}"),
        ("intake", "HEAD", "/v1/documents/{sha256}"),
        ("intake", "GET", "/v1/signing-certificates"),
        ("intake", "DELETE", "/v1/signing-certificates/{sha256}"),
        ("notifier", "GET", "/v1/subscriptions"),
        ("notifier", "GET", "/v1/events"),
    ],
)
async def test_what_names_a_business_in_its_address_is_for_those_who_act_for_it(
    live: Live, mine: Tenant, theirs: Tenant, service: Service, method: str, path: str
) -> None:
    url = live.system.services[service] + filled(path, sha256=theirs.document)
    headers = {"content-type": "application/pdf"}
    data = b"%PDF-1.7\n" + theirs.business.tax_code.encode() if method == "PUT" else None
    answers = {
        code: (await mine.ask(method, f"{url}?declarant={code}", headers=headers, data=data))[0]
        for code in (theirs.business.tax_code, "0100109106")
    }
    assert set(answers.values()) <= {403, 404}, answers
    assert len(set(answers.values())) == 1, "whether there is such a business is not told"


async def test_the_other_doors_for_a_business_ask_the_same(live: Live, mine: Tenant, theirs: Tenant) -> None:
    notifier = live.system.services["notifier"]
    wanted = theirs.bodies["subscription"]
    for options in ({"json": wanted}, {"data": json.dumps(wanted), "headers": NDJSON}):
        status, said = await mine.ask("POST", f"{notifier}/v1/subscriptions", **options)
        assert (status, said["errors"][0]["pointer"]) == (403, "/declarant")
    asked = {"declarant": theirs.business.tax_code, "certificate": "x"}
    status, said = await mine.ask("POST", f"{live.intake}/v1/signing-certificates", json=asked)
    assert (status, said["errors"][0]["pointer"]) == (403, "/declarant")


async def test_an_agency_s_doors_are_its_own(live: Live, subjects: dict[Role | None, str]) -> None:
    base = live.system.services["ministry-adapter"]
    paths = [(method, path) for method, path in ROUTES["ministry-adapter"] if "{agency}" in path]
    for role in ("officer", "agency-system"):
        for method, path in paths:
            answers = [
                await live.ask(method, base + filled(path, agency=agency), caller=subjects[role])
                for agency in ("BCT", "NOSUCH")
            ]
            assert answers[0] == answers[1], path
            assert answers[0][0] == 404


async def test_officers_and_operators_read_no_business_s_dossier(
    live: Live, theirs: Tenant, subjects: dict[Role | None, str]
) -> None:
    for role in (None, "officer", "agency-system", "operator"):
        answers = [
            await live.ask("GET", f"{live.intake}/v1/dossiers/{number}", caller=subjects[role])
            for number in (theirs.number, NUMBER)
        ]
        assert answers[0] == answers[1]
        assert (answers[0][0], answers[0][1]["type"]) == (403, "urn:nsw:problem:forbidden")
