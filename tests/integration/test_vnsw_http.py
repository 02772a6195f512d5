"""XML messages over HTTP, plain and in SOAP: a dossier's facts are those of its JSON, and refusals are messages."""

import asyncio
import json
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from lxml import etree
from nsw_contracts.events import DossierContent
from nsw_contracts.number import dossier_number
from nsw_procedures.calendar import local
from nsw_procedures.vnsw.answers import Failed, Received
from nsw_procedures.vnsw.envelope import WINDOW, Party
from nsw_runtime.clock import system_clock
from signxml.algorithms import SignatureMethod
from signxml.xades import XAdESSigner
from support.authority import Authority, Issued
from support.businesses import Business, decision, pack_today
from support.live import Live
from support.vnsw_sender import Sender

AQUATIC = "BNNPTNT0600009"
UNKNOWN = dossier_number(2001, 0)
INSPECTED = "inspection-decided"


@pytest.fixture
def business(live: Live) -> Business:
    return Business(live)


@pytest.fixture(params=[False, True], ids=["xml", "soap"])
def sender(business: Business, request: pytest.FixtureRequest) -> Sender:
    return Sender(business, soap=request.param)


async def submitted(live: Live, number: str) -> dict[str, Any]:
    """The `submitted` fact as it was journaled, without what is of one filing only."""
    async with live.owner() as owner:
        row = await owner.fetchrow(
            "select type, value from intake.journal where topic = 'nsw.submissions.v1' and key = $1", number
        )
    fact = json.loads(row["value"])
    assert fact.pop("number") == number
    assert datetime.fromisoformat(fact.pop("submitted_at"))
    assert fact.pop("idempotency_key")
    return {"type": row["type"], **fact}


async def test_json_xml_and_soap_state_the_same_fact(business: Business) -> None:
    await business.agencies_answer({})
    dossier = business.dossier(pack_today(AQUATIC))
    in_json = await business.file(DossierContent.model_validate(dossier).model_dump(mode="json"))
    numbers = [in_json]
    for soap in (False, True):
        one = Sender(business, soap=soap)
        numbers.append(await one.number_of(one.message("10/01")))
    assert len(set(numbers)) == 3
    facts = [await submitted(business.live, number) for number in numbers]
    assert facts[0]["content"]["declarant"]["tax_code"] == business.tax_code
    assert facts[1] == facts[0]
    assert facts[2] == facts[0]


async def test_the_receipt_has_the_number_and_a_resend_gets_the_same(sender: Sender) -> None:
    await sender.business.agencies_answer({})
    message = sender.message("10/01", "VD-77")
    before = local(system_clock()).replace(microsecond=0, tzinfo=None)
    answer, envelope = await sender.send(message)
    assert isinstance(answer, Received)
    assert envelope.sender == WINDOW
    assert envelope.recipient == Party("Công ty Thử Nghiệm", sender.business.tax_code)
    subject = envelope.subject
    assert (subject.document_type, subject.type, subject.function) == (AQUATIC, "10", "99")
    assert (subject.reference, subject.pre_reference) == (answer.reference, "VD-77")
    assert len(answer.reference) == 12
    assert envelope.signature is not None
    assert envelope.signature.count(".") == 2
    assert before <= datetime.fromisoformat(answer.at) <= before + timedelta(minutes=1)
    assert (await sender.send(message))[0] == answer
    shown = await sender.business.shown(answer.reference)
    assert (shown["procedure"], shown["status"]) == (AQUATIC, "submitted")


async def test_a_message_id_used_for_something_else_is_refused(sender: Sender) -> None:
    await sender.business.agencies_answer({})
    key = str(uuid4())
    await sender.number_of(sender.message("10/01", key=key))
    other = sender.message("10/01", key=key).replace("Làm thực phẩm".encode(), "Làm cảnh".encode())
    answer, _ = await sender.send(other)
    assert isinstance(answer, Failed)
    (error,) = answer.errors
    assert error.code == "ERR00"
    assert error.name.startswith("Envelope/Header/Reference/messageId: ")


LIVES: dict[str, tuple[dict[str, Any], list[str], str, list[str], str]] = {
    # what the agency answers, what is heard first, the message, what is heard then, the status at the end
    "an edit": ({"BNNPTNT edited": [decision("accepted")]}, [], "10/02", ["edited", INSPECTED, "accepted"], "accepted"),
    "a supplement": (
        {"BNNPTNT submitted": [decision("supplement-requested")]}, ["supplement-requested"], "10/03",
        ["supplemented", INSPECTED], "submitted",
    ),
    "a withdrawal at once": ({}, [], "12/04", ["withdrawn"], "withdrawn"),
    "a withdrawal agreed": (
        {"BNNPTNT submitted": [decision("accepted")], "BNNPTNT withdrawal-requested": [decision("withdrawal-agreed")]},
        ["accepted"], "13/08", ["withdrawal-requested", "withdrawal-agreed"], "withdrawn",
    ),
    "an amendment agreed": (
        {"BNNPTNT submitted": [decision("accepted")], "BNNPTNT amendment-requested": [decision("amendment-agreed")]},
        ["accepted"], "15/11", ["amendment-requested", "amendment-agreed"], "accepted",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", LIVES)
async def test_a_command_in_xml_goes_all_the_way(business: Business, name: str) -> None:
    answers, first, function, then, status = LIVES[name]
    sender = Sender(business, soap=function in ("10/03", "15/11"))
    await business.agencies_answer(answers)
    number = await sender.number_of(sender.message("10/01"))
    await business.hears(number, INSPECTED, *first)
    message = sender.message(function, number)
    answer, envelope = await sender.send(message)
    assert isinstance(answer, Received), answer
    assert (answer.reference, envelope.subject.function) == (number, "99")
    assert (await sender.send(message))[0] == answer
    shown = await business.hears(number, INSPECTED, *first, *then)
    assert shown["status"] == status


REFUSED = {
    "no XML at all": (lambda m: b"PK, a zip", "ERR02", "Envelope"),
    "an entity bomb": (
        lambda m: m.replace(b"<Envelope>", b'<!DOCTYPE x [<!ENTITY a "b">]><Envelope>'), "ERR02", "Envelope",
    ),
    "no procedure": (lambda m: m.replace(AQUATIC.encode() + b"</doc", b"</doc"), "ERR03", "Subject/documentType"),
    "an unknown procedure": (
        lambda m: m.replace(b"0600009</doc", b"0699999</doc"), "ERR01", "Envelope/Header/Subject/documentType",
    ),
    "an unknown type": (lambda m: m.replace(b"<type>10<", b"<type>55<"), "ERR04", "Envelope/Header/Subject/type"),
    "a header of its own": (lambda m: m.replace(b"sendDate", b"sentAt"), "ERR00", "Envelope/Header/Subject"),
    "an empty body": (
        lambda m: m[: m.index(b"<Content>")] + b"<Content></Content></Body></Envelope>", "ERR05", "Body/Content",
    ),
    "a wrong field": (
        lambda m: m.replace(b"<Quantity>1200<", b"<Quantity>1,2<"), "ERR05",
        "RegistrationProfile/ProductList/Product[1]/Quantity",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
async def test_a_refusal_is_a_message_with_its_code_and_element(sender: Sender, name: str) -> None:
    spoil, code, element = REFUSED[name]
    answer, envelope = await sender.send(spoil(sender.message("10/01")))
    assert isinstance(answer, Failed)
    assert envelope.subject.function == "00"
    assert answer.errors[0].code == code
    assert any(error.name.partition(": ")[0].endswith(element) for error in answer.errors), answer.errors


async def test_a_dossier_that_does_not_exist_and_one_that_stands_otherwise(sender: Sender) -> None:
    answer, _ = await sender.send(sender.message("12/04", UNKNOWN))
    assert isinstance(answer, Failed)
    assert (answer.errors[0].code, answer.errors[0].name[:48]) == (
        "ERR00",
        "Envelope/Header/Subject/reference: No such dossi"[:48],
    )
    await sender.business.agencies_answer({})
    number = await sender.number_of(sender.message("10/01"))
    answer, _ = await sender.send(sender.message("10/03", number))
    assert isinstance(answer, Failed)
    assert answer.errors[0].code == "ERR00"
    assert "supplement is not possible" in answer.errors[0].name


@pytest.mark.parametrize("body", [b"", b"{}", b"<a/>", b"<!DOCTYPE a><a/>"])
async def test_what_is_no_soap_is_a_soap_fault(business: Business, body: bytes) -> None:
    status, text = await Sender(business, soap=True).post("/v1/vnsw/soap", body)
    assert status == 500
    assert "soap:Client" in text
    assert "faultstring" in text


@pytest.mark.parametrize("path", ["/v1/vnsw", "/v1/vnsw/soap"])
async def test_limits_and_types_are_http_answers(business: Business, path: str) -> None:
    sender = Sender(business, soap=False)
    status, text = await sender.post(path, b"<a/>", "application/json")
    assert (status, json.loads(text)["type"]) == (415, "urn:nsw:problem:media-type")
    host, port = business.live.intake.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    try:  # only its beginning is ever sent
        writer.write(
            f"POST {path} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {await business.live.token()}\r\n"
            "content-type: text/xml\r\ncontent-length: 5000000\r\n\r\n<".encode()
        )
        async with asyncio.timeout(10):
            assert (await reader.readline()).startswith(b"HTTP/1.1 413")
    finally:
        writer.close()


def signed_within(message: bytes, by: Issued) -> bytes:
    """The message with an XML signature (XAdES) where the envelope has room for it."""
    root = etree.fromstring(message)
    key = by.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    etree.SubElement(root.find("Body"), "Signature")
    made = XAdESSigner(signature_algorithm=SignatureMethod.ECDSA_SHA256).sign(root, key=key, cert=[by.certificate])
    place = made.find("Body/Signature")
    place.append(made.find("{http://www.w3.org/2000/09/xmldsig#}Signature"))
    return etree.tostring(made, encoding="utf-8")


async def test_a_message_signed_within_is_verified_and_only_what_was_signed_is_read(
    sender: Sender, live: Live, ca: Authority
) -> None:
    business = sender.business
    issued = ca.issue(business.tax_code)
    registration = {"declarant": business.tax_code, "certificate": issued.pem}
    status, said = await live.ask("POST", f"{live.intake}/v1/signing-certificates", json=registration)
    assert status == 201, said
    message = signed_within(sender.message("10/01"), issued)
    number = await sender.number_of(message)
    async with live.owner() as owner:
        row = await owner.fetchrow("select * from intake.signed where number = $1", number)
    assert row["body"] == message
    assert json.loads(row["signatures"])[0]["certificate"] == issued.sha256
    fact = await submitted(live, number)
    assert fact["signers"] == [{"certificate": issued.sha256, "holder": business.tax_code}]
    stranger = ca.issue("0100109106")
    wrapped_around = etree.fromstring(sender.message("10/01"))
    wrapped_around.append(etree.fromstring(message))
    for wrong in (
        signed_within(sender.message("10/01"), stranger),
        message.replace(b"VD-001", b"VD-002"),
        etree.tostring(wrapped_around),
    ):
        answer, _ = await sender.send(wrong)
        assert isinstance(answer, Failed), wrong


async def test_a_foreign_dossier_looks_like_one_that_does_not_exist(business: Business, live: Live) -> None:
    await business.agencies_answer({})
    number = await Sender(business, soap=False).number_of(Sender(business, soap=False).message("10/01"))
    other = Business(live)
    stranger = f"system-of-{other.tax_code}"
    await live.register(other.tax_code, subject=stranger)
    for soap in (False, True):
        theirs = Sender(other, soap=soap, caller=stranger)
        for function in ("12/04", "13/08", "10/02", "10/03", "15/11"):
            foreign, _ = await theirs.send(theirs.message(function, number))
            nothing, _ = await theirs.send(theirs.message(function, UNKNOWN))
            assert isinstance(foreign, Failed)
            assert foreign == nothing, function
        in_their_name = Sender(business, soap=soap, caller=stranger)
        status, text = await in_their_name.post(*in_their_name.request(in_their_name.message("10/01")))
        assert status == 403
        assert json.loads(text)["errors"][0]["pointer"] == "Envelope/Header/From/identity"
    assert (await business.shown(number))["status"] == "submitted"
