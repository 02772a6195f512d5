"""Documents from outside: taken in, gone on with, referred to, given out to those who take part, and to nobody else."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import aiohttp
import pytest
from nsw_cli.system import DOCUMENTS
from nsw_intake.documents.sealing import CHUNK_BYTES
from support.businesses import pack_today
from support.documents import PDF, digest_of, pdf
from support.filers import NAME, PACK, Filer, get, path_of
from support.live import Live
from support.polling import until

AGENCY, OTHER_AGENCY = "BYTE", "BCT"
SIZE = CHUNK_BYTES + 1000


@pytest.fixture
async def filer(live: Live) -> Filer:
    return Filer(live)


@pytest.fixture(scope="module")
async def served(live: Live) -> tuple[Filer, str, bytes]:
    """A dossier with a document of two chunks, to be read."""
    filer, content = Filer(live), pdf(SIZE, seed=77)
    return filer, await filer.filed(content), content


# --- into the window ------------------------------------------------------------------------------------------------


async def test_a_document_is_taken_in_once(filer: Filer) -> None:
    content = pdf(SIZE, seed=1)
    assert await filer.reached(content) == (404, None, None)
    status, headers, said = await filer.put(content)
    assert (status, said["sha256"], said["size"], said["media_type"]) == (201, digest_of(content), SIZE, PDF)
    assert headers["upload-offset"] == headers["upload-length"] == str(SIZE)
    assert (await filer.put(content))[0] == 200
    assert await filer.reached(content) == (200, str(SIZE), str(SIZE))


REFUSED: dict[str, tuple[dict[str, Any], int, str, list[str]]] = {
    "no declarant": ({"declarant": ""}, 400, "bad-upload", ["/declarant"]),
    "no tax code": ({"declarant": "0100109107"}, 400, "bad-upload", ["/declarant"]),
    "no type": ({"headers": {"content-type": "x"}}, 400, "bad-upload", ["/Content-Type"]),
    "no offset": ({"headers": {"upload-offset": "-1"}}, 400, "bad-upload", ["/Upload-Offset"]),
    "nothing to go on from": ({"headers": {"upload-offset": str(CHUNK_BYTES)}}, 409, "upload-offset", []),
    "an offset beyond all": ({"headers": {"upload-offset": "9" * 15}}, 413, "document-too-large", []),
    "no digest": ({"digest": "x" * 64}, 404, "unknown-document", []),
    "an upper-case digest": ({"digest": "A" * 64}, 404, "unknown-document", []),
    "another digest": ({"digest": "a" * 64}, 422, "document-hash", []),
    "another type": ({"headers": {"content-type": "image/png"}}, 415, "document-type", []),
    "nothing": ({"body": b""}, 422, "empty-document", []),
    "another's": ({"declarant": "0100109106"}, 403, "not-registered", ["/declarant"]),
}


@pytest.mark.parametrize("name", REFUSED)
async def test_a_bad_upload_is_refused_and_leaves_nothing(filer: Filer, name: str) -> None:
    options, status, kind, pointers = REFUSED[name]
    content = pdf(1000, seed=2)
    said_status, _, problem = await filer.put(content, **options)
    assert (said_status, problem["type"]) == (status, f"urn:nsw:problem:{kind}")
    assert [error["pointer"] for error in problem.get("errors", [])] == pointers
    assert await filer.reached(content) == (404, None, None)


async def test_a_body_of_no_declared_length_is_refused(filer: Filer) -> None:
    async def chunked() -> AsyncIterator[bytes]:
        yield b"%PDF-1.7"

    status, _, problem = await filer.put(pdf(80), body=chunked())
    assert (status, problem["type"]) == (411, "urn:nsw:problem:length-required")


async def raw_put(filer: Filer, content: bytes, sent: bytes, length: int) -> tuple[bytes, asyncio.StreamWriter]:
    """A `PUT` that declares one length and sends what it likes; the status line, where one comes."""
    host, port = filer.live.intake.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    token = (await filer.headers())["authorization"]
    path = filer.document(digest_of(content)).removeprefix(filer.live.intake)
    writer.write(
        f"PUT {path} HTTP/1.1\r\nhost: x\r\nauthorization: {token}\r\ncontent-type: {PDF}\r\n"
        f"content-length: {length}\r\n\r\n".encode()
        + sent
    )
    return await asyncio.wait_for(reader.readline(), 20) if len(sent) >= length or length > 10**9 else b"", writer


async def test_a_document_that_says_it_is_too_large_is_refused_unread(filer: Filer) -> None:
    line, writer = await raw_put(filer, pdf(10), b"%PDF", 2_000_000_001)
    writer.close()
    assert line.split()[1] == b"413"


async def test_what_comes_after_the_declared_length_is_no_part_of_it(filer: Filer) -> None:
    content = pdf(1000, seed=3)
    line, writer = await raw_put(filer, content, content[:999] + b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n", 999)
    writer.close()
    assert line.split()[1] == b"422"
    assert await filer.reached(content) == (404, None, None)


async def test_a_connection_that_breaks_leaves_an_upload_to_go_on_with(filer: Filer) -> None:
    content = pdf(3 * CHUNK_BYTES, seed=4)
    _, writer = await raw_put(filer, content, content[: 2 * CHUNK_BYTES - 1], len(content))
    await writer.drain()
    await until(lambda: filer_at(filer, content, CHUNK_BYTES), "the first chunk to be stored")
    writer.transport.abort()
    other = Filer(filer.live)
    assert await other.reached(content) == (404, None, None)
    assert await other.reached(content, filer.tax_code) == (404, None, None), "another's looks like none"
    headers = {"upload-offset": str(CHUNK_BYTES)}
    status, _, said = await filer.put(content, body=content[CHUNK_BYTES:], headers=headers)
    assert (status, said["size"]) == (201, len(content))


async def filer_at(filer: Filer, content: bytes, offset: int) -> bool:
    return (await filer.reached(content))[1] == str(offset)


async def removed(filer: Filer, content: bytes, declarant: str | None = None) -> tuple[int, str]:
    """Status and kind of problem of a `DELETE`."""
    url = filer.document(digest_of(content), declarant).removeprefix(filer.live.intake)
    status, _, body = await get(filer.live, url, await filer.headers(), "DELETE")
    return status, json.loads(body)["type"].removeprefix("urn:nsw:problem:") if body else ""


async def test_what_is_not_wanted_is_taken_back_and_what_is_filed_stays(live: Live, filer: Filer) -> None:
    content, other = pdf(SIZE, seed=90), Filer(live)
    assert await removed(filer, content) == (404, "unknown-document")
    for one in (filer, other):
        assert (await one.put(content))[0] == 201
    assert await removed(other, content, filer.tax_code) == (403, "not-registered")
    assert await removed(filer, content, "x") == (400, "bad-upload")
    assert await removed(filer, content) == (204, "")
    assert await filer.reached(content) == (404, None, None)
    assert await other.reached(content) == (200, str(SIZE), str(SIZE)), "another's is another's"
    assert await removed(filer, content) == (404, "unknown-document")

    number = await filer.filed(content)
    assert await removed(filer, content) == (409, "document-filed")
    assert await removed(other, content) == (204, "")
    assert (await get(live, path_of(number, content), await filer.headers()))[2] == content


async def test_nobody_and_no_officer_uploads(live: Live, filer: Filer) -> None:
    content = pdf(100)
    url = filer.document(digest_of(content))
    officer = await officer_of(live, AGENCY)
    for method, foreign in (("PUT", 403), ("HEAD", 404)):
        for caller, status in (({}, 401), (officer, foreign)):
            async with live.http.request(method, url, data=b"", headers=caller) as answer:
                assert answer.status == status


async def officer_of(live: Live, agency: str) -> dict[str, str]:
    subject = f"officer-{agency}"
    await live.register(agency, subject=subject, role="officer")
    return await live.headers(subject)


# --- out of the window ----------------------------------------------------------------------------------------------


async def test_those_who_take_part_read_it(live: Live, served: tuple[Filer, str, bytes]) -> None:
    filer, number, content = served
    for caller in (await filer.headers(), await officer_of(live, AGENCY)):
        status, headers, body = await get(live, path_of(number, content), caller)
        assert (status, body) == (200, content)
        assert headers["content-type"] == PDF
        assert headers["content-length"] == str(SIZE)
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["content-disposition"].startswith("attachment; ")
        assert headers["content-disposition"].endswith("filename*=UTF-8''Ho%C3%A1%20%C4%91%C6%A1n%201.pdf")


async def test_for_anybody_else_it_is_not_there(live: Live, served: tuple[Filer, str, bytes]) -> None:
    filer, number, content = served
    other = Filer(live)
    assert (await other.put(content))[0] == 201, "whoever has the same document is no party to the dossier"
    strangers = [await other.headers(), await officer_of(live, OTHER_AGENCY)]
    unknown = await get(live, f"/v1/dossiers/260000000001/documents/{'0' * 64}", strangers[0])
    for caller in strangers:
        for method, path in (
            ("GET", path_of(number, content)),
            ("HEAD", path_of(number, content)),
            ("POST", f"{path_of(number, content)}/links"),
        ):
            kwargs: dict[str, Any] = {"headers": caller, "json": {}} if method == "POST" else {"headers": caller}
            async with live.http.request(method, f"{live.intake}{path}", **kwargs) as answer:
                assert answer.status == 404, (method, path)
                if method != "HEAD":
                    assert await answer.read() == unknown[2], "as if there were none"
    assert (await get(live, path_of(number, content)))[0] == 401
    own = await filer.headers()
    assert (await get(live, path_of(number, pdf(10)), own))[0] == 404, "not of this dossier"


async def test_a_range_and_what_is_known_already(live: Live, served: tuple[Filer, str, bytes]) -> None:
    filer, number, content = served
    own, path = await filer.headers(), path_of(number, content)
    status, headers, body = await get(live, path, own, range=f"bytes={CHUNK_BYTES - 2}-{CHUNK_BYTES + 1}")
    assert (status, body) == (206, content[CHUNK_BYTES - 2 : CHUNK_BYTES + 2])
    assert headers["content-range"] == f"bytes {CHUNK_BYTES - 2}-{CHUNK_BYTES + 1}/{SIZE}"
    tag = headers["etag"]
    assert (await get(live, path, own, range="bytes=-3"))[2] == content[-3:]
    assert (await get(live, path, own, range=f"bytes={SIZE}-"))[0] == 416
    assert (await get(live, path, own, range="bytes=0-1", **{"if-range": '"other"'}))[0] == 200
    assert (await get(live, path, own, range="bytes=0-1", **{"if-range": tag}))[0] == 206
    status, _, body = await get(live, path, own, **{"if-none-match": tag})
    assert (status, body) == (304, b"")
    status, headers, body = await get(live, path, own, "HEAD")
    assert (status, headers["content-length"], body) == (200, str(SIZE), b"")


async def test_a_link_needs_no_token(live: Live, served: tuple[Filer, str, bytes]) -> None:
    filer, number, content = served
    path = f"{live.intake}{path_of(number, content)}/links"
    async with live.http.post(path, json={}, headers=await filer.headers()) as answer:
        status, said = answer.status, await answer.json()
    assert (status, said["url"].startswith("/v1/dossiers/")) == (201, True)
    assert (await get(live, said["url"]))[::2] == (200, content)
    assert (await get(live, said["url"], range="bytes=0-3"))[::2] == (206, content[:4])
    assert (await get(live, said["url"].replace("signature=", "signature=A")))[0] == 404
    assert (await get(live, said["url"].replace(number, "260000000001")))[0] == 404
    later = said["url"].replace(f"expires={said['expires']}", f"expires={said['expires'] + 1}")
    assert (await get(live, later))[0] == 404
    async with live.http.post(path, json={"seconds": 1}, headers=await officer_of(live, AGENCY)) as answer:
        short = (await answer.json())["url"]
    await until(lambda: is_gone(live, short), "the link's time to end")


async def is_gone(live: Live, url: str) -> bool:
    return (await get(live, url))[0] == 410


@pytest.mark.parametrize("body", [{"seconds": 86_401}, {"seconds": 0}, {"seconds": "9"}, {"until": 5}, []])
async def test_a_link_has_its_limits(live: Live, served: tuple[Filer, str, bytes], body: Any) -> None:
    filer, number, content = served
    path = f"{live.intake}{path_of(number, content)}/links"
    async with live.http.post(path, json=body, headers=await filer.headers()) as answer:
        assert answer.status == 422


async def test_what_was_tampered_with_is_not_given_out(live: Live, filer: Filer) -> None:
    content = pdf(SIZE, seed=5)
    number = await filer.filed(content)
    own, path = await filer.headers(), path_of(number, content)
    async with live.owner() as owner:
        blob = await owner.fetchval("select blob from intake.document_bytes where sha256 = $1", digest_of(content))
    first, second = sorted((live.system.folder / DOCUMENTS / blob[:2] / blob).iterdir())
    second.write_bytes(second.read_bytes()[::-1])
    with pytest.raises(aiohttp.ClientPayloadError):
        await get(live, path, own)
    assert (await get(live, path, own, range=f"bytes=0-{CHUNK_BYTES - 1}"))[2] == content[:CHUNK_BYTES]
    first.unlink()
    status, _, said = await get(live, path, own)
    assert (status, json.loads(said)["type"]) == (500, "urn:nsw:problem:document-unreadable")
    assert blob not in said.decode()


# --- into a dossier, with an intake that asks for documents and reads few at once -----------------------------------


@pytest.fixture(scope="module")
async def strict(live: Live) -> AsyncIterator[Live]:
    await live.stop("intake")
    await live.begin("intake", NSW_DOCUMENTS_REQUIRED="true", NSW_DOCUMENTS_AT_ONCE="2")
    await live.ready("intake")
    yield live
    await live.mend()


async def test_a_dossier_needs_its_documents(strict: Live) -> None:
    filer = Filer(strict)
    pack = pack_today(PACK)
    rules = list(filer.dossier(pack)["documents"])
    contents = {one["kind"]: pdf(2000, seed=index) for index, one in enumerate(rules)}
    dossier = filer.dossier(pack) | {
        "documents": [
            one | {"sha256": digest_of(contents[one["kind"]]), "size": 2000, "media_type": PDF} for one in rules
        ]
    }
    lacking = [f"/documents/{index}/sha256" for index in range(len(rules))]
    status, problem = await post(filer, dossier)
    assert (status, [error["pointer"] for error in problem["errors"]]) == (422, lacking)
    for content in contents.values():
        assert (await filer.put(content))[0] == 201
    stranger = Filer(strict)
    status, problem = await post(stranger, dossier | {"declarant": {"tax_code": stranger.tax_code, "name": "B"}})
    assert (status, [error["pointer"] for error in problem["errors"]]) == (422, lacking), "each its own"
    wrong = dossier | {"documents": [one | {"size": 1999} for one in dossier["documents"]]}
    line = json.dumps({"idempotency_key": uuid4().hex, "dossier": wrong})
    headers = await filer.headers() | {"content-type": "application/x-ndjson"}
    async with strict.http.post(f"{strict.intake}/v1/dossiers/bulk", data=line, headers=headers) as answer:
        said = json.loads(await answer.text())
    assert said["problem"]["errors"][0]["pointer"] == "/dossier/documents/0/size"
    key = uuid4().hex
    first, again = await post(filer, dossier, key), await post(filer, dossier, key)
    assert first[0] == again[0] == 202
    assert first[1] == again[1]
    number = first[1]["number"]
    added = pdf(3000, seed=50)
    reference = {"sha256": digest_of(added), "name": "new.pdf", "media_type": PDF, "size": 3000, "kind": "extra"}
    change = dossier | {"documents": [*dossier["documents"], reference]}
    body = {"dossier": change, "reason": "Sửa"}
    status, problem = await filer.ask(number, "amendment", body)
    if status == 409:  # not accepted yet: an edit is a supplement then
        status, problem = await filer.ask(number, "supplement", {"dossier": change})
    assert (status, problem["errors"][0]["pointer"]) == (422, f"/dossier/documents/{len(rules)}/sha256")


async def post(filer: Filer, dossier: dict[str, Any], key: str = "") -> tuple[int, Any]:
    headers = await filer.headers() | {"idempotency-key": key or uuid4().hex, "content-type": "application/json"}
    async with filer.live.http.post(f"{filer.live.intake}/v1/dossiers", json=dossier, headers=headers) as answer:
        return answer.status, await answer.json(content_type=None)


async def test_readers_who_leave_hold_no_place(strict: Live) -> None:
    filer, content = Filer(strict), pdf(8 * CHUNK_BYTES, seed=6)
    assert (await filer.put(content))[0] == 201
    dossier = filer.referring(content)
    dossier["documents"] = dossier["documents"][-1:]
    async with strict.owner() as owner:  # a dossier of its own kind is not the matter here
        await owner.execute(
            "insert into intake.dossier (number, declarant, idempotency_key, content_sha256, procedure, pack_version, "
            "submitted_at, documents) values ('260000000010', $1, 'k', '', $2, '1', now(), $3)",
            filer.tax_code, PACK, json.dumps([{"sha256": digest_of(content), "name": NAME}]),
        )  # fmt: skip
    try:
        own, url = await filer.headers(), f"{strict.intake}{path_of('260000000010', content)}"
        reading = [await strict.http.get(url, headers=own) for _ in range(2)]
        assert [one.status for one in reading] == [200, 200]
        status, headers, _ = await get(strict, path_of("260000000010", content), own)
        assert (status, headers["retry-after"]) == (503, "5")
        for one in reading:
            one.close()
        await until(lambda: readable(strict, path_of("260000000010", content), own), "the places to be free")
    finally:
        async with strict.owner() as owner:
            await owner.execute("delete from intake.dossier where number = '260000000010'")


async def readable(live: Live, path: str, own: dict[str, str]) -> bool:
    return (await get(live, path, own, range="bytes=0-10"))[0] == 206
