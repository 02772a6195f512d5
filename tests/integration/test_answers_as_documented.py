"""Each operation of the OpenAPI document, asked as an honest client asks, answers as the document says.

schemathesis (test_openapi_promises.py) tries what is odd; it seldom files a dossier that is taken in.
"""

import json
from hashlib import sha256
from io import BytesIO
from typing import Any
from uuid import uuid4

import aiohttp
import jsonschema_rs
from nsw_cli.system import BROKER, OPERATOR
from nsw_intake.openapi import examples
from nsw_intake.openapi.document import openapi
from nsw_procedures.example import BUSINESS
from support.businesses import new_tax_code
from support.dossiers import dossier
from support.live import Live
from support.polling import until

PDF = b"%PDF-1.7\n% a document of these tests\n"
DIGEST = sha256(PDF).hexdigest()
NDJSON, XML = "application/x-ndjson", "application/xml"
ELSEWHERE = {"registerCertificate", "endCertificate"}
"""Need authorities that the window trusts: tests/integration/test_signatures_http.py asks for them."""


class Asking:
    """Asks for operations by their name, and judges every answer by the document."""

    def __init__(self, live: Live) -> None:
        self._live = live
        self._document = openapi()
        self._by_id = {
            operation["operationId"]: (method.upper(), path, operation)
            for path, methods in self._document["paths"].items()
            for method, operation in methods.items()
        }
        self.asked: set[tuple[str, int]] = set()

    async def ask(
        self, name: str, status: int, *, caller: str | None = BROKER, headers: Any = None, query: Any = None,
        json_body: Any = None, data: bytes | None = None, media: str = "application/json", **places: str,
    ) -> Any:  # fmt: skip
        """The answer's body, after it has been judged."""
        method, path, operation = self._by_id[name]
        sent = dict(headers or {}) | (await self._live.headers(caller) if caller else {})
        if json_body is not None or data is not None:
            sent["content-type"] = media
        body = json.dumps(json_body).encode() if json_body is not None else data
        url = self._live.intake + path.format(**places)
        stream = BytesIO(body) if body is not None else None
        async with self._live.http.request(method, url, headers=sent, params=query, data=stream) as answer:
            said = await answer.read()
            assert answer.status == status, (name, answer.status, said[:500])
            self.asked.add((name, status))
            return self._judged(name, operation["responses"][str(status)], answer, said)

    def _judged(self, name: str, response: Any, answer: aiohttp.ClientResponse, said: bytes) -> Any:
        if "$ref" in response:
            response = self._document["components"]["responses"][response["$ref"].rpartition("/")[2]]
        for header in response.get("headers", {}):
            assert header in answer.headers, (name, header)
        if "content" not in response:
            assert said == b"", name
            return None
        media = answer.headers["content-type"].partition(";")[0]
        content = response["content"].get(media) or response["content"].get("*/*")
        assert content is not None, (name, media)
        if "json" not in media:
            return said
        value = [json.loads(line) for line in said.splitlines()] if media == NDJSON else json.loads(said)
        schema = {**content["schema"], "components": self._document["components"]}
        wrong = [error.message for error in jsonschema_rs.iter_errors(schema, value)]
        assert wrong == [], (name, wrong, value)
        return value

    def not_asked(self) -> set[str]:
        """The operations of which no success has been seen."""
        return set(self._by_id) - {name for name, status in self.asked if status < 400}


def key() -> dict[str, str]:
    return {"idempotency-key": uuid4().hex}


async def test_every_operation_answers_as_documented(live: Live) -> None:
    asking = Asking(live)
    await dossiers(asking, live)
    await documents(asking)
    await messages(asking)
    await rules_and_keys(asking)
    await registrations(asking, live)
    assert asking.not_asked() == ELSEWHERE, "ask for what is new here too"


async def dossiers(asking: Asking, live: Live) -> None:
    used = key()
    receipt = await asking.ask("fileDossier", 202, headers=used, json_body=dossier())
    number = receipt["number"]
    await asking.ask("fileDossier", 422, headers=used, json_body=dossier() | {"form": {"another": "one"}})
    await asking.ask("fileDossier", 400, json_body=dossier())
    await asking.ask("fileDossier", 400, headers=key(), data=b"{")
    await asking.ask("fileDossier", 401, caller=None, headers=key(), json_body=dossier())
    await live.register(new_tax_code(), subject="another")
    await asking.ask("fileDossier", 403, caller="another", headers=key(), json_body=dossier())
    await asking.ask("fileDossier", 413, headers=key(), data=b" " * (2 * 1024 * 1024 + 1))
    await asking.ask("fileDossier", 415, headers=key(), data=b"{}", media="text/plain")
    await asking.ask("fileDossier", 422, headers=key(), json_body={"procedure": 5})
    lines = [{"idempotency_key": uuid4().hex, "dossier": dossier(1)}, {"idempotency_key": uuid4().hex}]
    data = b"\n".join(json.dumps(one).encode() for one in lines)
    results = await asking.ask("fileMany", 200, data=data, media=NDJSON)
    assert [one["status"] for one in results] == [202, 400]

    async def heard() -> bool:
        shown = await asking.ask("showDossier", 200, number=number)
        return len(shown["timeline"]) > 1

    await until(heard, "something to become of the dossier")
    await asking.ask("showDossier", 404, number="000000000000")
    await asking.ask("showDossier", 404, caller="another", number=number)
    bodies = examples.commands()
    for command, example in bodies.items():  # the dossier moves on meanwhile: what is newer than it may be answered
        body = example | ({"dossier": dossier()} if "dossier" in example else {})
        name = f"file{command.capitalize()}"
        await asking.ask(name, 202, headers=key(), number=number, json_body=body | {"in_answer_to": 99})
        await asking.ask(name, 422, headers=key(), number=number, json_body={"in_answer_to": "x"})
        await asking.ask(name, 404, headers=key(), number="000000000000", json_body=body)
    await asking.ask(
        "filePayment", 409, headers=key(), number=number, json_body=bodies["payment"] | {"in_answer_to": 0}
    )


async def documents(asking: Asking) -> None:
    whose = {"declarant": BUSINESS.tax_code}
    for status in (201, 200):
        await asking.ask("putDocument", status, query=whose, data=PDF, media="application/pdf", sha256=DIGEST)
    await asking.ask("putDocument", 422, query=whose, data=PDF, media="application/pdf", sha256="0" * 64)
    await asking.ask("uploadReached", 200, query=whose, sha256=DIGEST)
    content = examples.dossier()
    first = content["documents"][0] | {"sha256": DIGEST, "size": len(PDF), "media_type": "application/pdf"}
    content = content | {"documents": [first, *content["documents"][1:]]}
    receipt = await asking.ask("fileDossier", 202, headers=key(), json_body=content)
    where = {"number": receipt["number"], "sha256": DIGEST}
    assert await asking.ask("showDocument", 200, **where) == PDF
    assert await asking.ask("showDocument", 206, headers={"range": "bytes=0-3"}, **where) == PDF[:4]
    await asking.ask("showDocument", 404, caller="another", **where)
    await asking.ask("showDocument", 416, headers={"range": "bytes=9999-"}, **where)
    await asking.ask("removeDocument", 409, query=whose, sha256=DIGEST)
    unwanted = PDF + b"% filed with nothing\n"
    gone = {"sha256": sha256(unwanted).hexdigest()}
    await asking.ask("putDocument", 201, query=whose, data=unwanted, media="application/pdf", **gone)
    await asking.ask("removeDocument", 204, query=whose, **gone)
    await asking.ask("removeDocument", 404, query=whose, **gone)
    link = await asking.ask("linkDocument", 201, json_body={"seconds": 60}, **where)
    query = dict(part.split("=", 1) for part in link["url"].partition("?")[2].split("&"))
    assert await asking.ask("followLink", 200, caller=None, query=query, **where) == PDF
    await asking.ask("followLink", 404, caller=None, query=query | {"signature": "x"}, **where)


async def messages(asking: Asking) -> None:
    await asking.ask("sendMessage", 200, data=examples.xml().encode(), media=XML)
    await asking.ask("receiveRequest", 200, data=examples.soap().encode(), media="text/xml")
    await asking.ask("receiveRequest", 500, data=b"<a/>", media="text/xml")


async def rules_and_keys(asking: Asking) -> None:
    await asking.ask("findProcedures", 200, caller=None, query={"hs": "0306", "limit": "500"})
    await asking.ask("findProcedures", 400, caller=None, query={"limit": "0"})
    for code in examples.dossiers():
        await asking.ask("showProcedure", 200, caller=None, code=code)
    await asking.ask("showProcedure", 404, caller=None, code="AAA0000000")
    await asking.ask("openapi", 200, caller=None)
    await asking.ask("openapi", 304, caller=None, headers={"if-none-match": "*"})
    await asking.ask("showKeys", 200, caller=None)
    await asking.ask("showCertificates", 200, query={"declarant": BUSINESS.tax_code})
    for name in ("alive", "ready", "metrics"):
        await asking.ask(name, 200, caller=None)


async def registrations(asking: Asking, live: Live) -> None:
    who = {"issuer": live.system.issuer_url, "subject": "newcomer"}
    line = json.dumps(who | {"role": "declarant", "party": new_tax_code()}).encode()
    await asking.ask("register", 200, caller=OPERATOR, data=line, media=NDJSON)
    await asking.ask("register", 422, caller=OPERATOR, data=b"{}", media=NDJSON)
    await asking.ask("register", 403, data=line, media=NDJSON)
    await asking.ask("showRegistrations", 200, caller=OPERATOR, query=who)
    await asking.ask("revoke", 200, caller=OPERATOR, query=who)
    await asking.ask("revoke", 400, caller=OPERATOR, query=who | {"role": "declarants"})
