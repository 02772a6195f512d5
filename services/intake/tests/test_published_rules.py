"""The published rules over HTTP, on a day of the test's choosing."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import httpx
import pytest
from nsw_intake.procedures import ProcedureRoutes
from nsw_procedures.packs import packs
from nsw_runtime.problems import Problem
from starlette.applications import Starlette

EVENING = datetime(2026, 3, 2, 17, 30, tzinfo=UTC)
"""Half past midnight of 3 March in Viet Nam."""


@pytest.fixture
async def http() -> AsyncIterator[httpx.AsyncClient]:
    application = Starlette(
        routes=list(ProcedureRoutes(packs(), lambda: EVENING).routes()),
        exception_handlers={Problem: lambda _, problem: problem.response()},
    )
    async with httpx.AsyncClient(transport=httpx.ASGITransport(application), base_url="http://intake") as client:
        yield client


async def test_all_procedures_page_by_page(http: httpx.AsyncClient) -> None:
    codes = []
    while True:
        answer = (await http.get("/v1/procedures", params={"limit": 100, "offset": len(codes)})).json()
        assert (answer["on"], answer["total"], answer["offset"]) == ("2026-03-03", len(packs()), len(codes))
        if not answer["procedures"]:
            break
        codes += [one["code"] for one in answer["procedures"]]
    assert codes == sorted(packs())


async def test_they_are_found_by_words_goods_agency_and_stage(http: httpx.AsyncClient) -> None:
    async def codes(**parameters: object) -> set[str]:
        answer = (await http.get("/v1/procedures", params={"limit": 500, **parameters})).json()
        assert answer["total"] == len(answer["procedures"])
        return {one["code"] for one in answer["procedures"]}

    assert "BGTVT0600058" in await codes(text="giay phep van tai duong bo quoc te GMS")
    assert "BGTVT0600058" in await codes(text="giấy phép vận tải ĐƯỜNG BỘ", agency="BGTVT", stage="live")
    assert await codes(text="BYTE0500009") == {"BYTE0500009"}
    assert "BYTE0500009" not in await codes(agency="BGTVT")
    assert "BGTVT0600058" not in await codes(hs="0306")
    assert await codes(hs="0306", on="2026-03-02") <= await codes(hs="03", on="2026-03-02")
    assert await codes(stage="live", on="1990-01-01") == set()
    real = await codes(placeholders="false")
    assert real == {code for code in packs() if not packs().versions(code)[-1].placeholder}


async def test_a_procedure_is_given_whole(http: httpx.AsyncClient) -> None:
    versions = packs().versions("BYTE0500009")
    answer = (await http.get("/v1/procedures/BYTE0500009")).json()
    assert (answer["on"], answer["status"]) == ("2026-03-03", "live")
    assert [one["version"] for one in answer["versions"]] == [one.version for one in versions]
    assert answer["pack"]["form"]["type"] == "object"
    assert answer["pack"]["deadlines"]["decision"].endswith("days")
    first = versions[0]
    for parameters in ({"version": first.version}, {"on": str(first.effective_from)}, {"on": "1990-01-01"}):
        answer = (await http.get("/v1/procedures/BYTE0500009", params=parameters)).json()
        assert answer["pack"]["version"] == first.version


@pytest.mark.parametrize(
    ("query", "pointers", "says"),
    [
        ("hs=3", ["/hs"], "2 to 10 digits"),
        ("hs=fish", ["/hs"], "2 to 10 digits"),
        ("hs=%D9%A3%D9%A3", ["/hs"], "2 to 10 digits"),  # digits, but not ours
        ("agency=BXX", ["/agency"], "there are BTC"),
        ("on=tomorrow", ["/on"], "2026-03-02"),
        ("on=0", ["/on"], "2026-03-02"),
        ("stage=alive", ["/stage"], "agreeing"),
        ("placeholders=perhaps", ["/placeholders"], "boolean"),
        ("limit=0&offset=-1", ["/limit", "/offset"], "greater"),
        ("limit=501", ["/limit"], "500"),
        ("text=" + "x" * 201, ["/text"], "200"),
        ("word=fish", ["/word"], "there are on, text, hs"),
        ("hs=03&hs=04", ["/hs"], "more than once"),
    ],
)
async def test_a_wrong_parameter_is_named(http: httpx.AsyncClient, query: str, pointers: list[str], says: str) -> None:
    answer = await http.get(f"/v1/procedures?{query}")
    problem = answer.json()
    assert (answer.status_code, problem["type"]) == (400, "urn:nsw:problem:bad-parameter")
    assert answer.headers["content-type"] == "application/problem+json"
    assert [error["pointer"] for error in problem["errors"]] == pointers
    assert says in problem["errors"][0]["detail"]


@pytest.mark.parametrize("path", ["BYTE0599999", "x", "BYTE0500009?version=1999.1"])
async def test_what_there_is_not_is_not_found(http: httpx.AsyncClient, path: str) -> None:
    answer = await http.get(f"/v1/procedures/{path}")
    assert (answer.status_code, answer.json()["type"]) == (404, "urn:nsw:problem:unknown-procedure")


@pytest.mark.parametrize("path", ["/v1/procedures?text=thuc+pham", "/v1/procedures/BYTE0500009"])
async def test_what_a_client_holds_is_not_sent_again(http: httpx.AsyncClient, path: str) -> None:
    first = await http.get(path)
    tag = first.headers["etag"]
    assert first.headers["cache-control"] == "public, max-age=300"
    for held in (tag, f'"other", W/{tag}', "*"):
        again = await http.get(path, headers={"if-none-match": held})
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
    assert (await http.get(path, headers={"if-none-match": '"other"'})).content == first.content
