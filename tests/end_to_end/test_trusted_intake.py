"""An intake that believes nobody: tokens, required signatures and required documents, by every way in at once."""

import json
from base64 import urlsafe_b64decode
from collections.abc import AsyncIterator
from io import BytesIO
from typing import Any
from uuid import uuid4

import pytest
from nsw_client.receipts import verify_receipt
from nsw_contracts.number import dossier_number
from nsw_procedures.pack import Example, Pack
from nsw_procedures.vnsw.answers import Failed, Received
from support.authority import Authority
from support.businesses import pack_today
from support.documents import PDF, digest_of, pdf
from support.filers import Filer, get
from support.live import Live
from support.signing import detached, jws_of
from support.vnsw_sender import AQUATIC, Sender

UNKNOWN = dossier_number(2001, 0)


@pytest.fixture(scope="module")
async def live(system: Live) -> AsyncIterator[Live]:
    await system.mend()
    await system.stop("intake")
    await system.begin("intake", NSW_SIGNATURES="required", NSW_DOCUMENTS_REQUIRED="true")
    await system.ready("intake")
    yield system
    await system.mend()


class Tenant(Filer):
    """A business with a system of its own, a registered certificate, and documents that no other has."""

    def __init__(self, live: Live, ca: Authority) -> None:
        super().__init__(live)
        self.caller = f"filer-{self.tax_code}"
        self.cert = ca.issue(self.tax_code)
        self.contents: list[bytes] = []

    def dossier(self, pack: Pack, example: Example | None = None) -> dict[str, Any]:
        found = super().dossier(pack, example)
        seed = int(self.tax_code[1:9])
        self.contents = [pdf(900 + place, seed=seed + place) for place in range(len(found["documents"]))]
        for document, content in zip(found["documents"], self.contents, strict=True):
            document |= {"sha256": digest_of(content), "size": len(content), "media_type": PDF}
        return found

    async def ready(self) -> "Tenant":
        """Known to the window, with nothing uploaded yet."""
        self.dossier(pack_today(AQUATIC))
        await self.headers()
        body = {"declarant": self.tax_code, "certificate": self.cert.pem}
        status, said = await self.as_itself("POST", "/v1/signing-certificates", json=body)
        assert status == 201, said
        await self.agencies_answer({})
        return self

    async def upload(self) -> None:
        for content in self.contents:
            assert (await self.put(content))[0] in (200, 201)

    async def as_itself(self, method: str, path: str, **options: Any) -> tuple[int, Any]:
        return await self.live.ask(method, f"{self.live.intake}{path}", caller=self.caller, **options)

    def sender(self, *, soap: bool) -> Sender:
        return Sender(self, soap=soap, caller=self.caller, cert=self.cert)

    async def file_json(self) -> tuple[int, Any]:
        body = json.dumps(self.dossier(pack_today(AQUATIC))).encode()
        headers = {
            "content-type": "application/json", "idempotency-key": uuid4().hex,
            "nsw-signature": detached(self.cert, body),
        }  # fmt: skip
        return await self.as_itself("POST", "/v1/dossiers", data=BytesIO(body), headers=headers)

    async def file_bulk(self) -> dict[str, Any]:
        body = json.dumps(self.dossier(pack_today(AQUATIC))).encode()
        line = json.dumps({"idempotency_key": uuid4().hex, "jws": jws_of(body, self.cert)}).encode()
        headers = {"content-type": "application/x-ndjson"}
        status, said = await self.as_itself("POST", "/v1/dossiers/bulk", data=BytesIO(line), headers=headers)
        assert status == 200, said
        result: dict[str, Any] = json.loads(said)
        return result

    async def file_xml(self, *, soap: bool) -> dict[str, Any]:
        """The receipt that the answer carries as its signature, with that signature."""
        sender = self.sender(soap=soap)
        answer, envelope = await sender.send(sender.message("10/01"))
        assert isinstance(answer, Received), answer
        assert envelope.signature is not None
        payload = envelope.signature.split(".")[1]
        receipt: dict[str, Any] = json.loads(urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
        assert receipt["number"] == answer.reference
        return receipt | {"jws": envelope.signature}


@pytest.fixture
async def tenant(live: Live, ca: Authority) -> Tenant:
    return await Tenant(live, ca).ready()


async def test_every_way_in_asks_for_the_same_trust_and_gives_the_same_receipt(
    live: Live, ca: Authority, tenant: Tenant
) -> None:
    await tenant.upload()
    status, in_json = await tenant.file_json()
    assert status == 202, in_json
    in_bulk = await tenant.file_bulk()
    assert in_bulk["status"] == 202, in_bulk
    receipts = [in_json, in_bulk["receipt"], await tenant.file_xml(soap=False), await tenant.file_xml(soap=True)]
    _, keys = await tenant.as_itself("GET", "/v1/keys")
    for receipt in receipts:
        verify_receipt(receipt, keys)
    numbers = {receipt["number"] for receipt in receipts}
    assert len(numbers) == 4
    async with live.owner() as owner:
        facts = await owner.fetch(
            "select value from intake.journal where key = any($1) and type like '%.submitted.v1'", list(numbers)
        )
        kept = await owner.fetch("select number from intake.signed where number = any($1)", list(numbers))
    stated = [json.loads(fact["value"]) for fact in facts]
    assert [one["signers"] for one in stated] == [[{"certificate": tenant.cert.sha256, "holder": tenant.tax_code}]] * 4
    digests = [digest_of(content) for content in tenant.contents]
    assert all([document["sha256"] for document in one["content"]["documents"]] == digests for one in stated)
    assert {row["number"] for row in kept} == numbers

    other = await Tenant(live, ca).ready()
    for number in numbers:
        for path in ("", f"/documents/{digests[0]}"):
            mine = f"/v1/dossiers/{number}{path}"
            assert (await get(live, mine, await tenant.headers()))[0] == 200
            foreign, nothing = [
                await get(live, one, await other.headers()) for one in (mine, mine.replace(number, UNKNOWN))
            ]
            assert (foreign[0], foreign[2]) == (nothing[0], nothing[2])
            assert foreign[0] == 404
    assert (await other.as_itself("GET", f"/v1/signing-certificates?declarant={tenant.tax_code}"))[0] == 403
    assert (await other.reached(tenant.contents[0], tenant.tax_code))[0] == 404
    assert (await other.reached(tenant.contents[0]))[0] == 404, "having the digest is not having the document"
    other.contents = tenant.contents
    other.tax_code, own = tenant.tax_code, other.tax_code
    assert (await other.file_json())[0] == 403, "no dossier is filed in another's name"
    other.tax_code = own
    shown = await tenant.as_itself("GET", f"/v1/dossiers/{in_json['number']}")
    assert shown[1]["status"] == "submitted"


@pytest.mark.parametrize("soap", [False, True], ids=["xml", "soap"])
async def test_an_xml_filing_needs_its_documents_uploaded_as_it_says_they_are(tenant: Tenant, soap: bool) -> None:
    sender = tenant.sender(soap=soap)
    message = sender.message("10/01")
    answer, envelope = await sender.send(message)
    assert isinstance(answer, Failed)
    assert envelope.subject.function == "00"
    attachment = "RegistrationProfile/AttachmentList/Attachment"
    for place, (error, content) in enumerate(zip(answer.errors, tenant.contents, strict=True), start=1):
        assert error.code == "ERR05"
        element, _, says = error.name.partition(": ")
        assert element.endswith(f"{attachment}[{place}]/LinkFile"), element
        put = f"PUT /v1/documents/{digest_of(content)}?declarant={tenant.tax_code}"
        assert says == f"not uploaded yet: send it with {put}"
    await tenant.upload()
    size = len(tenant.contents[0])
    answer, _ = await sender.send(message.replace(f"size={size}".encode(), b"size=77"))
    assert isinstance(answer, Failed)
    (error,) = answer.errors
    assert error.code == "ERR05"
    assert error.name.endswith(f"{attachment}[1]/LinkFile: the document that was uploaded has {size} bytes")
    answer, _ = await sender.send(message)
    assert isinstance(answer, Received), answer


async def test_without_a_signature_or_a_document_nothing_is_taken_in(tenant: Tenant) -> None:
    status, said = await tenant.file_json()
    assert (status, said["type"]) == (422, "urn:nsw:problem:invalid-dossier")
    assert [one["pointer"] for one in said["errors"]] == [
        f"/documents/{place}/sha256" for place in range(len(tenant.contents))
    ]
    assert (await tenant.file_bulk())["status"] == 422
    await tenant.upload()
    unsigned = Sender(tenant, soap=False, caller=tenant.caller)
    answer, _ = await unsigned.send(unsigned.message("10/01"))
    assert isinstance(answer, Failed)
    assert answer.errors[0].code == "ERR00"
    assert ": A signature is missing." in answer.errors[0].name
    body = json.dumps(tenant.dossier(pack_today(AQUATIC))).encode()
    headers = {"content-type": "application/json", "idempotency-key": uuid4().hex}
    status, said = await tenant.as_itself("POST", "/v1/dossiers", data=BytesIO(body), headers=headers)
    assert (status, said["type"]) == (422, "urn:nsw:problem:signature-missing")
