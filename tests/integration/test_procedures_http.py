"""The published rules as intake gives them from outside, beside the dossiers."""

from nsw_procedures.packs import packs
from support.live import Live


async def test_anyone_can_search_the_procedures(live: Live) -> None:
    status, found = await live.ask(
        "GET", f"{live.intake}/v1/procedures", params={"text": "giay phep gms", "limit": 500}
    )
    assert status == 200
    assert "BGTVT0600058" in {one["code"] for one in found["procedures"]}
    status, found = await live.ask("GET", f"{live.intake}/v1/procedures", params={"limit": 500})
    assert (status, {one["code"] for one in found["procedures"]}) == (200, set(packs()))


async def test_anyone_can_read_a_procedure(live: Live) -> None:
    for code in ("BNNPTNT0600009", "BYTE0500009", "BGTVT0600058"):
        status, found = await live.ask("GET", f"{live.intake}/v1/procedures/{code}")
        assert (status, found["status"], found["pack"]["code"]) == (200, "live", code)
        assert found["pack"]["form"] == packs().versions(code)[-1].form


async def test_a_client_that_holds_the_answer_is_told_so(live: Live) -> None:
    url = f"{live.intake}/v1/procedures/BYTE0500009"
    async with (
        live.http.get(url) as first,
        live.http.get(url, headers={"if-none-match": first.headers["etag"]}) as again,
    ):
        assert (first.status, again.status) == (200, 304)


async def test_what_cannot_be_answered_is_a_problem(live: Live) -> None:
    status, problem = await live.ask("GET", f"{live.intake}/v1/procedures", params={"hs": "fish"})
    assert (status, [error["pointer"] for error in problem["errors"]]) == (400, ["/hs"])
    status, problem = await live.ask("GET", f"{live.intake}/v1/procedures/BYTE0599999")
    assert (status, problem["type"]) == (404, "urn:nsw:problem:unknown-procedure")
    status, problem = await live.ask("POST", f"{live.intake}/v1/procedures")
    assert (status, problem["status"]) == (405, 405)
