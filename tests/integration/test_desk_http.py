"""The officers' desk over HTTP: a dossier through all of it, and every route closed to whoever it is not for."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from nsw_cli.system import BROKER, OPERATOR
from nsw_runtime.clock import system_clock
from support.businesses import Business, pack_today
from support.desks import Officer, at_desks
from support.documents import PDF, digest_of, pdf
from support.filers import Filer, get, path_of
from support.live import Live

AGENCY, OTHER = "BCA", "BNG"
CONTROLLED = "BCA9800001"  # its pack asks for four eyes before a result or a refusal
NOWHERE = "260000000017"


class Desk:
    """Two officers of an agency, and one of another."""

    def __init__(self, live: Live) -> None:
        self.live = live
        self.lan = Officer(live, AGENCY, "lan")
        self.minh = Officer(live, AGENCY, "minh")
        self.stranger = Officer(live, OTHER, "hoa")

    async def filed(self) -> tuple[Business, str]:
        """A dossier that has come to the desk."""
        business = Business(self.live)
        number = await business.file(business.dossier(pack_today(CONTROLLED)))
        await self.lan.finds(number)
        return business, number


@pytest.fixture(scope="module")
async def desk(live: Live) -> AsyncIterator[Desk]:
    async with at_desks(live, AGENCY, OTHER):
        found = Desk(live)
        for officer in (found.lan, found.minh, found.stranger):
            await officer.known()
        yield found


async def test_a_dossier_is_taken_decided_and_agreed_to(desk: Desk) -> None:
    business, number = await desk.filed()
    lan, minh = desk.lan, desk.minh
    status, shown = await lan.ask("GET", number)
    assert (status, shown["status"], shown["officer"]) == (200, "submitted", None)
    assert shown["content"]["declarant"]["tax_code"] == business.tax_code
    assert shown["may_say"] == ["accepted", "refused", "supplement-requested"]
    assert [one["what"] for one in shown["told"]] == ["submitted"]
    assert (await lan.decides(number, "accepted"))[0] == 409, "not taken yet"
    assert (await lan.ask("POST", number, "take"))[0] == 200
    status, said = await minh.ask("POST", number, "take")
    assert (status, said["type"]) == (409, "urn:nsw:problem:taken")
    assert (await lan.ask("POST", number, "release"))[0] == 200
    assert (await minh.ask("POST", number, "take"))[0] == 200
    assert (await minh.ask("POST", number, "release"))[0] == 200
    assert (await lan.ask("POST", number, "take"))[0] == 200

    first = await lan.decides(number, "accepted", "key-1", reference="TN-1")
    assert (first[0], first[1]["state"]) == (202, "stated")
    again = await lan.decides(number, "accepted", "key-1", reference="TN-1")
    assert (again[0], again[1]["id"]) == (202, first[1]["id"])
    await business.hears(number, "accepted")

    status, proposed = await lan.decides(number, "result-issued", outcome="licensed", certificate_number="GP-1")
    assert (status, proposed["state"]) == (202, "proposed")
    status, said = await lan.judges(number, proposed["id"], agree=True)
    assert (status, said["type"]) == (409, "urn:nsw:problem:own-decision")
    status, agreed = await minh.judges(number, proposed["id"], agree=True)
    assert (status, agreed["state"], agreed["second"]) == (200, "stated", minh.subject)
    shown = await business.hears(number, "accepted", "result-issued")
    assert (shown["status"], shown["timeline"][-1]["certificate_number"]) == ("result_issued", "GP-1")
    assert minh.subject not in str(shown), "who decided is the agency's own"


async def test_a_result_comes_with_its_document(desk: Desk) -> None:
    live, (business, number), content = desk.live, await desk.filed(), pdf(3000, seed=41)
    lan, minh = desk.lan, desk.minh
    url, pdf_type = f"{live.intake}/v1/documents/{digest_of(content)}", {"content-type": PDF}

    async def put(caller: str, holder: str) -> tuple[int, Any]:
        return await live.ask("PUT", f"{url}?{holder}", caller=caller, data=content, headers=pdf_type)

    assert (await put(lan.subject, f"agency={AGENCY}"))[0] == 201
    assert (await put(minh.subject, f"agency={AGENCY}"))[0] == 200, "it is the agency's, not the officer's"
    for caller, holder, pointer in (
        (desk.stranger.subject, f"agency={AGENCY}", "/agency"),
        (BROKER, f"agency={AGENCY}", "/agency"),
        (lan.subject, f"declarant={business.tax_code}", "/declarant"),
    ):
        status, said = await put(caller, holder)
        assert (status, said["errors"][0]["pointer"]) == (403, pointer)
    assert (await put(lan.subject, f"agency={AGENCY}&declarant={business.tax_code}"))[0] == 400
    async with live.http.head(f"{url}?agency={AGENCY}", headers=await live.headers(desk.stranger.subject)) as answer:
        assert answer.status == 404

    document = {"sha256": digest_of(content), "name": "Giấy phép.pdf", "media_type": PDF, "size": len(content)}
    await lan.ask("POST", number, "take")
    await lan.decides(number, "accepted")
    result = {"outcome": "licensed", "certificate_number": "GP-2", "document": document | {"kind": "certificate"}}
    _, proposed = await lan.decides(number, "result-issued", **result)
    before = await get(live, path_of(number, content), await live.headers())
    assert before[0] == 404, "nothing is out before two officers have agreed"
    assert (await minh.judges(number, proposed["id"], agree=True))[0] == 200
    shown = await business.hears(number, "accepted", "result-issued")
    assert shown["timeline"][-1]["document"] == document | {"kind": "certificate"}
    for caller in (BROKER, lan.subject):
        status, headers, body = await get(live, path_of(number, content), await live.headers(caller))
        assert (status, body, headers["content-type"]) == (200, content, PDF)
        assert "Gi%E1%BA%A5y%20ph%C3%A9p.pdf" in headers["content-disposition"]
    foreign = await get(live, path_of(number, content), await live.headers(desk.stranger.subject))
    nothing = await get(live, path_of(NOWHERE, content), await live.headers(desk.stranger.subject))
    assert (foreign[0], foreign[2]) == (404, nothing[2])
    async with live.owner() as owner:
        held = "select filed_at is not null from intake.document where (declarant, sha256) = ($1, $2)"
        assert await owner.fetchval(held, AGENCY, digest_of(content)), "it would be collected as nobody's"


async def test_a_result_gives_out_no_document_that_the_agency_does_not_hold(desk: Desk) -> None:
    live, (business, number), content = desk.live, await desk.filed(), pdf(3000, seed=42)
    other = Filer(live)
    assert (await other.put(content))[0] == 201
    document = {"sha256": digest_of(content), "name": "a.pdf", "media_type": PDF, "size": len(content), "kind": "x"}
    await desk.lan.ask("POST", number, "take")
    await desk.lan.decides(number, "accepted")
    _, proposed = await desk.lan.decides(number, "result-issued", outcome="licensed", document=document)
    await desk.minh.judges(number, proposed["id"], agree=True)
    await business.hears(number, "accepted", "result-issued")
    for caller in (BROKER, desk.lan.subject, f"filer-{other.tax_code}"):
        assert (await get(live, path_of(number, content), await live.headers(caller)))[0] == 404


async def test_the_queue_by_status_deadline_and_officer(desk: Desk) -> None:
    numbers = [(await desk.filed())[1] for _ in range(2)]
    await desk.lan.ask("POST", numbers[0], "take")

    async def queue(**wanted: Any) -> list[str]:
        status, said = await desk.lan.ask("GET", params={"limit": 200, **wanted})
        assert status == 200, said
        return [one["number"] for one in said["dossiers"] if one["number"] in numbers]

    assert await queue(status="submitted") == numbers
    assert await queue(mine="true") == numbers[:1]
    assert await queue(procedure="BCA9800002") == []
    assert await queue(status="accepted") == []
    assert await queue(due_before=(system_clock() - timedelta(days=1)).isoformat()) == []
    assert await queue(due_before=(system_clock() + timedelta(days=30)).isoformat()) == numbers
    assert await queue(after=numbers[0]) == numbers[1:]
    assert (await desk.stranger.ask("GET"))[1] == {"dossiers": []}


async def test_nothing_of_a_desk_is_told_to_anybody_else(desk: Desk) -> None:
    _, number = await desk.filed()
    await desk.lan.ask("POST", number, "take")
    _, proposed = await desk.lan.decides(number, "refused", reason="Không thuộc đối tượng")
    routes = [
        ("GET", "", {}), ("POST", "take", {}), ("POST", "release", {}),
        ("POST", "decisions", {"json": {"kind": "accepted"}, "headers": {"idempotency-key": "k"}}),
        ("POST", f"decisions/{proposed['id']}/judgement", {"json": {"agree": True}}),
    ]  # fmt: skip
    live, system = desk.live, f"system-{desk.lan.subject}"
    await live.register(AGENCY, subject=system, role="agency-system")
    await live.ask_once_registered("GET", desk.lan.url(), caller=system)
    for method, then, options in routes:
        own = await live.ask(method, desk.stranger.url(number, then), caller=desk.stranger.subject, **options)
        nothing = await live.ask(method, desk.stranger.url(NOWHERE, then), caller=desk.stranger.subject, **options)
        others = await live.ask(method, desk.lan.url(number, then), caller=desk.stranger.subject, **options)
        of_system = await live.ask(method, desk.lan.url(number, then), caller=system, **options)
        assert own == nothing == others == of_system, (method, then)
        assert own[0] == 404
        for caller, status in ((BROKER, 403), (OPERATOR, 403), (None, 401)):
            refused = await live.ask(method, desk.lan.url(number, then), caller=caller, **options)
            assert refused[0] == status, (method, then, caller)
            assert number not in str(refused[1])
    for agency in (AGENCY, "BYTE", "NOSUCH"):  # a desk of others, an agency with a system, none at all
        assert (await live.ask("GET", desk.stranger.url(agency=agency), caller=desk.stranger.subject))[0] == 404
    _, shown = await desk.lan.ask("GET", number)
    assert (shown["officer"], shown["decisions"][0]["state"]) == (desk.lan.subject, "proposed"), "nothing was changed"


async def test_what_is_wrong_is_named(desk: Desk) -> None:
    _, number = await desk.filed()
    lan = desk.lan
    await lan.ask("POST", number, "take")
    headers = {"idempotency-key": "k"}

    async def wrong(method: str, then: str = "", of: str = number, **options: Any) -> tuple[int, str, list[str]]:
        status, said = await lan.ask(method, of, then, **options)
        kind = said["type"].removeprefix("urn:nsw:problem:")
        return status, kind, [one["pointer"] for one in said.get("errors", ())]

    assert await wrong("POST", "decisions", json={"kind": "accepted"}) == (400, "idempotency-key", [])
    assert await wrong("POST", "decisions", data=b"{", headers=headers) == (422, "invalid-decision", [""])
    deep = b'{"kind":' * 8000
    assert (await wrong("POST", "decisions", data=deep, headers=headers))[:2] == (422, "invalid-decision")
    assert (await wrong("POST", "decisions", data=b" " * 70_000, headers=headers))[:2] == (413, "too-large")
    no_reason = {"kind": "refused"}
    assert await wrong("POST", "decisions", json=no_reason, headers=headers) == (422, "invalid-decision", ["/reason"])
    not_now = {"kind": "result-issued", "outcome": "passed"}
    assert await wrong("POST", "decisions", json=not_now, headers=headers) == (409, "not-possible", [])
    judged = await wrong("POST", "decisions/none/judgement", json={"agree": True})
    assert judged == (404, "unknown-decision", [])
    assert await wrong("GET", of="", params={"status": "lost"}) == (400, "bad-parameter", ["/status"])
    assert await wrong("GET", of="", params={"limt": "1"}) == (400, "bad-parameter", ["/limt"])
