"""Intake's door from outside: what it takes, what it refuses and how it says so, and what became of a dossier."""

import asyncio
import json
from collections.abc import Sequence
from io import BytesIO
from typing import Any
from uuid import uuid4

import pytest
from nsw_benchmarks.stories import Revision, story
from nsw_contracts.number import dossier_number, is_dossier_number
from nsw_procedures.example import example_content
from support.businesses import new_tax_code, pack_today
from support.dossiers import dossier, file_one
from support.live import Live
from support.polling import until

NDJSON = {"content-type": "application/x-ndjson"}
BODY_BYTES, BULK_BYTES, BULK_LINES = 2 * 1024 * 1024, 8 * 1024 * 1024, 500


def key() -> str:
    return uuid4().hex


def line(content: Any, idempotency_key: Any = None) -> bytes:
    return json.dumps({"idempotency_key": idempotency_key or key(), "dossier": content}).encode()


async def bulk(live: Live, lines: list[bytes]) -> list[dict[str, Any]]:
    body = BytesIO(b"\n".join(lines))
    status, said = await live.ask("POST", f"{live.intake}/v1/dossiers/bulk", data=body, headers=NDJSON)
    assert status == 200, said
    return [json.loads(each) for each in said.splitlines()]


def spoiled(**changed: Any) -> dict[str, Any]:
    return dossier() | changed


def food(**changed: Any) -> dict[str, Any]:
    """The dossier of imported food, some of it changed."""
    pack = pack_today("BYTE0500009")
    return example_content(pack, pack.examples[0]).model_dump(mode="json") | changed


def goods_of(hs_code: str) -> dict[str, Any]:
    """A dossier of feed with goods that are none."""
    pack = pack_today("BNNPTNT0600009")
    content = example_content(pack, pack.examples[0]).model_dump(mode="json")
    content["consignment"]["goods"][0]["hs_code"] = hs_code
    return content


def placeholder(**form: Any) -> dict[str, Any]:
    """A dossier of a procedure whose form takes anything."""
    return food() | {"procedure": "BCT9900001", "form": form, "documents": [], "consignment": {
        "direction": "import", "border_gate": "Cát Lái", "partner_country": "AU",
        "goods": [{"line": 1, "hs_code": "250100", "description": "Salt", "origin_country": "AU", "quantity": "1",
                   "unit": "KGM"}],
    }}  # fmt: skip


def other(content: dict[str, Any]) -> dict[str, Any]:
    """Another dossier of the same business, as good as the first."""
    return content | {"contact": content["contact"] | {"name": "Nguyễn Thị Khác"}}


def twice(body: str, name: str) -> str:
    """The body with one more member of that name at the end of its first object."""
    return body[:-1] + f', "{name}": 1}}'


REFUSED: dict[str, tuple[Any, int, str, list[str]]] = {
    "nothing": (b"", 400, "malformed", []),
    "malformed JSON": (b'{"procedure": ', 400, "malformed", []),
    "UTF-16": (json.dumps(dossier()).encode("utf-16"), 400, "malformed", []),
    "NaN": (b'{"form": {"a": NaN}}', 400, "malformed", ["/form/a"]),
    "a key twice, then something else": (b'{"a": {"b": 1, "b": 2}, ', 400, "malformed", []),
    "a key twice": (twice(json.dumps(dossier()), "procedure"), 400, "malformed", ["/procedure"]),
    "NUL": (spoiled(form={"note": "a\x00b"}), 400, "malformed", ["/form/note"]),
    "half of a pair": (spoiled(form={"note": "\ud800"}), 400, "malformed", ["/form/note"]),
    "too deep": (b'{"form":' * 70 + b"1" + b"}" * 70, 400, "malformed", ["/form" * 65]),
    "no object": ([1, 2], 422, "invalid-dossier", [""]),
    "wrong types": (
        spoiled(procedure=5, documents="none"), 422, "invalid-dossier", ["/procedure", "/documents"],
    ),
    "fields are missing": (
        {"procedure": "BYTE0500009"}, 422, "invalid-dossier", ["/declarant", "/consignment", "/contact"],
    ),
    "an unknown procedure": (spoiled(procedure="BYTE0999999"), 422, "invalid-dossier", ["/procedure"]),
    "a wrong check digit": (
        spoiled(declarant={"tax_code": "0100109107", "name": "A"}), 422, "invalid-dossier", ["/declarant/tax_code"],
    ),
    "not what the procedure asks for": (
        food(form=food()["form"] | {"purpose": 5}, documents=[]), 422, "invalid-dossier",
        ["/form/purpose", "/documents", "/documents", "/documents"],
    ),
    "goods that the procedure is not about": (
        goods_of("010121"), 422, "invalid-dossier", ["/consignment/goods/0/hs_code"],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
async def test_a_bad_dossier_is_refused_with_its_pointers(live: Live, name: str) -> None:
    body, status, kind, pointers = REFUSED[name]
    said_status, problem = await file_one(live, body=body)
    assert (said_status, problem["status"], problem["type"]) == (status, status, f"urn:nsw:problem:{kind}")
    assert [error["pointer"] for error in problem.get("errors", [])] == pointers


@pytest.mark.parametrize("wrong", [None, "", " ", "a b", "a\tb", "khoá", "x" * 256])
async def test_the_idempotency_key_is_needed(live: Live, wrong: str | None) -> None:
    headers = {"content-type": "application/json"} | ({} if wrong is None else {"idempotency-key": wrong})
    status, problem = await live.ask("POST", f"{live.intake}/v1/dossiers", json=dossier(), headers=headers)
    assert (status, problem["type"]) == (400, "urn:nsw:problem:idempotency-key")


@pytest.mark.parametrize("wrong", ["text/plain", "application/x-ndjson", "application/json-patch+json", ""])
async def test_another_media_type_is_refused(live: Live, wrong: str) -> None:
    status, problem = await file_one(live, **{"content-type": wrong})
    assert (status, problem["type"]) == (415, "urn:nsw:problem:media-type")


async def test_json_with_a_charset_is_json(live: Live) -> None:
    status, _ = await file_one(live, **{"content-type": "Application/JSON; charset=utf-8"})
    assert status == 202


async def test_a_body_that_says_it_is_too_large_is_refused_unread(live: Live) -> None:
    """Only its beginning is ever sent; the answer does not wait for the rest."""
    host, port = live.intake.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    try:
        writer.write(
            f"POST /v1/dossiers HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {await live.token()}\r\n"
            f"content-type: application/json\r\nidempotency-key: k\r\n"
            f"content-length: {BODY_BYTES + 1}\r\n\r\n{{".encode()
        )
        async with asyncio.timeout(10):
            assert (await reader.readline()).startswith(b"HTTP/1.1 413")
    finally:
        writer.close()
        await writer.wait_closed()


@pytest.mark.parametrize(("path", "most"), [("", BODY_BYTES), ("/bulk", BULK_BYTES)])
async def test_a_body_that_turns_out_too_large_is_refused_on_the_way(live: Live, path: str, most: int) -> None:
    host, port = live.intake.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    media = "application/x-ndjson" if path else "application/json"
    try:
        writer.write(
            f"POST /v1/dossiers{path} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {await live.token()}\r\n"
            f"content-type: {media}\r\nidempotency-key: k\r\ntransfer-encoding: chunked\r\n\r\n".encode()
        )
        piece = b" " * 65536
        sent = 0
        while sent <= most:  # the body never ends
            writer.write(b"%x\r\n%b\r\n" % (len(piece), piece))
            await writer.drain()
            sent += len(piece)
        async with asyncio.timeout(10):
            assert (await reader.readline()).startswith(b"HTTP/1.1 413")
    finally:
        writer.close()


async def test_a_body_of_just_the_most_is_read(live: Live) -> None:
    body = BytesIO(json.dumps(dossier()).encode().ljust(BODY_BYTES))
    headers = {"content-type": "application/json", "idempotency-key": key()}
    assert (await live.ask("POST", f"{live.intake}/v1/dossiers", data=body, headers=headers))[0] == 202


async def test_a_dossier_too_large_for_kafka_is_refused_in_bulk_too(live: Live) -> None:
    """One line of a bulk request may be larger than a single body; a fact of that size would stop its stream."""
    results = await bulk(live, [line(dossier()), line(placeholder(a="x" * (3 * 1024 * 1024)))])
    assert [result["status"] for result in results] == [202, 413]
    assert [result["status"] for result in await bulk(live, [line(placeholder(a="x"))])] == [202]


async def test_a_receipt_says_number_digest_and_where_to_look(live: Live) -> None:
    async with live.http.post(
        f"{live.intake}/v1/dossiers", json=dossier(), headers=await live.headers() | {"idempotency-key": key()}
    ) as answer:
        receipt = await answer.json()
        assert answer.status == 202
        assert answer.headers["location"] == f"/v1/dossiers/{receipt['number']}"
    assert is_dossier_number(receipt["number"])
    assert receipt["status"] == "submitted"
    status, shown = await live.ask("GET", f"{live.intake}/v1/dossiers/{receipt['number']}")
    assert (status, shown["content_sha256"]) == (200, receipt["content_sha256"])
    assert shown["timeline"][0] == {
        "revision": 0, "type": "submitted", "status": "submitted", "at": receipt["received_at"],
    }  # fmt: skip
    assert (shown["procedure"], shown["pack_version"]) == (dossier()["procedure"], "2026.1")


async def test_the_same_key_and_body_give_the_same_receipt(live: Live) -> None:
    used = key()
    first, *again = [await file_one(live, used) for _ in range(3)]
    assert first[0] == 202
    assert again == [first, first]


async def test_the_same_key_at_once_gives_one_dossier(live: Live) -> None:
    used = key()
    receipts = await asyncio.gather(*(file_one(live, used) for _ in range(20)))
    assert {status for status, _ in receipts} == {202}
    assert len({receipt["number"] for _, receipt in receipts}) == 1


async def test_the_same_key_with_another_body_is_refused(live: Live) -> None:
    used = key()
    first = await file_one(live, used)
    status, problem = await file_one(live, used, other(dossier()))
    assert (status, problem["type"]) == (422, "urn:nsw:problem:idempotency-key-reused")
    assert await file_one(live, used) == first, "the first one stands"


async def test_a_key_is_kept_for_as_long_as_its_dossier(live: Live) -> None:
    """The draft standard asks for a day; nothing here ever forgets one."""
    used = key()
    _, receipt = await file_one(live, used)
    async with live.owner() as owner:
        await owner.execute(
            "update intake.dossier set submitted_at = submitted_at - interval '400 days' where number = $1",
            receipt["number"],
        )
    status, again = await file_one(live, used)
    assert (status, again["number"]) == (202, receipt["number"])
    assert (await file_one(live, used, other(dossier())))[0] == 422


async def test_another_business_may_use_the_same_key(live: Live) -> None:
    used, theirs = key(), dossier()
    theirs["declarant"]["tax_code"] = new_tax_code()
    await live.register(theirs["declarant"]["tax_code"])
    one, two = await file_one(live, used), await file_one(live, used, theirs)
    assert (one[0], two[0]) == (202, 202)
    assert one[1]["number"] != two[1]["number"]
    assert (await file_one(live, used, other(theirs)))[0] == 422, "each has used it for one thing"
    assert (await file_one(live, used))[1]["number"] == one[1]["number"]


async def test_bulk_gives_every_line_its_own_result(live: Live) -> None:
    used = key()
    lines = [
        line(dossier(), used),
        b"{",
        b"[]",
        line(None),
        line(dossier(), " "),
        b'{"dossier": {}}',
        line(spoiled(procedure="BYTE0999999")),
        line(dossier(), used),
        line(other(dossier()), used),
        line(dossier(1)),
        b'{"idempotency_key": "a", "idempotency_key": "b"}',
        json.dumps(json.loads(line(dossier())) | {"tracparent": "00"}).encode(),
    ]
    results = await bulk(live, [b"", *lines[:3], b"   ", *lines[3:], b""])
    assert [result["line"] for result in results] == list(range(1, 13))
    assert [result["status"] for result in results] == [202, 400, 400, 422, 422, 422, 422, 202, 422, 202, 400, 422]
    assert results[0]["receipt"] == results[7]["receipt"]
    assert results[0]["receipt"]["number"] != results[9]["receipt"]["number"]
    pointers = [[error["pointer"] for error in each.get("problem", {}).get("errors", [])] for each in results]
    assert pointers[3:7] == [["/dossier"], ["/idempotency_key"], ["/idempotency_key"], ["/dossier/procedure"]]
    assert pointers[10] == ["/idempotency_key"]
    assert pointers[11] == ["/tracparent"]
    assert results[8]["problem"]["type"] == "urn:nsw:problem:idempotency-key-reused"


async def test_bulk_of_only_bad_lines_takes_nothing(live: Live) -> None:
    assert [result["status"] for result in await bulk(live, [b"1"] * 3)] == [400] * 3
    assert await bulk(live, []) == []


async def test_too_many_lines_are_refused_whole(live: Live) -> None:
    used = key()
    many = b"\n".join([line(dossier(), used), *[b"{}"] * BULK_LINES])
    status, problem = await live.ask("POST", f"{live.intake}/v1/dossiers/bulk", data=many, headers=NDJSON)
    assert (status, problem["type"]) == (413, "urn:nsw:problem:too-large")
    async with live.owner() as owner:
        assert await owner.fetchval("select count(*) from intake.dossier where idempotency_key = $1", used) == 0


@pytest.mark.parametrize("media", ["application/json", ""])
async def test_bulk_needs_its_media_type(live: Live, media: str) -> None:
    status, _ = await live.ask(
        "POST", f"{live.intake}/v1/dossiers/bulk", data=line(dossier()), headers={"content-type": media}
    )
    assert status == 415


@pytest.mark.parametrize(
    "number",
    [
        dossier_number(2001, 0),
        "260000000018",
        "1",
        "x" * 12,
        "٢٦٠٠٠٠٠٠٠٠١٧",
        "26000000001%00",
        "2600000000170",
        "%2e%2e",
    ],
)
async def test_an_unknown_or_malformed_number_is_not_found(live: Live, number: str) -> None:
    status, problem = await live.ask("GET", f"{live.intake}/v1/dossiers/{number}")
    assert (status, problem["status"]) == (404, 404)


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/v1/dossiers", 405), ("DELETE", "/v1/dossiers/260000000017", 405), ("GET", "/v1/nothing", 404)],
)
async def test_what_there_is_not_is_a_problem_too(live: Live, method: str, path: str, status: int) -> None:
    async with live.http.request(method, live.intake + path) as answer:
        assert (answer.status, answer.headers["content-type"]) == (status, "application/problem+json")
        assert (await answer.json(content_type=None))["status"] == status
        assert ("allow" in answer.headers) is (status == 405)


async def test_another_method_is_told_all_that_there_are(live: Live) -> None:
    async with live.http.patch(f"{live.intake}/v1/documents/{'0' * 64}") as answer:
        assert (answer.status, answer.headers["allow"]) == (405, "DELETE, HEAD, PUT")


def plain(number: str) -> Sequence[Revision]:
    """What becomes public of a dossier whose business does nothing more."""
    return story(number, declarant="", mix="plain").changes


async def test_the_timeline_tells_what_the_agency_decided(live: Live) -> None:
    results = await bulk(live, [line(dossier(which)) for which in range(40)])
    numbers = [result["receipt"]["number"] for result in results]

    async def decided() -> bool:
        async with live.owner() as owner:
            rows = await owner.fetch("select number, max(revision) from intake.timeline group by 1")
        reached = dict(rows)
        return all(reached.get(number) == plain(number)[-1].revision for number in numbers)

    await until(decided, "every dossier to be decided")
    for number in numbers:
        _, shown = await live.ask("GET", f"{live.intake}/v1/dossiers/{number}")
        changes = plain(number)
        assert [(each["revision"], each["what"], each["status"]) for each in shown["timeline"][1:]] == list(changes)
        assert {each["type"] for each in shown["timeline"][1:]} == {"status-changed"}
        assert shown["status"] == changes[-1].status
        for change in shown["timeline"][1:]:
            assert change["agency"]
            assert bool(change.get("reason")) is (change["status"] in {"refused", "supplement_requested"})
            assert bool(change.get("items")) is (change["status"] == "supplement_requested")
            assert ("outcome" in change) is (change["status"] == "result_issued")
        assert "contact" not in json.dumps(shown)
