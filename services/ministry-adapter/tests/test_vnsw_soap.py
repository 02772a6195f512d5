"""What *vnsw-soap* sends, what it makes of a gateway's answers, and what it takes from a ministry; over real HTTP."""

import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any
from xml.etree import ElementTree

import pytest
from aiohttp import web
from nsw_contracts.adapter import (
    BrokenConfiguration,
    Delivery,
    Inbound,
    Judged,
    Misconfigured,
    Rejected,
    Reply,
    Said,
    Taken,
    TryAgain,
    Unsure,
)
from nsw_contracts.adapter.conformance import dossiers
from nsw_contracts.adapter.conformance.given import Given
from nsw_contracts.adapter.conformance.orders import Saying
from nsw_contracts.adapter.context import HttpSettings
from nsw_contracts.events import Accepted, DossierContent, Refused
from nsw_contracts.number import dossier_number
from nsw_ministry_adapter.simulators.vnsw_soap import VnswSoapAgency
from nsw_ministry_adapter.vnsw_soap.adapter import VnswSoap
from nsw_ministry_adapter.vnsw_soap.outgoing import NotKnownHere, Unspeakable, message_of
from nsw_ministry_adapter.vnsw_soap.payload import BadKey, NotOurs, Sealed, read_key
from nsw_ministry_adapter.vnsw_soap.settings import VnswSoapSettings
from nsw_procedures.example import example_content
from nsw_procedures.packs import packs
from nsw_procedures.vnsw.answers import Failed, Received, read_answer
from nsw_procedures.vnsw.envelope import Party, parse_envelope
from nsw_procedures.vnsw.soap import payload_of, wrapped

AGENCY = "BNNPTNT"
PACK = packs().versions("BNNPTNT0600009")[0]
CONTENT = example_content(PACK, PACK.examples[1])
MINISTRY = {"name": "Bộ", "ministry_code": AGENCY, "organization_code": "TY"}
TO = Party("Bộ", "", "VN", AGENCY, "TY", None)
NOW = datetime(2026, 3, 2, 3, 0, tzinfo=UTC)
DELIVERY = dossiers.delivery(AGENCY, CONTENT, 1)
NUMBER = DELIVERY.number


def news(what: str, content: DossierContent | None = None, **fields: Any) -> Delivery:
    return dossiers.news(AGENCY, what, 1, content, **{"procedure": PACK.code} | fields)


# --- what is sent ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("delivery", "message", "texts"),
    [
        (DELIVERY, "10/01", {"RegistrationProfile/NSWFileCode": NUMBER}),
        (news("edited", CONTENT), "10/02", {"RegistrationProfile/NSWFileCode": NUMBER}),
        (news("supplemented", CONTENT), "10/03", {"RegistrationProfile/NSWFileCode": NUMBER}),
        (news("withdrawn"), "12/04", {"QuarantineCancel/RegistrationComfirmNo": NUMBER}),
        (
            news("withdrawal-requested", reason="Đổi tàu"), "13/08",
            {"RequestCancel/Reason": "Đổi tàu", "RequestCancel/RequestDate": "2026-03-02 10:00:00"},
        ),
        (
            news("amendment-requested", CONTENT, reason="x" * 600, agency_reference="TN-7"), "15/11",
            {"RequestEdit/RegistrationProfile/RegistrationComfirmNo": "TN-7", "RequestEdit/Reason": "x" * 499 + "…"},
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)  # fmt: skip
def test_each_piece_of_work_is_the_message_its_pack_names(delivery: Delivery, message: str, texts: Any) -> None:
    envelope = parse_envelope(message_of(delivery, TO, NOW))
    subject = envelope.subject
    assert f"{subject.type}/{subject.function}" == message
    assert (subject.document_type, subject.reference, subject.send_date) == (PACK.code, NUMBER, "2026-03-02 10:00:00")
    assert (envelope.sender.unit_code, envelope.recipient) == ("NSW", TO)
    assert envelope.message_id is not None
    assert envelope.message_id.replace("-", "") == delivery.message_id
    for path, text in texts.items():
        root, _, below = path.partition("/")
        assert (envelope.content.tag, envelope.content.findtext(below)) == (root, text)


def test_what_no_message_tells_is_said_so() -> None:
    for delivery in (news("fee-paid", amount="1", currency="VND"), news("closed")):
        with pytest.raises(Unspeakable, match=f"no message that tells `{delivery.work.what}`"):
            message_of(delivery, TO, NOW)
    long = CONTENT.model_copy(update={"declarant": CONTENT.declarant.model_copy(update={"name": "x" * 201})})
    with pytest.raises(Unspeakable, match="RegistrationProfile/ImporterName: at most 200") as error:
        message_of(dossiers.delivery(AGENCY, long, 1), TO, NOW)
    assert "xxx" not in str(error.value)
    other = CONTENT.model_copy(update={"procedure": "BYTE0500009"})
    with pytest.raises(Unspeakable, match="not spoken about in XML"):
        message_of(dossiers.delivery(AGENCY, other, 1), TO, NOW)
    later = json.loads(DELIVERY.raw) | {"pack_version": "2039.1"}
    raw = json.dumps(later, separators=(",", ":")).encode()
    with pytest.raises(NotKnownHere, match=r"no version 2039\.1"):
        message_of(Delivery.model_validate(DELIVERY.model_dump() | {"raw": raw}), TO, NOW)


def test_news_of_an_older_release_is_about_the_only_procedure_there_is() -> None:
    assert parse_envelope(message_of(news("withdrawn", procedure=""), TO, NOW)).subject.document_type == PACK.code


# --- a gateway's answers ---------------------------------------------------------------------------------------------

Answering = Callable[[web.Request, bytes], web.StreamResponse]


@asynccontextmanager
async def adapter(answer: Answering | None, **settings: Any) -> AsyncIterator[tuple[VnswSoap, Given, list[bytes]]]:
    """The adapter, before a gateway that answers so; None: nobody listens."""
    came: list[bytes] = []

    async def handle(request: web.Request) -> web.StreamResponse:
        came.append(await request.read())
        assert answer is not None
        return answer(request, came[-1])

    app = web.Application()
    app.router.add_post("/gateway", handle)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    if answer is None:
        await site.stop()
    given = Given(
        AGENCY, HttpSettings(plain_loopback=True, timeout_seconds=5), {"payload-key": b"00" * 32}, clock=lambda: NOW
    )
    chosen = VnswSoapSettings.model_validate(
        {"url": f"http://127.0.0.1:{port}/gateway", "ministry": MINISTRY} | settings
    )
    one = VnswSoap(given.context, chosen)
    await one.open()
    try:
        yield one, given, came
    finally:
        await one.close()
        await runner.cleanup()


def envelope(function: str, content: str, *, message_id: str = "", reference: str = NUMBER) -> str:
    """A gateway's answer, written by hand."""
    reference_element = f"<Reference><messageId>{message_id}</messageId></Reference>" if message_id else ""
    party = "<name>x</name><identity/><countryCode>VN</countryCode><ministryCode/><organizationCode/>"
    return (
        f"<Envelope><Header>{reference_element}<From>{party}</From><To>{party}</To><Subject><documentType>{PACK.code}"
        f"</documentType><type>10</type><function>{function}</function><reference>{reference}</reference>"
        "<documentYear>2026</documentYear><preReference>-</preReference><preDocumentYear>2026</preDocumentYear>"
        "<sendDate>2026-03-02 10:00:00</sendDate></Subject></Header>"
        f"<Body><Content>{content}</Content></Body></Envelope>"
    )


def soap(text: str, status: int = 200) -> Answering:
    body = wrapped(text, "sendToMinistry", "Response")
    return lambda *_: web.Response(status=status, body=body, content_type="text/xml")


def raw(body: bytes, status: int = 200, **headers: str) -> Answering:
    return lambda *_: web.Response(status=status, body=body, headers=headers)


def errors(*each: tuple[str, str]) -> str:
    listed = "".join(
        f"<Error><ErrorCode>{code}</ErrorCode><ErrorName>{name}</ErrorName></Error>" for code, name in each
    )
    return f"<ErrorList>{listed}</ErrorList>"


def soap_fault(code: str) -> bytes:
    return (
        '<S:Envelope xmlns:S="http://schemas.xmlsoap.org/soap/envelope/"><S:Body><S:Fault>'
        f"<faultcode>S:{code}</faultcode><faultstring>no</faultstring></S:Fault></S:Body></S:Envelope>"
    ).encode()


RECEIVED = "<ReceiveDate>2026-03-02 10:00:05</ReceiveDate>"
ANSWERS: dict[str, tuple[Answering | None, type, str]] = {
    # what comes back: (it, the outcome, a part of its reason)
    "99": (soap(envelope("99", RECEIVED)), Taken, ""),
    "99 with its id": (soap(envelope("99", RECEIVED, message_id=DELIVERY.message_id)), Taken, ""),
    "99 about another message": (soap(envelope("99", RECEIVED, message_id="f" * 32)), Unsure, "nothing about this"),
    "99 about another dossier": (
        soap(envelope("99", RECEIVED, reference=dossier_number(2026, 9))), Unsure, "nothing about this",
    ),
    "99 at no time": (soap(envelope("99", "<ReceiveDate>now</ReceiveDate>")), Unsure, "cannot be read"),
    "an agency's decision as an answer": (soap(envelope("05", "<EvaluationResult/>")), Unsure, "cannot be read"),
    "00": (
        soap(envelope("00", errors(("ERR05", "RegistrationProfile/ImporterTel: 090 1234567")))), Rejected,
        "ERR05 (body empty or invalid) at RegistrationProfile/ImporterTel",
    ),
    "00 with words of its own": (soap(envelope("00", errors(("X1", "Nguyễn Văn A")))), Rejected, "an error of its own"),
    "00, not parseable": (soap(envelope("00", errors(("ERR02", "?")))), Misconfigured, "payload key"),
    "00 with nothing": (soap(envelope("00", "<ErrorList/>")), Unsure, "cannot be read"),
    "no envelope": (soap("<a/>"), Unsure, "cannot be read"),
    "an empty payload": (soap(""), Unsure, "cannot be read"),
    "no SOAP": (raw(b"OK"), Unsure, "no SOAP"),
    "a fault about the message": (raw(soap_fault("Client"), 500), Rejected, "Client"),
    "a fault of its own": (raw(soap_fault("Server"), 500), Unsure, "of its own"),
    "a broken server": (raw(b"<html>", 500), Unsure, "500"),
    "busy": (raw(b"", 503, **{"retry-after": "7"}), TryAgain, "503"),
    "no access": (raw(b"", 403), Misconfigured, "403"),
    "another address": (raw(b"", 302, location="http://127.0.0.1/"), Misconfigured, "302"),
    "nobody": (None, TryAgain, "cannot be reached"),
}  # fmt: skip


@pytest.mark.parametrize("name", ANSWERS)
async def test_what_an_answer_means(name: str) -> None:
    answer, outcome, reason = ANSWERS[name]
    async with adapter(answer) as (one, _, _):
        found = await one.deliver(DELIVERY)
    assert isinstance(found, outcome), found
    if isinstance(found, Taken):
        assert found.received_at == datetime(2026, 3, 2, 3, 0, 5, tzinfo=UTC)
        return
    assert reason in found.reason, found.reason
    assert "Nguyễn" not in found.reason
    assert "1234567" not in found.reason
    if isinstance(found, TryAgain) and name == "busy":
        assert found.after == 7.0


async def test_the_request_is_soap_11_as_deployed() -> None:
    def answer(request: web.Request, _: bytes) -> web.StreamResponse:
        assert request.content_type == "text/xml"
        assert request.headers["soapaction"] == '""'
        assert request.headers["traceparent"] == DELIVERY.traceparent
        return soap(envelope("99", RECEIVED))(request, b"")

    async with adapter(answer) as (one, _, came):
        assert isinstance(await one.deliver(DELIVERY), Taken)
    root = ElementTree.fromstring(came[0])
    service = "{http://com/vnsw/ws/generated}"
    payload = root.find(
        f"{{http://schemas.xmlsoap.org/soap/envelope/}}Body/{service}sendToMinistryRequest/{service}requestPayload"
    )
    assert payload is not None
    assert parse_envelope((payload.text or "").encode()).subject.reference == NUMBER


async def test_links_to_documents_are_given_where_they_are_wanted() -> None:
    async with adapter(soap(envelope("99", RECEIVED)), links="urls") as (one, given, came):
        assert isinstance(await one.deliver(DELIVERY), Taken)
        content = parse_envelope(payload_of(came[0], "sendToMinistry", "Request").encode()).content
        urls = [(await given.documents.link(NUMBER, document.sha256)).url for document in CONTENT.documents]
        assert [node.text for node in content.iterfind("AttachmentList/Attachment/LinkFile")] == urls
        given.documents.lacking.add(CONTENT.documents[0].sha256)
        assert isinstance(await one.deliver(DELIVERY), TryAgain)
        assert len(came) == 1


async def test_what_cannot_be_said_is_not_sent() -> None:
    async with adapter(soap(envelope("99", RECEIVED))) as (one, _, came):
        found = await one.deliver(news("closed"))
        assert isinstance(found, Rejected)
        assert "`closed`" in found.reason
        assert came == []


# --- a sealed payload ------------------------------------------------------------------------------------------------


def test_a_sealed_payload_opens_with_its_key_only() -> None:
    key, other = Sealed(bytes(32)), Sealed(bytes(31) + b"\x01")
    text = key.sealed("<Tôm/>".encode())
    assert text != key.sealed("<Tôm/>".encode()), "each sealing has a nonce of its own"
    assert key.opened(text[:20] + "\n" + text[20:]) == "<Tôm/>".encode()
    for wrong in (text[:-4], "A" + text[1:], "", "<Envelope/>", "ế", "AAAA"):
        with pytest.raises(NotOurs):
            key.opened(wrong)
    with pytest.raises(NotOurs):
        other.opened(text)


@pytest.mark.parametrize("secret", [b"", b"00" * 31, b"\xff" * 32, b"zz" * 32, b"AA=="])
async def test_a_secret_that_is_no_key_is_said_at_the_start(secret: bytes) -> None:
    with pytest.raises(BadKey):
        read_key(secret)
    given = Given(AGENCY, HttpSettings(plain_loopback=True), {"payload-key": secret})
    settings = VnswSoapSettings.model_validate({"url": "http://127.0.0.1/", "ministry": MINISTRY, "payload": "aes"})
    with pytest.raises(BrokenConfiguration, match="payload-key"):
        await VnswSoap(given.context, settings).open()


def test_a_key_may_be_hexadecimal_or_base64() -> None:
    assert read_key(b"00" * 32 + b"\n") == bytes(32)
    assert read_key(b"A" * 43 + b"=") == bytes(32)


# --- what a ministry says --------------------------------------------------------------------------------------------

SAYING = Saying(id="m-1", number=NUMBER, kind="accepted", fields={"reference": "TN-1"})


def inbound(saying: Saying = SAYING) -> Inbound:
    headers, body = VnswSoapAgency(sealed=False).message(saying)
    return Inbound(headers=dict(headers), body=body)


def replaced(old: str, new: str, saying: Saying = SAYING) -> Inbound:
    """The message with something in its payload replaced."""
    found = inbound(saying)
    text = payload_of(found.body, "receive", "Request")
    assert old in text, text
    return Inbound(headers=found.headers, body=wrapped(text.replace(old, new), "receive", "Request"))


def answered(reply: object) -> Received | Failed:
    assert isinstance(reply, Reply)
    assert reply.status == 200
    return read_answer(parse_envelope(payload_of(reply.body, "receive", "Response").encode()))


async def test_a_ministrys_message_is_its_fact_and_its_repeat_the_same() -> None:
    async with adapter(None) as (one, _, _):
        first, again = await one.receive(inbound()), await one.receive(inbound())
        assert first == again
        assert not isinstance(first, Reply)
        (said,) = first
    fact = said.facts[0]
    assert isinstance(fact, Accepted)
    assert (said.id, fact.number, fact.agency, fact.reference) == ("m-1", NUMBER, AGENCY, "TN-1")
    assert fact.decided_at == datetime(2026, 3, 2, 3, 0, tzinfo=UTC)


async def test_a_refusal_without_a_reason_says_that_there_was_none() -> None:
    async with adapter(None) as (one, _, _):
        found = await one.receive(inbound(Saying(id="m-2", number=NUMBER, kind="refused")))
        assert not isinstance(found, Reply)
        assert isinstance(fact := found[0].facts[0], Refused)
        assert fact.reason == "Cơ quan không nêu lý do"


async def test_without_an_id_the_same_bytes_are_the_same_message() -> None:
    async with adapter(None) as (one, _, _):
        nameless = replaced("<messageId>m-1</messageId>", "")
        first = await one.receive(nameless)
        assert not isinstance(first, Reply)
        assert first[0].id.startswith("sha256:")
        assert await one.receive(nameless) == first


REFUSED = {
    # what is sent: (the message, the code, the element)
    "no XML": (replaced("<Envelope>", "<<"), "ERR02", "Envelope"),
    "an entity bomb": (replaced("<Envelope>", "<!DOCTYPE a [<!ENTITY b 'c'>]><Envelope>"), "ERR02", "Envelope"),
    "another ministry": (
        replaced("<ministryCode>BNNPTNT<", "<ministryCode>BYTE<"), "ERR00", "Envelope/Header/From/ministryCode",
    ),
    "no number": (
        replaced(f"<reference>{NUMBER}<", "<reference>1<"), "ERR00", "Envelope/Header/Subject/reference",
    ),
    "no procedure": (replaced(f">{PACK.code}<", "> <"), "ERR03", "Envelope/Header/Subject/documentType"),
    "another agency's procedure": (replaced(PACK.code, "BYTE0500009"), "ERR01", "Envelope/Header/Subject/documentType"),
    "an unknown procedure": (replaced(PACK.code, "BNNPTNT0600010"), "ERR01", "Envelope/Header/Subject/documentType"),
    "an unknown type": (replaced("<type>11<", "<type>66<"), "ERR04", "Envelope/Header/Subject/type"),
    "a business's type": (
        replaced("<type>11</type><function>05<", "<type>10</type><function>01<"), "ERR04",
        "Envelope/Header/Subject/type",
    ),
    "another content": (
        replaced("EvaluationResult>", "ResponseCancel>"), "ERR05", "EvaluationResult",
    ),
    "no day": (
        replaced("<ResultDate>2026-03-02 10:00:00<", "<ResultDate><"), "ERR05", "EvaluationResult/ResultDate",
    ),
    "a day that is none": (
        replaced("<ResultDate>2026-03-02 ", "<ResultDate>2026-02-31 "), "ERR05", "EvaluationResult/ResultDate",
    ),
    "an id with blanks": (replaced(">m-1<", ">m 1<"), "ERR05", "Envelope/Header/Reference/messageId"),
    "another dossier inside": (
        replaced(
            f"<NSWFileCode>{NUMBER}<", f"<NSWFileCode>{dossier_number(2026, 9)}<",
            Saying(id="m-3", number=NUMBER, kind="result-issued", fields={"outcome": "failed"}),
        ),
        "ERR05", "VeterinaryHygieneFail/NSWFileCode",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
async def test_what_cannot_be_believed_is_refused_with_its_code_and_element(name: str) -> None:
    message, code, element = REFUSED[name]
    async with adapter(None) as (one, _, _):
        failed = answered(await one.receive(message))
    assert isinstance(failed, Failed)
    assert (failed.errors[0].code, failed.errors[0].name.partition(": ")[0]) == (code, element)


@pytest.mark.parametrize("body", [b"", b"hello", b"<a/>", wrapped("x", "sendToMinistry", "Request")])
async def test_what_is_no_receive_request_is_a_soap_fault(body: bytes) -> None:
    async with adapter(None) as (one, _, _):
        reply = await one.receive(Inbound(headers={}, body=body))
    assert isinstance(reply, Reply)
    assert reply.status == 500
    assert b"soap:Client" in reply.body


async def test_the_agency_hears_what_became_of_its_message() -> None:
    async with adapter(None) as (one, _, _):
        found = await one.receive(inbound())
        assert not isinstance(found, Reply)
        (said,) = found
        told: dict[str, Received | Failed] = {}
        for verdict in ("taken", "repeated", "early", "unknown", "refused"):
            judged = Judged.model_validate({"said": Said.model_validate(said), "verdict": verdict, "reason": "why"})
            told[verdict] = answered(await one.acknowledge(inbound(), [judged]))
    received = Received("2026-03-02 10:00:00", NUMBER)
    assert (told["taken"], told["repeated"], told["early"]) == (received, received, received)
    for verdict, element in (("unknown", "Subject/reference"), ("refused", "Reference/messageId")):
        failed = told[verdict]
        assert isinstance(failed, Failed)
        assert failed.errors[0].code == "ERR00"
        assert element in failed.errors[0].name
        assert failed.errors[0].name.endswith("(why)")
